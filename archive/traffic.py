"""The traffic of a run, or of a part of one: how many exchanges there were, and of what kind."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple, Self

from archive.capture import Capture
from archive.event import StoredAttempt
from archive.exchange import Role, is_for_a_page

OTHER = "other"  # an answer without a status that HTTP knows


class Answers(NamedTuple):
    """So many captures that are alike, and what their records take together, in bytes."""

    status: int | None
    role: Role
    kind: str
    truncated: bool
    number: int
    bytes: int


@dataclass(frozen=True, slots=True)
class Traffic:
    """Counts, each of which adds up over parts of a run.

    ``answers`` are captures by class of status (``2xx``), ``roles`` the same captures by what they were asked for.
    ``articles`` are pages that were asked for as articles and came whole or unchanged, ``unchanged`` the 304 answers,
    ``revisits`` the captures whose payload the archive had, ``truncated`` those that were cut. ``bytes`` is what the
    records of the answers take in the WARC files, packed. ``attempts`` are exchanges without an answer, by reason: some
    of them (robots, scope, budget …) sent nothing. ``requisites`` are parts of pages that came, ``lacking`` attempts at
    such, by reason, which are not among the others: no page is missing for them.
    """

    answers: Mapping[str, int] = field(default_factory=dict)
    roles: Mapping[str, int] = field(default_factory=dict)
    articles: int = 0
    unchanged: int = 0
    revisits: int = 0
    truncated: int = 0
    bytes: int = 0
    attempts: Mapping[str, int] = field(default_factory=dict)
    requisites: int = 0
    lacking: Mapping[str, int] = field(default_factory=dict)

    @classmethod
    def of(cls, captures: Iterable[Capture], attempts: Iterable[StoredAttempt] = ()) -> Self:
        """The traffic of these."""
        answers = (
            Answers(
                *(one.status, one.role, one.kind, one.truncated is not None, 1),
                one.location.length if one.location is not None else 0,
            )
            for one in captures
        )
        failed, lacking = Counter[str](), Counter[str]()
        for stored in attempts:
            origin = stored.attempt.origin
            (lacking if is_for_a_page(origin.role, origin.hops) else failed)[str(stored.attempt.reason)] += 1
        return cls.summed(answers, failed, lacking)

    @classmethod
    def summed(cls, answers: Iterable[Answers], attempts: Mapping[str, int], lacking: Mapping[str, int]) -> Self:
        """The traffic of answers that were counted by what is alike, and of attempts that were counted by reason."""
        classes, roles, counted = Counter[str](), Counter[str](), Counter[str]()
        for one in answers:
            if one.kind == "conversion":  # a page that was drawn is no answer: those it was made from are counted
                counted["articles"] += one.number * (one.role is Role.ARTICLE)
                continue
            classes[_class_of(one.status)] += one.number
            roles[str(one.role)] += one.number
            counted["articles"] += one.number * (one.role is Role.ARTICLE and _is_there(one.status))
            counted["requisites"] += one.number * (one.role is Role.REQUISITE and _is_there(one.status))
            counted["unchanged"] += one.number * (one.status == 304)
            counted["revisits"] += one.number * (one.kind == "revisit")
            counted["truncated"] += one.number * one.truncated
            counted["bytes"] += one.bytes
        return cls(dict(classes), dict(roles), attempts=dict(attempts), lacking=dict(lacking), **counted)

    def __add__(self, other: Traffic) -> Traffic:
        return Traffic(
            _sum(self.answers, other.answers),
            _sum(self.roles, other.roles),
            self.articles + other.articles,
            self.unchanged + other.unchanged,
            self.revisits + other.revisits,
            self.truncated + other.truncated,
            self.bytes + other.bytes,
            _sum(self.attempts, other.attempts),
            self.requisites + other.requisites,
            _sum(self.lacking, other.lacking),
        )

    @property
    def captures(self) -> int:
        """How many answers there are."""
        return sum(self.answers.values())

    @property
    def failures(self) -> int:
        """How many exchanges gave none, but for parts of pages."""
        return sum(self.attempts.values())

    def document(self) -> dict[str, Any]:
        """The same for JSON, with names in a fixed order."""
        return {
            "captures": self.captures,
            "answers": dict(sorted(self.answers.items())),
            "roles": dict(sorted(self.roles.items())),
            "articles": self.articles,
            "unchanged": self.unchanged,
            "revisits": self.revisits,
            "truncated": self.truncated,
            "bytes": self.bytes,
            "attempts": dict(sorted(self.attempts.items())),
            "requisites": self.requisites,
            "lacking": dict(sorted(self.lacking.items())),
        }


def _class_of(status: int | None) -> str:
    return f"{status // 100}xx" if status is not None and 100 <= status < 600 else OTHER


def _is_there(status: int | None) -> bool:
    return status is not None and (200 <= status < 300 or status == 304)


def _sum(one: Mapping[str, int], other: Mapping[str, int]) -> dict[str, int]:
    return {name: one.get(name, 0) + other.get(name, 0) for name in {**one, **other}}
