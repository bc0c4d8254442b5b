"""Asides: blocks that stand among a story's, and speak to the reader or lead elsewhere; known by how they begin.

Whole blocks alone: a sentence of the story that says such words among others stays. Some are asides wherever they
stand. Others are known only at the end, behind the story's last sentence, since a story can begin a paragraph alike.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from enum import StrEnum


class Aside(StrEnum):
    """What an aside is; the ledger has it as evidence."""

    POINTER = "leads to another article"
    COMMENT = "asks for a comment"
    SHARING = "names buttons that share"
    EMBED = "stands for what a browser did not load"
    TEMPLATE = "is a template that no script filled in"
    RIGHTS = "states rights"
    OFFER = "offers what the publisher sells or sends"
    FILED = "tells where the story was filed"
    AUTHOR = "tells of the author"


_LONGEST = 400  # characters; who says more tells something of his own
_HEAD = 120  # characters that are compared
_SIGNS = " \t-\u2013\u2014*+#>|/([{\"'\u201c\u201e\u00ab\u2022\u00b7\u25b6\u25ba\u2192\u00bb\u00bf\u00a1"
# "Read also", as publishers of the pages seen say it.
_POINTING = (
    *("read more", "read also", "read next", "read now", "also read", "see also", "more on this", "don't miss"),
    *("related", "related story", "related stories", "related article", "related articles", "related reading"),
    *("lesen sie auch", "lesen sie mehr", "lesen sie hier", "lesen sie dazu", "lies auch", "mehr lesen", "mehr dazu"),
    *("mehr zum thema", "zum thema", "siehe auch", "auch interessant", "auch spannend", "weiterlesen", "lesetipp"),
    *("passend dazu", "lire aussi", "à lire aussi", "lire également", "à lire également", "à lire", "voir aussi"),
    *("à voir aussi", "sur le même sujet", "pour aller plus loin", "lea también", "lea además", "lea más"),
    *("lee también", "lee además", "le puede interesar", "te puede interesar", "te podría interesar", "ver también"),
    *("vea también", "mira también", "leggi anche", "leia também", "leia mais", "leia ainda", "veja também"),
    *("saiba mais", "lees ook", "lees meer", "lees verder", "läs också", "läs även", "läs mer", "les også", "les mer"),
    *("læs også", "læs mere", "lue myös", "lue lisää", "czytaj też", "czytaj także", "czytaj również", "czytaj więcej"),
    *("zobacz też", "zobacz także", "zobacz również", "przeczytaj też", "przeczytaj także", "dowiedz się więcej"),
    *("čtěte také", "čítajte aj", "olvassa el", "citește și", "ayrıca okuyun", "ilgili haber", "baca juga"),
    *("simak juga", "đọc thêm", "xem thêm", "читайте также", "читать также", "читайте ещё", "читайте еще"),
    *("смотрите также", "читайте також", "関連記事", "関連リンク", "相关阅读", "相关新闻", "延伸閱讀", "관련기사"),
    *("관련 기사", "اقرأ أيضا", "اقرأ أيضًا", "קראו גם"),
)
# Behind it stands what to read, parted from it by a sign: "Read more about it" is a sentence.
_PARTED = re.compile(r"[^.:]{0,25}[:\u00bb>|\u2013\u2014\u203a\uff1a\u25b6\u2192]")
# Above the form for one and below it, in the words of the systems that most publishers use.
_COMMENTING = (
    *("schreibe einen kommentar", "schreib einen kommentar", "schreiben sie einen kommentar"),
    *("hinterlasse einen kommentar", "hinterlassen sie einen kommentar", "kommentar schreiben", "kommentar verfassen"),
    *("kommentar hinterlassen", "kommentar abgeben", "diskutieren sie mit", "jetzt kommentieren", "ihr kommentar"),
    *("leave a comment", "leave a reply", "leave your comment", "post a comment", "write a comment", "add a comment"),
    *("submit a comment", "join the conversation", "join the discussion", "have your say", "log in to comment"),
    *("sign in to comment", "log in to leave a comment", "log in to reply", "laisser un commentaire"),
    *("laissez un commentaire", "laisser une réponse", "deja un comentario", "dejar un comentario"),
    *("deje un comentario", "deja una respuesta", "deja tu comentario", "deixe um comentário", "deixar um comentário"),
    *("deixe uma resposta", "lascia un commento", "lascia una risposta", "geef een reactie", "laat een reactie achter"),
    *("plaats een reactie", "lämna ett svar", "lämna en kommentar", "kommentera", "skriv en kommentar"),
    *("legg igjen en kommentar", "legg igjen et svar", "skriv et svar", "jätä kommentti", "kirjoita kommentti"),
    *("vastaa", "dodaj komentarz", "skomentuj", "napsat komentář", "přidat komentář", "pridať komentár"),
    *("hozzászólás írása", "szólj hozzá", "lasă un răspuns", "lasă un comentariu", "bir yanıt yazın", "yorum yap"),
    *("yorum yapın", "оставить комментарий", "добавить комментарий", "залишити коментар", "напишіть відгук"),
    *(
        "コメントを残す",
        "コメントする",
        "发表评论",
        "發佈留言",
        "发表回复",
        "댓글 남기기",
        "اترك تعليقا",
        "اترك تعليقاً",
    ),
    *("כתיבת תגובה", "tinggalkan balasan", "tinggalkan komentar", "để lại một bình luận", "để lại bình luận"),
)
_CANCELLING = (
    *("antwort abbrechen", "antworten abbrechen", "cancel reply", "annuler la réponse", "cancelar la respuesta"),
    *("cancelar resposta", "annulla risposta", "reactie annuleren", "avbryt svar", "anuluj pisanie odpowiedzi"),
    *("zrušit odpověď na komentář", "yanıtı iptal et", "отменить ответ", "コメントをキャンセル", "取消回复"),
)
_ADDRESSED = (  # and up to eighty characters more
    *("deine e-mail-adresse wird nicht veröffentlicht", "ihre e-mail-adresse wird nicht veröffentlicht"),
    *("your email address will not be published", "you must be logged in to post a comment"),
    *("you must be logged in to comment", "du musst angemeldet sein, um", "sie müssen angemeldet sein, um"),
    *("sie müssen sich anmelden, um", "sie müssen sich einloggen, um", "votre adresse e-mail ne sera pas publiée"),
    *("votre adresse de messagerie ne sera pas publiée", "vous devez vous connecter pour publier un commentaire"),
    *("tu dirección de correo electrónico no será publicada", "debes estar conectado para publicar un comentario"),
    *("o seu endereço de email não será publicado", "o seu endereço de e-mail não será publicado"),
    *("il tuo indirizzo email non sarà pubblicato", "je e-mailadres wordt niet gepubliceerd"),
    *("twój adres e-mail nie zostanie opublikowany", "din e-postadress kommer inte publiceras"),
    *("ваш адрес email не будет опубликован", "メールアドレスが公開されることはありません"),
)
_SHARING = (
    *("teilen mit", "artikel teilen", "beitrag teilen", "diesen artikel teilen", "diesen beitrag teilen"),
    *("gefällt mir", "share this", "share this article", "share this post", "share this story", "share this page"),
    *("share on facebook", "like this", "partager cet article", "partager sur", "compartir esta noticia"),
    *("compartir en", "compártelo", "condividi su", "condividi questo articolo", "compartilhe isso"),
    *("compartilhe esta notícia", "deel dit artikel", "dela artikeln", "del artikkelen", "udostępnij artykuł"),
    *("wird geladen", "me gusta esto", "j'aime ça", "mi piace", "vind-ik-leuk", "curtir isso"),
)
# What stands in the place of an embedded post, film or map.
_UNLOADED = (
    *("externer inhalt nicht", "externe inhalte nicht", "empfohlener redaktioneller inhalt", "externer inhalt von"),
    *("empfohlener externer inhalt", "an dieser stelle finden sie einen externen inhalt"),
    *("an dieser stelle finden sie externe inhalte", "an dieser stelle befindet sich ein externer inhalt"),
    *("an dieser stelle findest du externe inhalte", "an dieser stelle findest du einen externen inhalt"),
    *("an dieser stelle finden sie inhalte von", "an dieser stelle finden sie inhalte aus"),
    *("an dieser stelle finden sie einen relevanten inhalt", "an dieser stelle findest du einen relevanten inhalt"),
    *("deine privatsphäre-einstellungen verhindern", "ihre privatsphäre-einstellungen verhindern"),
    *("deine datenschutzeinstellungen verhindern", "ihre datenschutzeinstellungen verhindern"),
    *("ich bin damit einverstanden, dass mir externe inhalte", "sind sie damit einverstanden, dass externe inhalte"),
    *(
        "ich bin einverstanden, dass mir externe inhalte",
        "bitte aktivieren sie javascript",
        "aktivieren sie javascript",
    ),
    *("dieser shop setzt voraus, dass sie javascript", "diese seite benötigt javascript", "please enable javascript"),
    *("enable javascript to", "to view this video please enable javascript", "to view this content, you'll need to"),
    *("to view this content, please accept", "to see this content, please accept", "to see this content you need to"),
    *("allow facebook content?", "allow instagram content?", "allow twitter content?", "allow google youtube content?"),
    *("this article contains content provided by", "this content is hosted on", "this video can not be played"),
    *("this video cannot be played", "your browser does not support", "your browser doesn't support"),
    *("this browser does not support", "ihr browser unterstützt", "dein browser unterstützt", "votre navigateur ne"),
    *("pour afficher ce contenu", "pour voir ce contenu", "ce contenu est bloqué", "contenu bloqué", "su navegador no"),
    *("tu navegador no", "para ver este contenido", "para visualizar este contenido", "contenido bloqueado"),
    *("questo contenuto è ospitato", "il tuo browser non supporta", "deze inhoud kan niet worden"),
    *("om deze inhoud te kunnen zien", "detta innehåll kräver", "for å se dette innholdet"),
)
_DENSE = 2  # characters that Chinese, Japanese and Korean phrases are found by, which no space parts

_Way = tuple[str, Aside]


def _first(phrase: str) -> str:
    """What a phrase is found by: its first word, or its first characters where no spaces part words."""
    return phrase[:_DENSE] if phrase[0] >= "\u2e80" else phrase.split(maxsplit=1)[0].rstrip(",:")


def _found_by(*groups: tuple[tuple[str, ...], Aside]) -> dict[str, tuple[_Way, ...]]:
    found: dict[str, list[_Way]] = {}
    for phrases, kind in groups:
        for phrase in phrases:
            found.setdefault(_first(phrase), []).append((phrase, kind))
    return {word: tuple(sorted(ways, key=lambda way: -len(way[0]))) for word, ways in found.items()}


_KNOWN = _found_by(
    (_POINTING, Aside.POINTER),
    ((*_COMMENTING, *_ADDRESSED), Aside.COMMENT),
    (_SHARING, Aside.SHARING),
    (_UNLOADED, Aside.EMBED),
)
_ENDS = " :.\u2026!?\u00bb\"')]}\u2192>*-\u2013\u2014"
# Of "read also" what is a heading as well, above what belongs to the story.
_HEADINGS = frozenset({"see also", "related", "siehe auch", "voir aussi", "zum thema", "ver también", "mehr dazu"})
_ADDRESSES = frozenset(_ADDRESSED)
_MORE = 80  # characters that stand behind those

# At the end of a story alone, at the beginning of a block.
_RIGHTS = re.compile(
    r"(?:©|\(c\)|copyright\b(?! (?:law|licen[cs]e)))[^.?!]{0,80}[.?!]?$|"
    r"(?:©|\(c\)|copyright\b).*(?:rights reserved|rechte vorbehalten|droits réservés|derechos reservados|"
    r"diritti riservati|direitos reservados|rechten voorbehouden|may not be|permission)|"
    r"(?:all rights reserved|alle rechte vorbehalten|tous droits réservés|todos los derechos reservados|"
    r"tutti i diritti riservati|todos os direitos reservados|alle rechten voorbehouden|wszelkie prawa zastrzeżone|"
    r"все права защищены|無断転載|版权所有|무단전재)",
    re.IGNORECASE,
)
_OFFER = re.compile(
    r"(?:subscribe (?:now |today |here )?(?:to|for) (?:our|the|my|this)\b|"
    r"sign up (?:now |today |here )?(?:for|to) (?:our|the|get)\b|follow us\b|"
    r"join our (?:newsletter|mailing list|whatsapp|telegram)|download (?:our|the) .{0,40}\bapps?\b|"
    r"for (?:the latest|more) .{0,60}(?:download|subscribe|follow us|sign up|check (?:out )?our)|"
    r"(?:like|liked|enjoy|enjoyed|love) th(?:is|e) (?:article|story|post)\?|"
    r"(?:already|if you[\u2019']re .{0,60}already) a (?:subscriber|member)|"
    r"to (?:view|read|continue reading) (?:the|this) (?:full|whole|rest|story|article)|"
    r"get .{0,60}in your inbox|advertise with|"
    r"abonnieren sie|folgen sie uns|folgt? uns (?:auf|bei)|jetzt .{0,60}abonnieren|"
    r"hier .{0,40}(?:newsletter|abonnieren)|(?:kennst du|kennt ihr|kennen sie) schon unser|"
    r"suscr[íi]b(?:ete|ase)|s[íi]guenos|(?:ya )?sab[íi]as que .{0,40}(?:canal|telegram|whatsapp)|"
    r"suivez[- ]nous|abonnez[- ]vous|inscrivez[- ]vous (?:à|aux) (?:la|notre|nos)|iscriviti alla|seguici|"
    r"siga[- ]nos|inscreva-se|assine (?:o|a|nossa|já)\b|volg ons|schrijf je in voor|följ oss|følg oss|følg os\b|"
    r"obserwuj nas|zapisz się na|zapraszamy (?:też |także |również )?do (?:subskrypcji|prenumeraty)|"
    r"подписывайтесь|подпишитесь|підписуйтесь|ikuti (?:kami|berita))",
    re.IGNORECASE,
)
_FILED = re.compile(
    r"(?:(?:der|dieser) (?:beitrag|eintrag|artikel) wurde .{0,90}(?:abgelegt|gespeichert|verschlagwortet)|"
    r"this (?:entry|post|article) was (?:posted|published|filed) (?:on|in|under)\b|(?:posted|filed) (?:in|under)\b|"
    r"(?:tags?|tagged(?: as| with)?|schlagwörter|stichwörter|kategorien?|category|categories|étiquettes|etiquetas|"
    r"news date)\s*:|bookmark the permalink)",
    re.IGNORECASE,
)
_LONE = re.compile(
    r"(?:(?:das|diese (?:artikel|themen|beiträge)|das thema) könnten? (?:sie|dich|euch) auch interessieren|"
    r"auch auf [\w.-]{3,30}|you (?:may|might) also (?:like|enjoy|be interested in)|"
    r"weitere informationen(?: zu[mr]? .{3,50})?:)[\W_]*$",
    re.IGNORECASE,
)
_ABOUT = re.compile(
    r"(?:about the authors?|zur person|zum autor|zur autorin|über (?:den autor|die autorin|die autoren)|"
    r"(?:à propos de )?l'aut(?:eur|rice)|sobre (?:el autor|la autora|o autor)|l'autore|over de auteur|o autorze)",
    re.IGNORECASE,
)
_MOST_ABOUT = 60  # words that are told of an author below the story
_MOST_BY = 25  # words of a line above it that names one, with place, date and buttons
_ENDED = (".", "!", "?", "\u2026", "\u3002", '"', "\u201c", "\u201d", "\u00bb", ":")
# A sentence that only asks for an address, as the last one of a block, and a link.
_CALLING = re.compile(
    r"(?:^|[.!?:\u2026\u00bb]\s+)(?:jetzt (?:kostenlos |gratis |hier )?(?:anmelden|abonnieren|bestellen|testen)|"
    r"hier (?:kostenlos )?(?:anmelden|abonnieren)|(?:subscribe|sign up)(?: now| here| today| for free)?|"
    r"je m'(?:abonne|inscris)|s'inscrire|suscr[íi]b(?:ete|ase)(?: aquí)?|iscriviti(?: ora| qui)?|assine(?: já)?|"
    r"schrijf je in|anmäl dig(?: här)?|zapisz się|подписаться)[\s.!\u00bb>\u203a\u2192]*$",
    re.IGNORECASE,
)
_CALL = 200  # characters of a block that ends so
_CALLS = frozenset(
    {
        *("anmelden", "abonnieren", "bestellen", "testen", "subscribe", "up", "now", "here", "today", "free"),
        *("abonne", "inscris", "inscrire", "suscríbete", "suscribete", "suscríbase", "aquí", "iscriviti", "ora", "qui"),
        *("assine", "já", "in", "dig", "här", "się", "подписаться"),
    }
)
_CLOSING = (
    (_RIGHTS, Aside.RIGHTS),
    (_OFFER, Aside.OFFER),
    (_FILED, Aside.FILED),
    (_LONE, Aside.POINTER),
    (_ABOUT, Aside.AUTHOR),
)


def aside(text: str, linked: Callable[[], int]) -> Aside | None:
    """What a block is wherever it stands; ``linked`` tells how many thousandths of it are links."""
    head = text[:_HEAD].lstrip(_SIGNS).lower().replace("\u2019", "'")
    if not head:
        return None
    ways = _KNOWN.get(head[:_DENSE] if head[0] >= "\u2e80" else head.split(None, 1)[0].rstrip(",:"))
    if ways is not None and len(text) <= _LONGEST:
        for phrase, kind in ways:
            if head.startswith(phrase) and _is_whole(head[len(phrase) :], len(text), phrase, kind, linked):
                return kind
    last = text[-24:].rstrip(_ENDS).rsplit(None, 1)[-1:]
    if last and last[0].lower() in _CALLS and len(text) <= _CALL and _CALLING.search(text) and linked():
        return Aside.OFFER
    is_template = text.startswith("{{") and "}}" in text and len(text) <= _LONGEST
    return Aside.TEMPLATE if is_template else None


def _is_whole(rest: str, length: int, phrase: str, kind: Aside, linked: Callable[[], int]) -> bool:
    """Whether what stands behind a phrase leaves it what it says."""
    if kind is Aside.POINTER:
        if not rest.strip(_ENDS):
            return phrase not in _HEADINGS
        return _PARTED.match(rest) is not None and 2 * linked() >= 1000
    if kind is Aside.EMBED:
        return True
    if phrase in _ADDRESSES:
        return length <= len(phrase) + _MORE
    left = rest.strip(_ENDS)
    return length < _HEAD and (not left or (kind is Aside.COMMENT and left in _CANCELLING))


def closing(text: str) -> Aside | None:
    """What a block is if it stands behind the last sentence of the story."""
    if len(text) > _LONGEST:
        return None
    bare = text.lstrip(_SIGNS[: _SIGNS.index("(")] + _SIGNS[_SIGNS.index("(") + 1 :])
    if (kind := next((kind for pattern, kind in _CLOSING if pattern.match(bare)), None)) is not None:
        return kind
    lone = bare.rstrip(" :.\u2026\u00bb>\u2192").lower()
    return Aside.POINTER if lone in _POINTING else None


def of_author(text: str, people: tuple[str, ...], *, below: bool) -> bool:
    """Whether a block tells of somebody whom the byline names: below the story in sentences, above it in none."""
    if not people or len(text) > _LONGEST:
        return False
    bare = text.lstrip(_SIGNS)
    if below:
        named = bare[found.end() :].lstrip(" :" + _SIGNS) if (found := _ABOUT.match(bare)) else bare
        return named.startswith(people) and 3 < len(named.split()) <= _MOST_ABOUT
    place = min((bare.find(one) for one in people if one in bare[:_HEAD]), default=-1)
    return place >= 0 and len(bare[:place].split()) <= 1 and len(bare.split()) <= _MOST_BY and not bare.endswith(_ENDED)


def kind_of(text: str) -> Aside:
    """What a block is that was left out as one."""
    return aside(text, lambda: 1000) or closing(text) or Aside.AUTHOR
