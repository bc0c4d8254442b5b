"""What TLS connections are called, and whom they believe."""

from __future__ import annotations

from pathlib import Path

import pytest
from twisted.internet._sslverify import defaultCiphers

from archive.errors import ConfigurationError
from crawler.tap.trust import Authorities, cipher_suite, protocol_of


@pytest.mark.parametrize(
    ("openssl", "iana"),
    [
        ("TLS_AES_128_GCM_SHA256", "TLS_AES_128_GCM_SHA256"),
        ("ECDHE-ECDSA-AES256-GCM-SHA384", "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384"),
        ("ECDHE-RSA-AES128-GCM-SHA256", "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256"),
        ("ECDHE-RSA-CHACHA20-POLY1305", "TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256"),
        ("DHE-RSA-AES128-SHA256", "TLS_DHE_RSA_WITH_AES_128_CBC_SHA256"),
        ("ECDHE-RSA-AES256-SHA384", "TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA384"),
        ("ECDHE-ECDSA-AES128-SHA", "TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA"),
        ("ECDHE-ECDSA-AES256-CCM8", "TLS_ECDHE_ECDSA_WITH_AES_256_CCM_8"),
        ("DHE-RSA-AES128-CCM", "TLS_DHE_RSA_WITH_AES_128_CCM"),
        ("AES256-GCM-SHA384", "TLS_RSA_WITH_AES_256_GCM_SHA384"),
        ("AES128-SHA", "TLS_RSA_WITH_AES_128_CBC_SHA"),
        ("SOMETHING-NEW", "SOMETHING-NEW"),
    ],
)
def test_cipher_suites_have_their_registered_names(openssl: str, iana: str) -> None:
    assert cipher_suite(openssl) == iana


def test_every_suite_that_is_offered_has_a_registered_name() -> None:
    for cipher in defaultCiphers._ciphers:
        assert cipher_suite(cipher.fullName).startswith("TLS_")


def test_protocols_are_written_as_warc_writes_them() -> None:
    assert [protocol_of(one) for one in ("TLSv1.3", "TLSv1.2", "TLSv1", "SSLv3")] == [
        "tls/1.3",
        "tls/1.2",
        "tls/1.0",
        "sslv3",
    ]


def test_a_file_that_holds_no_certificates_is_named(tmp_path: Path) -> None:
    wrong = tmp_path / "ca.pem"
    wrong.write_text("nothing")
    with pytest.raises(ConfigurationError, match=r"ca\.pem"):
        Authorities(wrong)
    with pytest.raises(ConfigurationError, match="missing"):
        Authorities(tmp_path / "missing.pem")
