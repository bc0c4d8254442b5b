"""Templates become pages: every value is cleaned of controls and escaped, and a name that is not there is an error."""

from __future__ import annotations

from functools import cache
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from archive.editing.wording import kinds_said, manner_said, title_of, value_said
from archive.replay.pages import setting, words
from archive.replay.pages.comparing import together
from archive.replay.pages.places import live
from archive.terminal import plain


@cache
def _environment() -> Environment:
    made = Environment(
        loader=PackageLoader("archive.replay.pages"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=_shown,
        auto_reload=False,
    )
    made.globals["words"] = words
    made.filters |= {
        "moment": words.moment,
        "day": words.day,
        "machine": words.machine,
        "page_date": words.page_date,
        "lasting": words.lasting,
        "counted": words.count,
        "live": live,
        "language": setting.language,
        "kinds": kinds_said,
        "manner": manner_said,
        "title": title_of,
        "said_of": lambda value, fact: value_said(fact, value),
        "together": together,
        "sentence": words.sentence,
    }
    return made


def _shown(value: object) -> object:
    """A value as it is put into a page: what steers terminals or turns text around has no place there either."""
    if isinstance(value, Markup):
        return value
    return "" if value is None else plain(value)


def render(name: str, **values: Any) -> str:  # noqa: ANN401 - what templates take
    """A page as text."""
    return _environment().get_template(name).render(**values)
