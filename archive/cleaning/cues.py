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
# What a house speaks of itself with.
_WE = (
    "we our ours us wir uns unser unsere unseren unserem unserer nous notre nos nosotros nuestro nuestra nuestros "
    "nuestras noi nostro nostra nós nosso nossa my nasz nasze nas onze ons vi vår vårt våra мы нас наш наши"
)
WE_WORDS = frozenset(_WE.split())
