"""News agencies: how bylines, datelines and last lines write them, and the short form of each."""

from __future__ import annotations

import re
from collections.abc import Iterable

from archive.cleaning.folding import fold

# The short form that newsrooms use, and the folded ways of writing it. Forms that are common words, or initials that
# many people share, are not here: "pa", "ap" and the like are read only where nothing but a credit can stand.
_FORMS = {
    "AAP": "aap|australian associated press",
    "Adnkronos": "adnkronos",
    "AFP": "afp|agence france presse|agencia afp",
    "Agerpres": "agerpres",
    "AGI": "agi",
    "Anadolu": "anadolu|anadolu agency|anadolu ajansı|anadolu ajansi",
    "ANI": "ani|asian news international",
    "ANP": "anp",
    "ANSA": "ansa",
    "Antara": "antara",
    "AP": "ap|associated press|the associated press",
    "APA": "apa|austria presse agentur",
    "Belga": "belga|agence belga",
    "Bernama": "bernama",
    "Bloomberg": "bloomberg|bloomberg news",
    "CNA": "中央社|central news agency",
    "ČTK": "čtk|ctk",
    "dpa": "dpa|deutsche presse agentur|dpa afx",
    "EFE": "efe|agencia efe",
    "epd": "epd|evangelischer pressedienst",
    "Europa Press": "europa press|europapress",
    "HINA": "hina",
    "IANS": "ians",
    "Interfax": "interfax|интерфакс",
    "Jiji": "jiji|jiji press|時事|時事通信|時事通信社",
    "Keystone-SDA": "keystone sda|sda|ats|keystone ats|keystone sda ats",
    "KNA": "kna|katholische nachrichten agentur",
    "Kyodo": "kyodo|kyodo news|共同|共同通信|共同通信社",
    "LaPresse": "lapresse",
    "Lusa": "lusa|agência lusa",
    "MTI": "mti",
    "NTB": "ntb",
    "PA": "pa media|press association|pa",
    "PAP": "pap",
    "PTI": "pti|press trust of india",
    "Reuters": "reuters|thomson reuters|رويترز|ロイター|路透社|路透",
    "RIA Novosti": "ria novosti|риа новости",
    "Ritzau": "ritzau",
    "SID": "sid|sport informations dienst",
    "STT": "stt",
    "Tanjug": "tanjug|танјуг",
    "TASS": "tass|тасс",
    "The Canadian Press": "canadian press|the canadian press|la presse canadienne",
    "TT": "tt nyhetsbyrån|tt",
    "TTXVN": "ttxvn|vna",
    "Ukrinform": "ukrinform|укрінформ|укринформ",
    "UPI": "upi",
    "Xinhua": "xinhua|新华社|新華社",
    "Yonhap": "yonhap|연합뉴스",
}
_SHORT = {written: name for name, forms in _FORMS.items() for written in forms.split("|")}
# Words around an agency's name that add nothing: "mit Material von dpa", "Agenturmeldung AFP".
_AROUND = re.compile(r"^(?:with |mit |avec |con |von |by |the agency |agencia |agence )+", re.IGNORECASE)
# A credit in brackets or behind a dash, where the story ends: "(dpa)", "(AFP/ima)", "/APA".
_AT_END = re.compile(r"[(\[\uff08]([^()\[\]\uff08\uff09]{2,40})[)\]\uff09]\s*$")
_LONGEST_END = 60  # characters at the end of a story that may be a credit
_PARTS = re.compile(r"[/,;+|&\uff0f\u3001\u00b7]|\s-\s|\s(?:and|und|et|y|e)\s")


def agency(text: str) -> str | None:
    """The short form of the agency that a text names and nothing else; None for any other text."""
    return _SHORT.get(fold(text)) or _SHORT.get(fold(_AROUND.sub("", text)))


def agency_among(texts: Iterable[str]) -> str | None:
    """The first agency that texts name, alone or as one of the parts of a credit."""
    for text in texts:
        for part in (text, *_PARTS.split(text)):
            if found := agency(part):
                return found
    return None


def credit_at_end(text: str) -> tuple[int, int] | None:
    """Where the agency stands in the brackets that end a story; None where they name none."""
    found = _AT_END.search(text[-_LONGEST_END:])
    if found is None:
        return None
    at = max(0, len(text) - _LONGEST_END) + found.start(1)
    for part in _PARTS.split(found[1]):
        start = at + found[1].find(part)
        if agency(part):
            return start + len(part) - len(part.lstrip()), start + len(part.rstrip())
    return None
