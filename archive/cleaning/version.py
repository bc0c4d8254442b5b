"""The cleaner's version: a number for people and a fingerprint for machines."""

from __future__ import annotations

import hashlib
import unicodedata
from importlib import metadata, resources
from importlib.resources.abc import Traversable

from lxml import etree

NUMBER = "0.1.0"
# Whatever shapes text and is not ours; pyproject.toml pins them. justext and readability (within trafilatura) are
# second opinions of trafilatura's, courlan is asked by its metadata rules and by htmldate; cssselect reads the
# selectors of publisher rules.
LIBRARIES = ("trafilatura", "htmldate", "courlan", "jusText", "lxml", "lxml_html_clean", "dateparser", "cssselect")
# Ground floor files that shape a text or its canonical form, beside all of archive/cleaning.
GROUND = ("article.py", "attributes.py", "capture.py", "clock.py", "digest.py", "http.py", "pagination.py", "url.py")


def _fingerprint() -> str:
    """Twelve hexadecimal digits over our sources, the libraries' versions, libxml2's and the Unicode tables'.

    Sources are read as package data, with LF line ends: an editable install, a wheel and a zip give the same.
    """
    package = resources.files("archive")
    sources = {name: package / name for name in GROUND if (package / name).is_file()}
    sources |= {
        f"cleaning/{one.name}": one for one in (package / "cleaning").iterdir() if one.name.endswith((".py", ".json"))
    }
    digest = hashlib.sha256()
    for name in sorted(sources):
        digest.update(f"{name}\n".encode() + _source(sources[name]))
    for library in LIBRARIES:
        digest.update(f"{library}=={metadata.version(library)}\n".encode())
    digest.update(f"libxml2=={etree.LIBXML_COMPILED_VERSION}\nunicode=={unicodedata.unidata_version}\n".encode())
    return digest.hexdigest()[:12]


def _source(file: Traversable) -> bytes:
    return file.read_bytes().replace(b"\r\n", b"\n")


CLEANER = f"{NUMBER}+{_fingerprint()}"
