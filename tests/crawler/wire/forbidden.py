"""The matrix of the address guard: what leads to where no crawler may connect, and how it is spelled.

Each address is a case as a literal in a URL and as what a name resolves to; further spellings are cases of their own.
"""

from __future__ import annotations

from dataclasses import dataclass

V4 = {
    "this-network": ("0.0.0.0", "0.0.0.1", "0.255.255.255"),
    "loopback": ("127.0.0.1", "127.0.0.53", "127.1.2.3", "127.255.255.254"),
    "private": (
        "10.0.0.0",
        "10.0.0.1",
        "10.255.255.255",
        "172.16.0.1",
        "172.31.255.255",
        "192.168.0.1",
        "192.168.255.255",
    ),
    "link-local": ("169.254.0.1", "169.254.255.254"),
    "carrier": ("100.64.0.1", "100.127.255.255"),
    # Each cloud's door to its credentials; Azure's lies in a public network.
    "metadata": ("169.254.169.254", "169.254.170.2", "100.100.100.200", "192.0.0.192", "168.63.129.16"),
    "protocol": ("192.0.0.1", "192.0.0.171", "192.88.99.1"),
    "documentation": ("192.0.2.1", "198.51.100.1", "203.0.113.255"),
    "benchmark": ("198.18.0.1", "198.19.255.255"),
    "multicast": ("224.0.0.1", "239.255.255.250"),
    "reserved": ("240.0.0.1", "254.255.255.255"),
    "broadcast": ("255.255.255.255",),
}
V6 = {
    "loopback": ("::1", "0:0:0:0:0:0:0:1"),
    "unspecified": ("::",),
    "mapped": (
        "::ffff:127.0.0.1",
        "::ffff:7f00:1",
        "::ffff:10.0.0.1",
        "::ffff:169.254.169.254",
        "::ffff:168.63.129.16",
    ),
    "translated": ("::ffff:0:127.0.0.1", "::ffff:0:8.8.8.8"),  # IPv4-translated (RFC 2765), long retired
    "compatible": ("::127.0.0.1", "::10.0.0.1", "::a9fe:a9fe"),
    "nat64": ("64:ff9b::127.0.0.1", "64:ff9b::10.0.0.1", "64:ff9b::a9fe:a9fe", "64:ff9b::a83f:8110"),
    "nat64-local": ("64:ff9b:1::8.8.8.8", "64:ff9b:1::10.0.0.1", "64:ff9b:1:ffff::1"),
    "6to4": ("2002:7f00:1::", "2002:a00:1::1", "2002:a9fe:a9fe::1", "2002:c0a8:1::1", "2002:a83f:8110::1"),
    "teredo": ("2001::1", "2001:0:7f00:1:0:0:f5ff:fffe", "2001:0:808:808::1"),
    "isatap": ("2606:2800::5efe:127.0.0.1", "2606:2800::200:5efe:10.0.0.1", "2a00:1450:1::5efe:a9fe:a9fe"),
    "unique-local": ("fc00::1", "fd00::1", "fdff:ffff::1", "fd00:ec2::254", "fd20:ce::254"),
    "link-local": ("fe80::1", "fe80::a9fe:a9fe", "febf::1"),
    "site-local": ("fec0::1", "feff::1"),
    "multicast": ("ff01::1", "ff02::1", "ff0e::1"),
    "documentation": ("2001:db8::1", "3fff::1", "3fff:fff::1"),
    "protocol": ("2001:1::1", "2001:2::1", "2001:10::1", "2001:20::1", "2001:1ff:ffff::1"),
    "discard": ("100::1", "100:0:0:1::1"),
    "routing": ("5f00::1",),
    "unallocated": ("4000::1", "8000::1", "e000::1", "200::1", "400::1"),
}
ADDRESSES = {**{f"v4-{kind}": some for kind, some in V4.items()}, **{f"v6-{kind}": some for kind, some in V6.items()}}

# How else a URL may say 127.0.0.1, 10.0.0.1 or 169.254.169.254: as inet_aton and IDNA read it, and some do not.
SPELLINGS = (
    *("2130706433", "017700000001", "0x7f000001", "0X7F.0.0.1", "127.1", "127.0.1", "0177.0.0.1", "0x7f.1"),
    *("127.0.0.1.", "127.1.", "127.000.000.001", "0000177.0.0.01", "0x7f.0x0.0x0.0x1", "127.0.0.0x1", "0", "0.0", "00"),
    *("167772161", "0xa000001", "10.1", "012.0.0.1", "012.1", "10.0.1", "0xA.0.0.1", "012.0x0.0.01"),
    *("2852039166", "0xa9fea9fe", "0251.0376.0251.0376", "169.16689662", "169.254.43518", "0xa9.254.0251.254"),
    *("１２７.０.０.１", "127。0。0。1", "127．0．0．1", "①②⑦.⓪.⓪.①", "1２7.0.0.1", "169｡254｡169｡254"),
    *("%31%32%37.0.0.1", "127%2e0%2e0%2e1", "127.0.0.1%00.example", "%31%30.0.0.1"),
    *("[fe80::1%25lo]", "[fe80::1%lo]", "[::1%251]", "[::1%lo]", "[::ffff:127.0.0.1%25lo]", "[::127.1]", "[0::1]"),
    *(
        "[0000:0000:0000:0000:0000:0000:0000:0001]",
        "[::FFFF:7F00:0001]",
        "[::ffff:0x7f.0.0.1]",
        "[127.0.0.1]",
        "[v1.x]",
    ),
    *("public.test@127.0.0.1", "8.8.8.8@127.0.0.1", "public.test:80@10.0.0.1", "a:b@[::1]", "8.8.8.8%40127.0.0.1"),
    *("127.0.0.1\\@8.8.8.8", "8.8.8.8\\@127.0.0.1", "127.0.0.1#@8.8.8.8", "127.0.0.1?@8.8.8.8", "a@b@127.0.0.1"),
    *("localhost", "LOCALHOST", "localhost.", "foo.localhost", "ip6-localhost", "localhost.localdomain"),
    *(
        "metadata.google.internal",
        "metadata",
        "instance-data",
        "127.0.0.1.nip.io",
        "256.256.256.256",
        "1.2.3.4.5",
        "4294967296",
    ),
)
# Names that every machine knows, as its own resolver gives them.
MACHINE = {
    "localhost": ["127.0.0.1", "::1"],
    "localhost.": ["127.0.0.1"],
    "foo.localhost": ["127.0.0.1"],
    "ip6-localhost": ["::1"],
    "localhost.localdomain": ["127.0.0.1"],
    "metadata.google.internal": ["169.254.169.254"],
    "metadata": ["169.254.169.254"],
    "instance-data": ["169.254.169.254"],
    "127.0.0.1.nip.io": ["127.0.0.1"],
}


@dataclass(frozen=True)
class Case:
    """A host as a URL spells it; ``certain`` where its refusal must be the guard's own."""

    name: str
    host: str
    certain: bool = False


def _cases() -> tuple[tuple[Case, ...], dict[str, list[str]]]:
    cases: list[Case] = []
    known = dict(MACHINE)
    for kind, addresses in ADDRESSES.items():
        for at, address in enumerate(addresses):
            literal = f"[{address}]" if ":" in address else address
            cases.append(Case(f"{kind}-{at}-literal", literal, certain=True))
            name = f"{kind}-{at}.test"
            cases.append(Case(f"{kind}-{at}-name", name, certain=True))
            known[name] = [address]
    cases += [Case(f"spelled-{at}", host) for at, host in enumerate(SPELLINGS)]
    cases.append(Case("several-forbidden", "several.test", certain=True))
    known["several.test"] = ["10.0.0.1", "fd00::1", "127.0.0.1"]
    return tuple(cases), known


CASES, KNOWN = _cases()
