"""What a short block says of itself in its own words: the words that publishers set around their stories."""

from __future__ import annotations

import re

from archive.cleaning.chrome import Chrome
from archive.cleaning.labels import is_label

# What a short block says, at its beginning unless the pattern begins otherwise.
_SAYS: tuple[tuple[Chrome, str], ...] = (
    (
        Chrome.LEGAL,
        r"(?:copyright\b|©|\(c\) (?:19|20)\d\d)|.*(?:all rights reserved|alle rechte vorbehalten|"
        r"tous droits réservés|"
        r"todos los derechos reservados|tutti i diritti riservati|todos os direitos reservados|"
        r"alle rechten voorbehouden|"
        r"wszelkie prawa zastrzeżone|все права защищены|無断転載|版权所有|무단전재)",
    ),
    (
        Chrome.CREDIT,
        r"(?:photo(?:s|graph|graphie)?|foto(?:s|graf)?|picture|image|bild(?:er|quelle)?|imagen|immagine|"
        r"crédits?|credits?|"
        r"фото|写真|图片|사진)(?: (?:by|von|credits?|de|di|av|af|courtesy))?\s*[:/|©]",
    ),
    (
        Chrome.COMMENTS,
        r"(?:\d+ )?(?:comments?|kommentare?|commentaires?|"
        r"comentarios?|commenti|reacties|kommentarer|комментари\w+|"
        r"コメント|评论|댓글)"
        r"(?: ?[(\d].{0,8})?$|(?:leave|write|add|post) a (?:reply|comment)|kommentar schreiben|"
        r"laisser un commentaire",
    ),
    (
        Chrome.SHARE,
        r"(?:share|teilen|partager|compartir|compartilhar|condividi|delen|dela|jaa|udostępnij|поделиться|シェア|分享|공유|"
        r"print|drucken|imprimer|copy link|link kopieren|merken|save|listen|facebook|twitter|whatsapp|x|"
        r"e-?mail|mail|telegram|"
        r"linkedin|pinterest|reddit|instagram|follow us|folgen sie uns|suivez-nous|síguenos)\b.{0,40}$",
    ),
    (
        Chrome.CONSENT,
        r".*(?:\b(?:we|and our partners) use cookies|cookie (?:settings|policy|preferences|einstellungen)|"
        r"verwende[nt]? .{0,30}cookies|utilis\w+ .{0,30}cookies|usa(?:mos)? .{0,30}cookies|accept all|"
        r"alle akzeptieren|"
        r"tout accepter|aceptar todo|zustimmung|einwilligung|consentement)",
    ),
    (
        Chrome.NEWSLETTER,
        r".*(?:newsletter|in your inbox|nieuwsbrief|nyhetsbrev|nyhedsbrev|boletín|infolettre|uutiskirje|"
        r"рассылк|メルマガ|뉴스레터)",
    ),
    (
        Chrome.SUBSCRIPTION,
        r".*(?:\bsubscri(?:be|bers?|ption)|\babonn(?:ier|ez|ement|enten)|\bsuscr[íi]b|\bsuscriptor|"
        r"\babbona|\bassin(?:e|ante)|"
        r"\blog ?in\b|\bsign (?:in|up)\b|\banmelden|\bregistrier|\bse connecter|\biniciar sesión|"
        r"\baccedi\b|\binloggen|"
        r"\blogga in|\bподпис|\bdonate\b|\bspenden\b|become a member|mitglied werden|free trial|probeabo)",
    ),
    (
        Chrome.RELATED,
        r"(?:read (?:more|also|next)|also read|see also|related\b|more on this|lesen sie (?:auch|mehr)|"
        r"mehr zum thema|siehe auch|"
        r"(?:à )?lire (?:aussi|également)|sur le même sujet|l[ée]e(?:r)? (?:también|más)|"
        r"te puede interesar|leggi anche|"
        r"lees (?:ook|meer)|läs (?:också|mer|även)|les (?:også|mer)|læs (?:også|mere)|lue (?:myös|lisää)|"
        r"czytaj (?:też|także|również)|"
        r"читайте также|читать также|leia (?:também|mais)|veja também|baca juga|関連記事|"
        r"关联|相关(?:阅读|新闻)|관련 ?기사|"
        r"اقرأ أيضا|קראו גם|đọc thêm|xem thêm|ilgili haber)",
    ),
    (
        Chrome.RECIRCULATION,
        r"(?:most (?:read|popular|viewed|shared)|latest(?: news| stories| headlines)?$|trending|"
        r"recommended|you (?:may|might) also|"
        r"more (?:from|stories|news|in )|top stories|don't miss|up next|previous article|next article|meistgelesen|"
        r"meist ?gelesene|neueste|das könnte (?:sie|dich)|weitere (?:artikel|themen|meldungen)|mehr aus|"
        r"aktuelle|les plus lus|"
        r"à la une|dernières|lo más (?:leído|visto)|más (?:leídas|noticias)|últimas|i più letti|ultime|meest gelezen|"
        r"mest (?:lest|läst|læst)|senaste|siste|seneste|luetuimmat|najczęściej czytane|najnowsze|самое читаемое|"
        r"популярно|последние|人気|ランキング|新着|热门|最新|많이 본|최신|"
        r"terpopuler|terkini|en çok okunan|الأكثر قراءة)",
    ),
    (
        Chrome.NAVIGATION,
        r"(?:skip to|zum inhalt|aller au contenu|back to top|nach oben|menu$|menü$|home$|search$|suche$|close$)",
    ),
    (Chrome.TAGS, r"(?:tags?|topics?|schlagwörter|stichwörter|themen|mots-clés|etiquetas|teemat|emner|теги)\s*:?$"),
    (
        Chrome.BYLINE,
        r"(?:by|written by|von|par|por|di|door|av|af|text|texte|texto|author|autor(?:in)?|reporting by|editing by)"
        r"(?:\s*:\s*|\s+)[^\W\d_a-zà-ÿ][^.!?]{2,70}$",
    ),
    (
        Chrome.DATE,
        r"(?:(?:published|posted|updated|last (?:updated|modified)|veröffentlicht|aktualisiert|stand|"
        r"publié|mis à jour|"
        r"publicado|actualizado|pubblicato|aggiornato|gepubliceerd|publicerad|publisert|udgivet|"
        r"opublikowano)\b.{0,60}$|"
        r"(?=.{4,36}$)(?=.*\b(?:19|20)\d\d\b)(?:\D{0,30}\d){1,3}\D{0,30}(?:19|20)\d\d\b.{0,25}$|"
        r"\d+ ?(?:min(?:ute)?s?|hours?|days?|weeks?|std|stunden?|tagen?)\.? (?:ago|read|lesezeit|vor)|"
        r"(?:19|20)\d\d(?:[./-]|年)\d{1,2}(?:[./-]|月)\d{1,2})",
    ),
)
_SAYINGS = [(kind, re.compile(pattern, re.IGNORECASE)) for kind, pattern in _SAYS]
_LONGEST_SAYING = 400  # characters; who says more tells something of his own


def said(text: str) -> tuple[Chrome, str] | None:
    """What a block's own words say of it, and the words that do."""
    if len(text) > _LONGEST_SAYING:
        return None
    if is_label(text):
        return Chrome.ADVERTISEMENT, text
    for kind, pattern in _SAYINGS:
        if found := pattern.match(text):
            return kind, found[0][-80:]
    return None
