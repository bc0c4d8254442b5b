"""Words that tell what a short block is: a credit, an offer, a lead to another page."""

from __future__ import annotations

# As whole words in lower case, in the languages of the pages seen.
CUES = {
    "credit": "photo photos photograph photographer image images picture pictures credit getty afp reuters "
    "shutterstock istock imago foto fotos bild bilder quelle fotograf crédit photographie imagen fuente fonte immagine "
    "copyright courtesy unsplash pexels pixabay alamy ap epa dpa ansa efe screenshot источник фото 写真 图片 圖片 사진 "
    "ภาพ symbolbild caption pictured source",
    "offer": "newsletter newsletters subscribe subscriber subscribers subscription subscriptions sign login log "
    "register abonnieren abonnement abonnent abonnenten abo abonner abonnez anmelden registrieren email mail "
    "inbox whatsapp telegram follow facebook twitter instagram youtube podcast download app folgen suscríbete "
    "suscribirse iscriviti boletín подписаться подписывайтесь cookie cookies donate donation spenden "
    "advertisement advertising anzeige werbung affiliate commission provision discount coupon members "
    "membership join support click tap free trial",
    "legal": "rights reserved copyright rechte vorbehalten droits réservés derechos reservados diritti riservati terms "
    "privacy datenschutz impressum nutzungsbedingungen license licence disclaimer correction corrections "
    "errata published updated aktualisiert originally appeared",
    "lead": "read see watch listen learn also related lesen lire leer lea leggi lees læs les läs lue читать читайте "
    "czytaj zobacz leia saiba mehr voir aussi mira guarda ook też также siehe more next previous",
}
CUE_WORDS = tuple(frozenset(words.split()) for words in CUES.values())
# Words that say more by where they stand, or of whom.
_TELLING = {
    # above lists of other articles, above comments, and above what is told of an author
    "head": "related popular latest recommended trending comments comment kommentare kommentar author autor autorin "
    "autoren über ähnliche artikel articles news beiträge links tags themen thema share teilen topics topic "
    "stories contact kontakt kommentieren antworten reply response responses schlagwörter quellen quelle "
    "sources references commentaires comentarios commenti auteur auteurs artículos relacionados noticias "
    "articoli wpisy komentarze powiązane tagi autorzy newsletter about us empfehlungen meistgelesen "
    "interessieren interessant weitere weiteres download downloads 関連 記事 おすすめ ランキング 相关 推荐 관련 기사",
    # the reader
    "you": "you your yours yourself du dich dir dein deine deinen deinem deiner ihr euch euer eure sie ihre ihren "
    "ihrem vous votre vos tu te ton ta tes usted ustedes tus ti você vocês seu sua voi vostro tuo tua twój "
    "twoje ci wam jij je jou uw u din ditt dina вы вас вам ваш",
    # the house
    "we": "we our ours us wir uns unser unsere unseren unserem unserer nous notre nos nosotros nuestro nuestra "
    "nuestros nuestras noi nostro nostra nós nosso nossa my nasz nasze nas onze ons vi vår vårt våra мы нас "
    "наш наши",
}
HEAD_WORDS, YOU_WORDS, WE_WORDS = (frozenset(words.split()) for words in _TELLING.values())
