"""Names in a credit: the people it names, apart from offices, organisations, dates and labels."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from enum import StrEnum

from archive.cleaning.agencies import agency
from archive.cleaning.folding import fold

LONGEST = 60  # characters of a name
_MOST_WORDS = 6
_LETTERS = 6  # at most, of a degree or a membership behind a name: "MD", "CEPF"

# What stands before a name, in the languages of the pages seen: a label and its colon, or a word of bylines.
_LABEL = re.compile(
    r"(?:text|texte?o?|texts|tekst|teksti|szöveg|текст|автор|авторы|autor(?:in|es|a|en)?|auteurs?|autore|author|authors|"
    r"interview|entrevista|intervista|reportage|bericht|kommentar|analyse|analysis|opinion|story|words|writer|reporter|"
    r"penulis|yazar|haber|muhabir|forfatter|skribent|kirjoittaja|szerző|geschrieben|verfasst|記者|记者|文|作者|撰文|기자|글|"
    r"取材|執筆|เขียนโดย|بقلم|كتب)(?:\s+(?:und|and|et|y|&|og|och)\s+[^\W\d_]{3,15})?\s*[:\uff1a]\s*",
    re.IGNORECASE,
)
_BY = re.compile(
    r"(?:(?:written|authored|posted|published|words|reported|story|text|recipe|eingestellt|verfasst|geschrieben|veröffentlicht|erstellt|"
    r"(?:ein )?(?:beitrag|artikel)|escrito|publicado|publié|écrit|rédigé|scritto|pubblicato|skrevet|skriven|geschreven|"
    r"interview|analysis)\s+)?(?:by|von|par|por|di|door|av|af|oleh|a cura di|author|autor|auteur)(?:\s*:)?\s+",
    re.IGNORECASE,
)
_GLUED = re.compile(r"(?:[Bb]y|Author)(?=[A-Z][a-z])")  # "ByJane Doe", where a style sheet parts the two
# Credits for something else than the words: "Fotos: …", "translated by …".
_OTHER_WORK = re.compile(
    r"\b(?:fotos?|photos?|photography|photographs?|\w{0,12}bild(?:er)?|illustrations?|illustrationen|videos?|grafik|graphics?|"
    r"kamera|camera|übersetz\w*|translat\w+|traduc\w+|edited|(?:medically )?reviewed|"
    r"fact[ -]checked|bearbeit\w*|produced|redigeri\w*|фото|写真|摄影|攝影|사진)"
    r"\s*(?:[:\uff1a/]|by\b|von\b|par\b|por\b|di\b|de\b).*",
    re.IGNORECASE,
)
# Words and pictures by one person: "Text & Fotos: …".
_BOTH = re.compile(
    r"^(?:text|texte|texto|words|story)\s*(?:und|and|et|y|og|och|&|\+|/)\s*(?:fotos?|photos?|bilder|pictures)\s*:?\s+",
    re.IGNORECASE,
)
# Between two names. Short words only as they are written within a sentence: "E" is an initial.
_PARTS = re.compile(
    r"\s*[,;|\u2022\u00b7\u3001\uff0c\uff1b\u060c\n]\s*|\s+/\s+|\s*\uff0f\s*|\s+[-\u2013\u2014]\s+|"
    r"\s+(?:im Gespräch mit|in conversation with|interview(?:t|ed)? (?:by|von))\s+|"
    r"\s+(?:[Aa]nd|AND|[Uu]nd|UND|[Ee]t|ET|y|e|&|og|och|en|ja|a|i|и|та|và|ve|dan|και|[Mm]it|MIT|[Ww]ith|WITH|avec|con|"
    r"met)\s+"
)
_DAYS = (
    r"(?:mon|tues?|wednes|thurs?|fri|satur|sun|mo|di|mi|do|fr|sa|so|montag|dienstag|mittwoch|donnerstag|freitag|"
    r"samstag|sonntag)(?:day)?"
)
_MONTHS = (
    r"(?:jan(?:uary|uar)?|feb(?:ruary|ruar)?|mar(?:ch)?|märz|apr(?:il)?|may|mai|june?|juni|july?|juli|aug(?:ust)?|"
    r"sept?(?:ember)?|o[ck]t(?:ober)?|nov(?:ember)?|de[cz](?:ember)?)"
)
# The date behind a name, from the word before it on: "on", "am", "le".
_DATED = re.compile(
    r"\s*(?:\(|\b(?:on|am|vom|den|le|el|il|op|på|updated|published|aktualisiert|veröffentlicht|um|at)\s+)?"
    rf"(?:\b{_DAYS}\b\.?,?\s*)?(?:\b{_MONTHS}\b\.?\s*)?[0-9].*$",
    re.IGNORECASE,
)
_TRAILING = re.compile(
    rf"\s+(?:@\w+|\([^)]*\)|said|sagt|schreibt|writes|am|on|in|at|under|stand|reports?|reporting|(?:am |on )?{_DAYS})$",
    re.IGNORECASE,
)
_CJK_OFFICE = re.compile(
    r"^(?:本報|本报|本社|디지털)?\s*(?:記者|记者|特派員|特约记者|기자)\s*|"
    r"\s*(?:記者|记者|특파원|선임기자|전문기자|인턴기자|기자|編集委員|論説委員|綜合報導|综合报道|報導|报道)$"
)
# What stands beside a name and is no further name: "Jane Doe, Political Editor", "5 min read".
_OFFICES = """
    editor editors reporter reporters reporterin correspondent writer journalist journaliste giornalista periodista
    redakteur redakteurin redaktør korrespondent korrespondentin corresponsal corrispondente correspondant columnist
    producer senior chief chef deputy head director political politics sport sports science health business professor
    written fellow analyst expert experts experte expertin volontär volontärin ceo founder gründer gründerin contributor
    contributing freelance exclusive published updated posted publiziert veröffentlicht aktualisiert last update
    checked disclosure read lesezeit minutes minuten comment comments kommentar kommentare teilen follow folgen view
    profile profil mehr articles artikel beiträge archiv archive anzeigen artikelübersicht übersicht alle all name
    erforderlich required datum uhr email subscribe website login register anmelden kontakt contact über biography bio
    antworten reply zitieren share subscribe today price prices tags topics source quelle about instagram facebook
    linkedin
"""
_OFFICE = re.compile(rf"\b(?:{'|'.join(_OFFICES.split())})\b", re.IGNORECASE)
# Words of sentences, which no name has in it.
_FUNCTION = """
    the to my your our their for this that these from how what why is are not and a an zu zur zum für wir sie mit bei
    ein eine im ins am beim
"""
_FUNCTION_WORDS = frozenset(_FUNCTION.split())
_VERBS = frozenset({"how", "what", "why", "is", "are", "not", "subscribe", "share", "wir", "sie"})  # nor has a house's
# Words that name a house or a desk, never a person.
_FIRMS = """
    redaktion redaktionsteam onlineredaktion redaction rédaction redazione redacción redacao redação redactie redakcja
    redakce redaksi redaktionen redakció redacció toimitus editorial staff newsroom newsdesk desk team news nachrichten
    noticias notizie nieuws nyheter nyheder online digital agency agencies agenturen agentur agence agences agencia
    agencias agenzia agenzie agentschap presse press prensa stampa pers zeitung magazin magazine media medien tv
    television radio rundfunk gmbh ag kg ev inc ltd llc corp company verlag publishing publisher wire wires service
    services correspondents reporters editors contributors writers autoren gastautor gastbeitrag developer board
    council institute institut university universität ministerium ministry department foundation stiftung association
    verband verein partei group gruppe network blog club forum community daily post times tribune herald gazette
    journal editorials redakteure pressemitteilung pressemeldung pressestelle newsletter sponsored advertorial
    редакция редакція агентство новости издание σύνταξη ομάδα تحرير مراسلون وكالات
"""
_FIRM_WORDS = frozenset(_FIRMS.split())
_ACCOUNTS = "admin administrator webmaster web unknown anonymous guest user gast root author autor"
_NOBODY = frozenset(_ACCOUNTS.split())  # accounts that say nothing of who wrote
_CJK_FIRM = re.compile(
    r"新聞|新闻|日報|日报|時報|时报|編集|编辑|通信|通讯|デジタル|オンライン|ニュース|뉴스|신문|일보|편집|온라인|报社|報社|电视|電視|"
    r"放送|テレビ|방송|网$|網$|社$|部$"
)
_FILED = re.compile(r"[\u3400-\u9fff]{2,6}(?:報導|报道|報道|電|电)")  # where a report was filed: "台北報導"
_CJK = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]")
_LONGEST_CJK = 12  # characters; Latin names in kana are the longest
_ADDRESS = re.compile(r"https?:|www\.|@\w", re.IGNORECASE)
_DOMAIN = re.compile(r"[\w-]+(?:\.[\w-]+)*\.[a-z]{2,6}", re.ASCII)
_NO_NAME = re.compile(
    r"https?:|www\.|@|[0-9]{2}|[<>{}\[\]=_*#?!\"\u2192\u00bb\u203a]|\.(?:com|de|at|org|net|co|fr|tv)\b", re.IGNORECASE
)
_LETTER = re.compile(r"[^\W\d_]")
_INITIALS = re.compile(r"\s*[(/][A-ZÄÖÜa-zäöü.]{2,5}\)?$")  # "Jane Doe (jdo)", "Jane Doe/jdo"
_MARKUP = re.compile(r"<[^<>]{1,300}>")
_EDGES = " .,:~-\u2013\u2014*\u00a0\u200b\"'\u201c\u201d\u201e\u00bb\u00ab"


class Kind(StrEnum):
    """What a credit can name."""

    PERSON = "person"
    AGENCY = "agency"
    ORGANISATION = "organisation"


@dataclass(frozen=True, slots=True)
class Named:
    """A name in a credit, as it is written there, and whose it is."""

    text: str
    kind: Kind


def named(credit: str, firms: Collection[str], *, lax: bool = False) -> Iterator[Named]:
    """The names that a credit holds; ``firms`` are the folded names of the site and its publisher.

    Strict, a person needs two words that begin with capitals, as it does where any text may stand; ``lax`` takes one
    word for enough, where the page says that it is an author's name.
    """
    text = _MARKUP.sub(" ", credit).strip() if "<" in credit else credit.strip()
    text = _BOTH.sub("text: ", text)
    met = False
    for part in _split(text):
        if _ADDRESS.match(part):
            continue
        name = _without_firm(_bare(_OTHER_WORK.sub("", part)), firms)
        if not name or len(name) > LONGEST or name.casefold() in _NOBODY or _FILED.fullmatch(part):
            continue
        if not _VERBS.isdisjoint(name.casefold().split()):
            continue
        if agency(name):
            yield Named(name, Kind.AGENCY)
        elif _is_firm(name, firms):
            yield Named(name, Kind.ORGANISATION)
        elif met and name.isupper() and len(name) <= _LETTERS and " " not in name:
            continue  # a degree behind the name
        elif _is_person(name, lax=lax):
            met = True
            yield Named(name, Kind.PERSON)


def _is_person(name: str, *, lax: bool) -> bool:
    """Whether a text without labels and dates can be a person's name."""
    if _NO_NAME.search(name) or _OFFICE.search(name) or not _FUNCTION_WORDS.isdisjoint(name.casefold().split()):
        return False
    letters = len(_LETTER.findall(name))
    if letters < 2 or 10 * letters < 7 * len(name.replace(" ", "")):
        return False
    if _CJK.search(name):
        return len(name.replace(" ", "")) <= _LONGEST_CJK
    words = name.split()
    if len(words) > _MOST_WORDS or (len(words) < 2 and not lax):
        return False
    # The words of a name begin with capitals, but for the likes of "van der".
    in_capitals = words[0][0].isupper() and words[-1][0].isupper() and sum(one[0].islower() for one in words) <= 2
    return letters > 2 if lax else in_capitals


def _is_firm(name: str, firms: Collection[str]) -> bool:
    """Whether a name is the site's or its publisher's, a domain, or has a word that only organisations bear."""
    folded = fold(name)
    squeezed = folded.replace(" ", "")
    if folded in firms or _DOMAIN.fullmatch(name) or any(squeezed == one.replace(" ", "") for one in firms):
        return True
    words = name.split()
    # "MDR THÜRINGEN": the site's own initials, as a word in capitals.
    if len(words) > 1 and any(1 < len(one) < 6 and one.isupper() and one.casefold() in firms for one in words):
        return True
    return bool(set(folded.split()) & _FIRM_WORDS) or bool(_CJK_FIRM.search(name))


def _without_firm(name: str, firms: Collection[str]) -> str:
    """A name without the house behind it: "Jane Doe THE COURIER"."""
    words = name.split()
    for count in range(2, len(words)):
        if fold(" ".join(words[count:])) in firms:
            return " ".join(words[:count])
    return name


def _split(text: str) -> Iterator[str]:
    for part in _PARTS.split(text):
        for piece in part.split("/") if "/" in part and "://" not in part else [part]:
            if piece.strip():
                yield piece.strip()


def _bare(part: str) -> str:
    """A part of a credit without labels before, and dates and handles behind a name."""
    name = part.strip(_EDGES)
    for _ in range(3):
        before = name
        for pattern in (_LABEL, _BY, _GLUED):
            if (found := pattern.match(name)) and found.end() < len(name):
                name = name[found.end() :]
        if name == before:
            break
    name = _INITIALS.sub("", _DATED.sub("", name))
    name = _CJK_OFFICE.sub("", name)
    for _ in range(2):
        name = _TRAILING.sub("", name)
    return name.strip(_EDGES)
