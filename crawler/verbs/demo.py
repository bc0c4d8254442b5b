"""``presskeep demo``: the whole job on the bundled newsroom."""

from __future__ import annotations

import dataclasses
import os
import shutil
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.filesize import decimal
from rich.padding import Padding
from rich.rule import Rule
from rich.text import Text

from archive import terminal
from archive.editing.edit import Edit, Sign
from archive.errors import DamagedRecord
from archive.verbs.options import JsonOption
from archive.verbs.typeset import count, typeset
from crawler.verbs.crawling import document as crawl_document
from crawler.verbs.crawling import print_table, remarks, shown
from crawler.verbs.finds import document as found_document
from crawler.verbs.finds import print_found

if TYPE_CHECKING:
    from archive.dataset.rows import Entry
    from archive.prove import Proof
    from archive.store import Archive
    from crawler.newsroom import Newsroom

DIRECTORY = Path("demo-archive")
_PARAGRAPHS = 3  # of the article that is shown
_SENTENCES = 3  # of the proof
_SHORT = 40  # characters: what is longer is a sentence, and shows more
_SHOWN = 48  # cells of such a sentence: with its place, a line fits into eighty


def demo(
    directory: Annotated[Path, typer.Argument(metavar="DIR", help="Where to make the demo's archive.")] = DIRECTORY,
    port: Annotated[
        int | None,
        typer.Option(metavar="PORT", min=0, max=65535, help="For the newsroom; else 8017.", show_default=False),
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Replace an archive that an earlier demo made.")] = False,
    json: JsonOption = False,
) -> int:
    """Do the whole job on two invented news sites, served on this machine.

    Adds them, crawls them twice, shows what changed between, proves an article, exports and verifies. The archive is
    left to play with.
    """
    from crawler.verbs.showcase import make_archive, open_newsroom  # noqa: PLC0415 - help needs neither SQL nor a server

    begun = time.monotonic()
    newsroom = open_newsroom(port)
    try:
        with make_archive(directory, newsroom, force=force) as archive:
            show = _Show(archive, newsroom, quiet=json)
            stopped = show.run()
            if json:
                terminal.emit({**show.document, "seconds": round(time.monotonic() - begun, 1)})
            else:
                show.end(directory, time.monotonic() - begun)
    finally:
        newsroom.close()
    return terminal.INTERRUPTED if stopped else 0


class _Show:
    """The steps of the demo, each said before it is done, and what each came to."""

    def __init__(self, archive: Archive, newsroom: Newsroom, *, quiet: bool) -> None:
        self._archive = archive
        self._newsroom = newsroom
        self._quiet = quiet
        self._console: Console = terminal.out()
        self._step = 0
        self.document: dict[str, object] = {"archive": str(archive.path), "port": newsroom.port}

    def run(self) -> bool:
        """All steps; True where Ctrl-C ended them."""
        from crawler.verbs.showcase import declare, found_changed, newest_article  # noqa: PLC0415

        archive = self._archive
        self._say(
            "Two news sites that do not exist, served on this machine at "
            f"127.0.0.1:{self._newsroom.port}, and an archive made for them."
        )
        self._head("presskeep add http://harbour-courier.example/", "finds what a site announces its articles in")
        with terminal.progress() as bar:
            bar.add_task("looking at both sites", total=None)
            found = declare(archive)
        self.document["added"] = [found_document(archive, one, written=True) for one in found]
        if not self._quiet:
            for one in found:
                self._print(Text(f"{one.site.host}", style="bold"))
                print_found(one, lambda line: self._print(Text(line, style="dim")))
        self._head("presskeep crawl", "fetches what is new, keeps the exact bytes, makes the text")
        if self._crawl("first"):
            return True
        self._newsroom.visit = 2
        self._head("presskeep crawl", "a day later: one article is new, another was edited")
        if self._crawl("second"):
            return True
        newest = newest_article(archive, "en")
        if newest is not None:
            self._article(newest)
        edit = found_changed(archive)
        if edit is not None:
            self._edition(edit)
        if newest is not None:
            self._proof(newest)
        self._export()
        self._verify()
        return False

    def end(self, directory: Path, seconds: float) -> None:
        """What there is now, and what to do with it."""
        self._console.print()
        width = min(self._console.width, terminal.TEXT_WIDTH)  # into a pipe there is no edge to draw to
        self._console.print(Rule(style="dim", characters="─"), width=width)
        near = os.path.relpath(directory) if not directory.is_absolute() else str(directory)
        self._print(Text.assemble("Done in ", (f"{seconds:.1f} s", "bold"), ". The archive is yours to play with:"))
        program = Path(sys.executable).with_name("activate")  # of the environment that 'make demo' has just made
        away = shutil.which("presskeep") is None and program.exists()
        commands = (
            *(((f"source {os.path.relpath(program)}", "puts presskeep on your path"),) if away else ()),
            (f"cd {near}", "sites.toml, warc/, text/"),
            ("presskeep serve --open", "all of it in the browser"),
            ("presskeep list", "all articles"),
            ("presskeep edits", "what its publishers changed"),
            ("presskeep captures http://talblatt.example/", "where its bytes lie"),
            ("presskeep rebuild", "all again, from warc/"),
            (f"python -m crawler.newsroom --port {self._newsroom.port}", "the two sites again"),
        )
        width = max(len(command) for command, _ in commands) + 2
        for command, why in commands:
            self._print(Text.assemble(("$ ", "dim"), (f"{command:<{width}}", "bold"), (why, "dim")))

    def _crawl(self, name: str) -> bool:
        from crawler.crawling import crawl, stopping  # noqa: PLC0415
        from crawler.report import error_of, report  # noqa: PLC0415
        from crawler.sites import read_sites  # noqa: PLC0415

        sites = read_sites(self._archive.sites_path).enabled
        with stopping() as stop, shown([site.host for site in sites]) as listener:
            result = crawl(self._archive, sites, listener=listener, stop=stop)
        results = report(self._archive, result)
        error = error_of(result)
        if error is not None:
            raise error
        self.document[f"{name}_crawl"] = crawl_document(self._archive, result, results)
        if not self._quiet:
            print_table(self._console, results)
            for line in remarks(result, results):
                self._print(Text(terminal.one_line(line), style="dim"))
        return result.stopped

    def _article(self, entry: Entry) -> None:
        from archive.article import Article  # noqa: PLC0415

        self._head(f"presskeep show {entry.capture.url}", "the clean article, and where it comes from")
        if self._quiet or not isinstance(entry.text, Article):
            return
        beginning = dataclasses.replace(entry.text, body=entry.text.body[:_PARAGRAPHS])
        self._console.print(
            typeset(beginning, terminal.TEXT_WIDTH), width=min(self._console.width, terminal.TEXT_WIDTH)
        )
        left = len(entry.text.body) - _PARAGRAPHS
        if left > 0:
            self._print(Text(f"… and {count(left, 'more block')}", style="dim"))

    def _edition(self, edit: Edit) -> None:
        from archive.editing.document import document  # noqa: PLC0415
        from archive.verbs.marked import edit_page  # noqa: PLC0415

        changed = [one for one in edit.comparison.passages if one.sign is not Sign.SAME]
        self.document["edition"] = {
            "url": edit.url,
            "changes": [{"before": one.before, "after": one.after} for one in changed],
            "edit": document(edit),
        }
        self._head(f"presskeep diff {edit.url}", "what the second visit found changed")
        if not self._quiet:
            coloured = self._console.is_terminal and not self._console.no_color
            terminal.put(edit_page(edit, coloured=coloured), min(self._console.width, terminal.TEXT_WIDTH))

    def _proof(self, entry: Entry) -> None:
        from crawler.verbs.showcase import proof_of  # noqa: PLC0415

        proof = proof_of(self._archive, entry)
        held = sum(claim.holds is True for claim in proof.claims)
        self.document["proof"] = {
            "url": entry.capture.url,
            "holds": proof.holds,
            "claims": len(proof.claims),
            "held": held,
        }
        self._head(f"presskeep prove {entry.capture.url}", "each sentence followed to its bytes")
        if not self._quiet:
            self._print(*_proved(proof, held))
        if not proof.holds:
            raise DamagedRecord(f"a sentence of {entry.capture.url} could not be proved: run 'presskeep prove' on it")

    def _export(self) -> None:
        from archive.dataset.export import Format, export  # noqa: PLC0415

        target = self._archive.path / "articles.jsonl"
        done = export(self._archive.entries(), str(target), Format.JSONL)
        self.document["export"] = {"target": done.target, "rows": done.rows, "bytes": done.bytes}
        self._head("presskeep export jsonl articles.jsonl", "a dataset: also csv and parquet")
        if not self._quiet:
            self._print(Text(f"{count(done.rows, 'article')}, {decimal(done.bytes or 0)}, in {target.name}"))

    def _verify(self) -> None:
        checked = self._archive.verify()
        self.document["verify"] = {
            "files": checked.files,
            "bytes": checked.bytes,
            "captures": checked.captures,
            "attempts": checked.attempts,
            "texts": checked.texts,
            "findings": [str(finding) for finding in checked.findings],
        }
        self._head("presskeep verify", "every byte accounted for")
        if not self._quiet:
            said = (
                f"{count(checked.files, 'WARC file')}, {decimal(checked.bytes)}; {count(checked.captures, 'capture')}"
            )
            mark = ("✗ ", "red") if checked.damaged else ("✓ ", "green")
            self._print(
                Text.assemble(mark, f"{said}, {count(checked.texts, 'text')}: {_verdict(len(checked.findings))}")
            )
        if checked.damaged:
            raise DamagedRecord("the demo's archive is damaged: run 'presskeep verify' in it")

    def _head(self, command: str, why: str) -> None:
        self._step += 1
        if self._quiet:
            return
        self._console.print()
        shown_as = terminal.shorten(command, max(self._console.width - 6, 20)) if self._console.is_terminal else command
        self._console.print(Text.assemble((f"{self._step} ", "bold cyan"), (shown_as, "bold")), soft_wrap=True)
        self._print(Text(why, style="dim"))

    def _say(self, words: str) -> None:
        if not self._quiet:
            self._console.print(Text(words))

    def _print(self, *lines: Text) -> None:
        width = min(self._console.width, terminal.TEXT_WIDTH + 20) if self._console.is_terminal else self._console.width
        for line in lines:
            self._console.print(Padding(line, (0, 0, 0, 2), expand=False), width=width)


def _verdict(findings: int) -> str:
    return count(findings, "finding") if findings else "nothing missing, nothing damaged"


def _proved(proof: Proof, held: int) -> list[Text]:
    lines = [
        Text.assemble(
            ("✓ ", "green") if proof.holds else ("✗ ", "red"),
            f"{held:,} of {len(proof.claims):,} sentences and values hold",
        )
    ]
    body = [claim for claim in proof.claims if claim.field == "body" and claim.places and len(claim.text) > _SHORT]
    for claim in body[:_SENTENCES]:
        place = claim.places[0]
        where = f"line {place.line}" + (f", byte {place.byte}" if place.byte is not None else "")
        lines.append(
            Text.assemble(
                ("  ✓ ", "green"), (f"{where:<24}", "dim"), terminal.shorten(terminal.one_line(claim.text), _SHOWN)
            )
        )
    return lines
