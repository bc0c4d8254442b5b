"""The address guard's decisions; that connections follow them is tested in tests/crawler/wire."""

from __future__ import annotations

import ipaddress

import pytest
from hypothesis import given
from hypothesis import strategies as st
from twisted.internet.error import ConnectionRefusedError

from archive.configuration import Destination
from crawler.addresses import Guard, refusal


@pytest.mark.parametrize(
    "address",
    [
        "93.184.215.14",
        "8.8.8.8",
        "2606:2800:21f:cb07:6820:80da:af6b:8b2c",
        "::ffff:8.8.8.8",
        "64:ff9b::8.8.8.8",
        "2606::5efe:808:808",
    ],
)
def test_addresses_of_the_open_network_are_allowed(address: str) -> None:
    assert refusal(address) is None


@pytest.mark.parametrize(
    "address",
    [
        "0.0.0.0",
        "10.1.2.3",
        "100.64.0.1",
        "169.254.169.254",
        "172.16.0.1",
        "172.31.255.255",
        "192.0.2.1",
        "192.168.1.1",
        "198.18.0.1",
        "198.51.100.7",
        "203.0.113.7",
        "224.0.0.1",
        "240.0.0.1",
        "255.255.255.255",
        "::",
        "fc00::1",
        "fd12:3456::1",
        "fe80::1",
        "fe80::1%eth0",
        "fec0::1",
        "ff02::1",
        "2001:db8::1",
        "2001::1",  # Teredo
        "3fff::1",
        "100::1",
        "4000::1",
        "::ffff:10.0.0.1",
        "::ffff:169.254.169.254",
        "::10.0.0.1",
        "64:ff9b::10.0.0.1",
        "64:ff9b::7f00:1",
        "64:ff9b:1::8.8.8.8",
        "2002:a00:1::",  # 6to4 of 10.0.0.1
        "2002:7f00:1::",
        "not an address",
        "example.org",
        "",
        "0x7f000001",
        "2130706433",
        "168.63.129.16",  # within Azure, the machine's host
        "2606:2800::5efe:10.0.0.1",  # ISATAP
        "2606:2800::200:5efe:127.0.0.1",
    ],
)
def test_every_other_address_is_refused(address: str) -> None:
    assert refusal(address, allow_loopback=False)


@pytest.mark.parametrize("address", ["127.0.0.1", "127.255.255.254", "::1", "::ffff:127.0.0.1", "2002:7f00:1::1"])
def test_loopback_is_allowed_where_the_archive_says_so(address: str) -> None:
    assert refusal(address, allow_loopback=False)
    assert refusal(address, allow_loopback=True) is None


def test_allowing_loopback_allows_nothing_else() -> None:
    assert refusal("10.0.0.1", allow_loopback=True)
    assert refusal("::ffff:192.168.0.1", allow_loopback=True)


@given(st.ip_addresses())
def test_nothing_that_python_calls_private_passes(ip: ipaddress.IPv4Address | ipaddress.IPv6Address) -> None:
    if refusal(str(ip)) is None:
        assert not any((ip.is_loopback, ip.is_link_local, ip.is_multicast, ip.is_unspecified))
        carried = ip.ipv4_mapped or ip.sixtofour if isinstance(ip, ipaddress.IPv6Address) else ip
        assert carried is None or carried.is_global or not carried.is_private


def test_a_name_in_resolve_leads_to_its_address_and_port() -> None:
    guard = Guard(
        resolve={
            "news.example": Destination("127.0.0.1", 8017),
            "other.example": Destination("10.0.0.1"),
            "plain.example": Destination("127.0.0.1", 8017, "http"),
        }
    )
    assert guard.destination("https", "news.example", 443) == ("127.0.0.1", 8017)
    assert guard.destination("http", "NEWS.example.", 80) == ("127.0.0.1", 8017)
    assert guard.destination("https", "other.example", 8443) == ("10.0.0.1", 8443)
    assert guard.destination("http", "www.news.example", 80) is None
    assert guard.destination("http", "plain.example", 80) == ("127.0.0.1", 8017)
    with pytest.raises(ConnectionRefusedError, match="speaks http only"):
        guard.destination("https", "plain.example", 443)
    assert guard.refusal("127.0.0.1")
