"""The project's own pipeline."""

import json
from pathlib import Path
from typing import Any


class Collect:
    """Writes items as lines of JSON."""

    def process_item(self, item: dict[str, Any]) -> dict[str, Any]:
        with Path("items.jsonl").open("a", encoding="utf-8") as out:
            out.write(json.dumps(item) + "\n")
        return item
