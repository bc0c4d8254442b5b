"""Trust: whose certificates are believed, and what a TLS connection turned out to be."""

from __future__ import annotations

import re
import ssl
import weakref
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import certifi
from OpenSSL import SSL
from twisted.internet._sslverify import ClientTLSOptions, IOpenSSLTrustRoot, _verifyCB
from twisted.internet.ssl import CertificateOptions
from twisted.python.failure import Failure
from twisted.web.iweb import IPolicyForHTTPS
from zope.interface import implementer

from archive.errors import ConfigurationError

if TYPE_CHECKING:
    from twisted.internet.interfaces import IOpenSSLClientConnectionCreator

# Why OpenSSL does not believe a certificate (x509_vfy.h), where that is of use to people.
_WHY = {
    9: "it is not valid yet",
    10: "it has expired",
    18: "it is signed by itself",
    19: "its chain ends in a certificate that nobody knows",
    20: "nobody who is known has signed it",
    21: "nobody who is known has signed it",
    23: "it was revoked",
    26: "it is not for servers",
    66: "its key is too weak",
    67: "an authority's key is too weak",
    68: "its signature is too weak",
}
# Creators hold a name and a reference to the one context; a batch of sites has some hundred hosts.
_REMEMBERED = 4096


@implementer(IOpenSSLTrustRoot)
class Authorities:
    """The certificate authorities that are believed: the system's, or certifi's where it has none, and given ones.

    ``extra`` is a PEM file with further authorities, for mirrors and tests. Raises ConfigurationError where it cannot
    be read.
    """

    def __init__(self, extra: Path | None = None) -> None:
        self._extra = extra
        system = ssl.get_default_verify_paths()
        self._fallback = None if system.cafile or system.capath else certifi.where()
        self._addCACertsToContext(SSL.Context(SSL.TLS_METHOD))  # what is wrong with the file is said at once

    def _addCACertsToContext(self, context: SSL.Context) -> None:
        if self._fallback:
            context.load_verify_locations(self._fallback)
        else:
            context.set_default_verify_paths()
        if self._extra is not None:
            try:
                context.load_verify_locations(str(self._extra))
            except SSL.Error as error:
                raise ConfigurationError(
                    f"{self._extra} is no file of PEM certificates: correct PRESSKEEP_CA_FILE", file=str(self._extra)
                ) from error


@implementer(IPolicyForHTTPS)
class Trust:
    """The TLS policy of the crawler: certificates and names are verified, TLS 1.2 is the least.

    Scrapy builds a context for every request, and so loads the authorities each time; here one context serves all.
    """

    def __init__(self, extra: Path | None = None) -> None:
        authorities: Any = Authorities(extra)
        # TLS 1.2 is Twisted's own minimum; the peers it "fixes" only need larger records.
        self._options = CertificateOptions(trustRoot=authorities, fixBrokenPeers=True)
        self._creator = lru_cache(_REMEMBERED)(self._new_creator)

    def creatorForNetloc(self, hostname: bytes, port: int) -> IOpenSSLClientConnectionCreator:
        """What makes verified connections to a host; the name is sent as SNI (RFC 6066, section 3)."""
        return self._creator(hostname.decode("ascii"))

    def _new_creator(self, hostname: str) -> IOpenSSLClientConnectionCreator:
        creator: Any = _Telling(self._options._makeTLSConnection, hostname)
        return creator  # type: ignore[no-any-return]  # an interface of zope


class _Telling(ClientTLSOptions):
    """Twisted's verification, which also tells why a certificate is not believed: OpenSSL's error does not."""

    def clientConnectionForTLS(self, tlsProtocol: Any) -> SSL.Connection:
        """The connection of a TLS protocol, as its client."""
        connection = super().clientConnectionForTLS(tlsProtocol)
        verify = _verifyCB(tlsProtocol, self._hostnameIsDnsName, self._hostnameASCII)
        told = weakref.ref(tlsProtocol)

        def judge(own: SSL.Connection, certificate: Any, number: int, depth: int, believed: int) -> bool:
            protocol = told()
            if not believed and protocol is not None:
                words = f"certificate verify failed: {_WHY.get(number, f'error {number} of OpenSSL')}"
                protocol.failVerification(Failure(SSL.Error([("SSL routines", "", words)])))
                return False
            return verify(own, certificate, number, depth, bool(believed))

        connection.set_verify(SSL.VERIFY_PEER | SSL.VERIFY_FAIL_IF_NO_PEER_CERT, judge)
        return connection


_VERSION = re.compile(r"TLSv(\d)(?:\.(\d))?")


def protocol_of(version: str) -> str:
    """The WARC-Protocol value of OpenSSL's version name: ``tls/1.3`` for ``TLSv1.3``."""
    found = _VERSION.fullmatch(version)
    return f"tls/{found[1]}.{found[2] or 0}" if found else version.lower()


_OPENSSL_BULK = re.compile(r"(?:^|-)(AES(?:128|256)|CHACHA20)(?=-|$)")


def cipher_suite(name: str) -> str:
    """The IANA name (TLS Cipher Suites registry) of a cipher suite as OpenSSL calls it; WARC-Cipher-Suite wants that.

    TLS 1.3 suites have one name only. A name that is not understood comes back unchanged.
    """
    if name.startswith("TLS_"):
        return name
    found = _OPENSSL_BULK.search(name)
    if found is None:
        return name
    exchange = name[: found.start()].replace("-", "_") or "RSA"
    bulk = found[1].replace("AES", "AES_")
    rest = name[found.end() :].lstrip("-")
    if bulk == "CHACHA20":
        return f"TLS_{exchange}_WITH_CHACHA20_POLY1305_SHA256"
    if rest.startswith("CCM"):
        return f"TLS_{exchange}_WITH_{bulk}_{rest.replace('CCM8', 'CCM_8')}"
    mode, _, digest = rest.rpartition("-")
    return f"TLS_{exchange}_WITH_{bulk}_{mode or 'CBC'}_{digest}"
