"""A look-up: one call of the system's resolver, and what came of it, its reason kept."""

from __future__ import annotations

import socket
from dataclasses import dataclass

# No answer of the resolver in time, by our own clock: no code of the system's.
SILENT = "no answer"
# A name that every resolver knows: where it knows not even this one, it is the resolver that is away.
WITNESS = "a.root-servers.net"
# What the system's codes are called, for people and for who searches the documentation.
_CODES = {number: name for name, number in vars(socket).items() if name.startswith("EAI_")}
# Somebody who knows has said that there is no such name, or no address for it; all else says nothing of the name.
_NOT_THERE = frozenset({"EAI_NONAME", "EAI_NODATA", "EAI_ADDRFAMILY"})


@dataclass(frozen=True, slots=True)
class Outcome:
    """The addresses of a name as text; or the code of the failure, such as ``EAI_AGAIN``, and what it means in words.

    Twisted's resolver has one failure for all of them: a name that does not exist is the site's affair, a resolver that
    gives no answer (SERVFAIL and silence: EAI_AGAIN; REFUSED: EAI_FAIL) may be this machine's.
    """

    addresses: tuple[str, ...] = ()
    code: str = ""
    words: str = ""

    @property
    def answered(self) -> bool:
        """Whether the resolver knew: addresses, or that there are none."""
        return bool(self.addresses) or self.code in _NOT_THERE

    @property
    def is_distant(self) -> bool:
        """Whether the answer is about other machines: names of this one stand in a file, and prove no resolver."""
        return self.answered and not all(one.startswith("127.") or one == "::1" for one in self.addresses or ("",))


def ask(name: str) -> Outcome:
    """Look a name up; for a thread that may stand still for as long as the system's resolver likes."""
    try:
        # As bytes: Python's own codec for names refuses some that resolvers know.
        found = socket.getaddrinfo(name.encode("ascii"), None, type=socket.SOCK_STREAM)
    except socket.gaierror as error:
        number = error.errno if isinstance(error.errno, int) else 0
        return Outcome(code=_CODES.get(number, str(number)), words=error.strerror or "it cannot be looked up")
    except (OSError, ValueError) as error:  # ValueError: what is no name at all
        return Outcome(code=type(error).__name__, words=str(error))
    addresses = tuple(dict.fromkeys(str(address[0]) for *_, address in found))
    return Outcome(addresses) if addresses else Outcome(code="EAI_NODATA", words="it has no address")
