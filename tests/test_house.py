"""The plan of the house, held against the code: which way imports run, and what no room may contain."""

from __future__ import annotations

import ast
from collections.abc import Callable, Collection, Iterator
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[1]
MODULES = {
    ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__"): path
    for package in ("archive", "crawler")
    for path in sorted((ROOT / package).rglob("*.py"))
}
# What the crawler may know of the archive: the store with what it hands out, and the ground floor.
STORE = {
    f"archive.{name}"
    for name in (
        "store",
        "writing",
        "crew",
        "profiles",
        "several",
        "textjob",
        "catalogue.declared",
        "catalogue.exchanged",
        "catalogue.texts",
        "worker",
    )
}
GROUND = {
    f"archive.{name}"
    for name in (
        *("article", "attributes", "capture", "clock", "configuration", "cores", "declaration", "difference"),
        *("digest", "durable"),
        *("errors", "event", "exchange", "failure", "heap", "http", "locking", "misuse", "pagination", "progress"),
        *("reservation", "sequence"),
        *("streaming", "surt", "target", "terminal", "tracking", "traffic", "url"),
    )
}
# The rooms of the archive, from below, each with those that it may import beside the ground floor.
ROOMS: dict[str, set[str]] = {
    "warc": set(),
    "cleaning": set(),
    "dataset": set(),
    "lint": {"warc"},
    "prove": {"cleaning"},
    "explanation": {"cleaning"},
    "worker": {"cleaning", "prove"},
    "catalogue": {"dataset", "warc"},
    "writing": {"catalogue", "warc"},
    "profiles": {"catalogue", "cleaning"},
    "textjob": {"catalogue", "cleaning", "profiles", "worker"},
    "crew": {"textjob", "worker"},
    "entering": {"catalogue", "cleaning", "crew", "dataset", "textjob", "warc", "writing"},
    "store": {"catalogue", "cleaning", "dataset", "entering", "warc", "writing"},
    "several": {"catalogue", "store"},
    "removal": {"catalogue", "entering", "store", "warc", "writing"},
    "verification": {
        *("catalogue", "cleaning", "crew", "dataset", "entering"),
        *("profiles", "removal", "store", "textjob", "warc", "writing"),
    },
    "repairing": {"catalogue", "entering", "removal", "store", "verification", "warc", "writing"},
    "bulk": {"catalogue", "cleaning", "crew", "dataset", "entering", "profiles", "store", "textjob"},
    "changelog": {"catalogue", "cleaning", "crew", "profiles", "textjob", "store"},
    "profiling": {"catalogue", "cleaning", "crew", "profiles", "store"},
    "sharing": {"catalogue", "cleaning", "store", "warc"},
    "editing": {"catalogue", "cleaning", "dataset", "store"},
    "replay": {
        *("catalogue", "changelog", "cleaning", "dataset", "editing", "explanation", "profiles", "prove", "sharing"),
        *("store", "warc", "worker"),
    },
}
# Who takes an open archive names its type; and the store is the door to what is built upon it.
LATE = {
    "profiles": {"store"},
    "textjob": {"store"},
    "crew": {"store"},
    "entering": {"store"},
    "store": {"verification"},
}
# The command line mounts the archive's verbs, shares their options, and the demo shows what they show.
CONSOLE = ("crawler.cli", "crawler.verbs.")
CONSOLE_MAY = (
    "archive.cli",
    "archive.verbs.",
    "archive.verbs.entries",
    "archive.verbs.typeset",
    "archive.prove",
    "archive.dataset.",
    "archive.editing.",
)


@cache
def source_of(name: str) -> str:
    """A module's text."""
    return MODULES[name].read_text(encoding="utf-8")


@cache
def tree_of(name: str) -> ast.Module:
    """A module's syntax tree: many tests look at each."""
    return ast.parse(source_of(name))


@cache
def imports(name: str, *, late: bool) -> tuple[str, ...]:
    """The modules of this project that a module imports; ``late`` counts imports within functions, too."""
    return tuple(_imports(tree_of(name), late=late))


def _imports(tree: ast.Module, *, late: bool) -> Iterator[str]:
    for node in ast.walk(tree) if late else _at_start(tree):
        if isinstance(node, ast.Import):
            yield from (one.name for one in node.names if one.name.split(".")[0] in {"archive", "crawler"})
        elif isinstance(node, ast.ImportFrom) and node.module and node.module.split(".")[0] in {"archive", "crawler"}:
            for one in node.names:
                whole = f"{node.module}.{one.name}"
                yield whole if whole in MODULES else node.module


def _room(name: str) -> str:
    """The room of a module of the archive; a module of the ground floor is named as a whole."""
    return name if name in GROUND else name.split(".")[1]


def _at_start(tree: ast.Module) -> Iterator[ast.AST]:
    """The statements that run when a module is imported: not those for type checkers, nor those of a program."""
    waiting: list[ast.AST] = list(tree.body)
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            continue
        if isinstance(node, ast.If) and ast.unparse(node.test) in {"TYPE_CHECKING", "__name__ == '__main__'"}:
            waiting += node.orelse
            continue
        yield node
        waiting += [child for child in ast.iter_child_nodes(node) if isinstance(child, ast.stmt)]


def holds_for(names: Collection[str]) -> Callable[[Callable[[str], None]], Callable[[], None]]:
    """Make one test of a rule for many modules, which tells all that break it.

    A test for each, of which there were thousands, costs more to collect, hand out and report than to run.
    """

    def test_of(rule: Callable[[str], None]) -> Callable[[], None]:
        def test() -> None:
            assert names
            broken = [f"{name}: {told}" for name in names if (told := _broken(rule, name)) is not None]
            assert not broken, "\n".join(broken)

        return test

    return test_of


def _broken(rule: Callable[[str], None], name: str) -> str | None:
    try:
        rule(name)
    except AssertionError as error:
        return str(error)
    return None


@holds_for([name for name in MODULES if name.startswith("archive")])
def test_the_archive_knows_no_crawler(name: str) -> None:
    assert not [one for one in imports(name, late=True) if one.startswith("crawler")]
    assert not {"scrapy", "twisted"} & {word.split(".")[0] for word in _outside(name)}


def _outside(name: str) -> Iterator[str]:
    for node in ast.walk(tree_of(name)):
        if isinstance(node, ast.Import):
            yield from (one.name for one in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module


@holds_for([name for name in MODULES if name.startswith("archive.") and _room(name) in ROOMS])
def test_rooms_of_the_archive_import_those_below(name: str) -> None:
    room = _room(name)
    below = {room, *ROOMS[room]} & {room, *list(ROOMS)[: list(ROOMS).index(room)]}
    assert {_room(one) for one in imports(name, late=False)} - GROUND <= below
    assert {_room(one) for one in imports(name, late=True)} - GROUND <= below | LATE.get(room, set())


def test_every_module_of_the_archive_has_its_room() -> None:
    assert {_room(name) for name in MODULES if name.startswith("archive.")} == {*ROOMS, *GROUND, "verbs", "cli"}


@holds_for(sorted(GROUND))
def test_the_ground_floor_rests_on_nothing(name: str) -> None:
    assert set(imports(name, late=True)) <= GROUND


@holds_for([name for name in MODULES if name.startswith("archive.cleaning")])
def test_cleaning_sees_neither_store_nor_files(name: str) -> None:
    ground = ("article", "attributes", "capture", "clock", "digest", "errors", "heap", "http", "pagination", "url")
    allowed = ("archive.cleaning", *(f"archive.{one}" for one in ground))
    assert all(one.startswith(allowed) for one in imports(name, late=True))


@holds_for([name for name in MODULES if name.startswith("archive")])
def test_one_room_of_the_archive_alone_reaches_the_network(name: str) -> None:
    networked = {"aiohttp", "asyncio", "fsspec", "http", "requests", "s3fs", "socket", "ssl", "urllib.request"}
    found = {one if one in networked else one.split(".")[0] for one in _outside(name)}
    if name == "archive.surt":
        found -= {"socket"}  # it reads addresses with it as the system does, and opens none
    assert name == "archive.warc.foreign.remote" or not networked & found


@holds_for([name for name in MODULES if name.startswith("archive.lint")])
def test_the_linter_knows_no_archive(name: str) -> None:
    warc = {f"archive.warc.{one}" for one in ("digests", "fields", "folders", "zstd")}
    known = {"archive.lint", *warc, *GROUND}
    assert all(one in known or one.startswith("archive.lint.") for one in imports(name, late=True))


@holds_for([name for name in MODULES if name.startswith("crawler")])
def test_the_crawler_knows_store_and_ground_floor_alone(name: str) -> None:
    known = {one for one in imports(name, late=True) if one.startswith("archive")} - STORE - GROUND
    if name.startswith(CONSOLE):
        known = {one for one in known if not one.startswith(CONSOLE_MAY)}
    assert not known


def test_no_module_imports_itself_by_way_of_others() -> None:
    edges = {name: set(imports(name, late=False)) & MODULES.keys() - {name} for name in MODULES}
    done: set[str] = set()

    def visit(name: str, path: tuple[str, ...]) -> None:
        assert name not in path, " -> ".join((*path[path.index(name) :], name))
        if name not in done:
            for one in sorted(edges[name]):
                visit(one, (*path, name))
            done.add(name)

    for name in edges:
        visit(name, ())


@holds_for(MODULES)
def test_siblings_import_modules_never_the_face(name: str) -> None:
    faces = {one for one in MODULES if MODULES[one].name == "__init__.py"}
    package = name if name in faces else name.rpartition(".")[0]
    assert not [one for one in imports(name, late=True) if one in faces and package.startswith(one)]


@holds_for(MODULES)
def test_every_module_says_what_it_is_and_stays_one_noun(name: str) -> None:
    assert ast.get_docstring(tree_of(name))
    assert source_of(name).count("\n") <= 400
