"""Notices and formats in many languages: what is no story is told so, and stories that speak of such things stay."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from archive.article import Article, Evidence, Refusal, Verdict
from archive.capture import Capture
from archive.cleaning.clean import clean

MakeCapture = Callable[..., Capture]
SENTENCE = "The auditors read the ledgers aloud for an hour, and found nothing that the council had not said before. "
SATZ = "Die Prüfer lasen eine Stunde lang aus den Büchern vor und fanden nichts, was der Rat nicht schon gesagt hatte. "


def page(title: str, body: str, *, head: str = "", heading: str | None = None, language: str = "en") -> str:
    return (
        f'<!doctype html><html lang="{language}"><head><meta charset="utf-8"><title>{title}</title>{head}</head><body>'
        "<nav><a href=/>Courier</a> <a href=/tide>Tide</a></nav>"
        f"<main><h1>{heading or title}</h1>{body}</main><footer>© Courier</footer></body></html>"
    )


def verdict(capture: MakeCapture, given: str, url: str = "https://courier.example/2026/11/a-story") -> Verdict:
    """The verdict, after it was seen that it has a reason, as a refusal or as evidence."""
    result = clean([capture(given, url=url)])
    if isinstance(result, Refusal):
        assert result.reason
    elif result.verdict is not Verdict.ARTICLE:
        (evidence,) = [one for one in result.evidence if one.field == "verdict"]
        assert evidence == Evidence("verdict", result.verdict.value, evidence.rule, chosen=True)
        assert evidence.rule
    return result.verdict


MISSING = {
    "en": ("Page not found", "Try the search, or go back."),
    "en, number": ("404", "Sorry."),
    "en, error": ("Error 404", "The link may be broken."),
    "de": ("Seite nicht gefunden", "Versuchen Sie es mit der Suche."),
    "fr": ("Page introuvable", "Utilisez la recherche."),
    "es": ("Página no encontrada", "Pruebe con el buscador."),
    "it": ("Pagina non trovata", "Provi con la ricerca."),
    "pt": ("Página não encontrada", "Tente a busca."),
    "nl": ("Pagina niet gevonden", "Probeer de zoekfunctie."),
    "sv": ("Sidan hittades inte", "Prova att söka."),
    "no": ("Siden finnes ikke", "Prøv søket."),
    "fi": ("Sivua ei löytynyt", "Kokeile hakua."),
    "pl": ("Nie znaleziono strony", "Spróbuj wyszukać."),
    "cs": ("Stránka nenalezena", "Zkuste hledat."),
    "ru": ("Страница не найдена", "Попробуйте поиск."),
    "tr": ("Sayfa bulunamadı", "Aramayı deneyin."),
    "ja": ("ページが見つかりません", "検索をお試しください。"),
    "zh": ("页面不存在", "请使用搜索。"),
    "ko": ("페이지를 찾을 수 없습니다", "검색해 보세요."),
    "ar": ("الصفحة غير موجودة", "جرب البحث."),
}


@pytest.mark.parametrize("case", MISSING)
def test_soft_404s(capture: MakeCapture, case: str) -> None:
    title, body = MISSING[case]
    assert verdict(capture, page(title, f"<p>{body}</p>")) is Verdict.SOFT_404
    # The headline is the site's, and the page says it in its own heading.
    assert verdict(capture, page("Courier", f"<p>{body}</p>", heading=title)) is Verdict.SOFT_404


@pytest.mark.parametrize(
    "title",
    [
        "A Peugeot 404 was found in the harbour",
        "404 new trees for the old town",
        "Lost ring found",
        "The page that was not",
    ],
)
def test_stories_about_what_is_missing(capture: MakeCapture, title: str) -> None:
    assert verdict(capture, page(title, f"<p>{SENTENCE * 2}</p>")) is Verdict.ARTICLE
    assert verdict(capture, page(f"{title}: page not found", f"<p>{SENTENCE * 9}</p>")) is Verdict.ARTICLE


CONSENT = {
    "en": "We and our partners use cookies. With your consent we personalise. See our privacy policy on cookies.",
    "de": "Wir und unsere Partner verwenden Cookies. Mit Ihrer Einwilligung und Zustimmung zeigen wir Werbung ohne "
    "Tracking-Grenzen. Mehr im Datenschutz.",
    "fr": "Avec nos partenaires nous utilisons des cookies et vos données personnelles. Votre consentement vaut "
    "pour nos cookies et ceux de nos partenaires.",
    "es": "Nosotros y nuestros socios usamos cookies y sus datos personales. Con su consentimiento, las cookies de los "
    "socios miden la privacidad.",
    "it": "Noi e i nostri partner usiamo i cookie e i dati personali. Con il tuo consenso i cookie servono alla "
    "pubblicità; vedi privacy.",
    "nl": "Wij en onze partners gebruiken cookies. Met uw toestemming verwerken wij persoonsgegevens; "
    "zie privacy en cookies.",
    "sv": "Vi och våra partners använder cookies. Med ditt samtycke behandlar vi personuppgifter; se våra cookies.",
    "pl": "My i nasi partnerzy używamy cookies. Zgoda na pliki cookies: wyrażam zgodę, cookies partnerów, ciasteczka.",
}


@pytest.mark.parametrize("language", CONSENT)
def test_consent_walls(capture: MakeCapture, language: str) -> None:
    assert verdict(capture, page("Courier", f"<p>{CONSENT[language]}</p>")) is Verdict.CONSENT_WALL
    story = page("Rat streitet über Cookies", f"<p>{CONSENT[language]}</p><p>{SENTENCE * 9}</p>")
    assert verdict(capture, story) is Verdict.ARTICLE


def test_a_consent_wall_by_its_address_and_a_long_one(capture: MakeCapture) -> None:
    asked = page("Before you go on", f"<p>{SENTENCE}</p>")
    assert verdict(capture, asked, "https://consent.courier.example/?to=/a") is Verdict.CONSENT_WALL
    long = page("Courier", "".join(f"<p>{CONSENT['en']} {CONSENT['de']}</p>" for _ in range(5)))
    assert verdict(capture, long) is Verdict.CONSENT_WALL


CHALLENGES = {
    "en": ("Just a moment...", "Checking your browser."),
    "de": ("Nur einen Moment…", "Ihr Browser wird geprüft."),
    "fr": ("Un instant…", "Vérification en cours."),
    "es": ("Un momento…", "Verificando."),
    "nl": ("Een moment geduld…", "Controle."),
    "ru": ("Один момент…", "Проверка."),
    "ja": ("しばらくお待ちください...", "確認中です。"),
    "zh": ("请稍候…", "正在检查。"),
    "en, refused": ("Access Denied", "You don't have permission to access this on this server."),
    "en, text alone": ("courier.example", "Please verify you are human by completing the action below."),
    "de, text alone": ("courier.example", "Bitte bestätigen Sie, dass Sie kein Roboter sind."),
}


@pytest.mark.parametrize("case", CHALLENGES)
def test_challenges(capture: MakeCapture, case: str) -> None:
    title, body = CHALLENGES[case]
    assert verdict(capture, f"<html><head><title>{title}</title></head><body><p>{body}</p>") is Verdict.BOT_CHALLENGE


def test_a_story_about_robots(capture: MakeCapture) -> None:
    assert verdict(capture, page("Are you a robot? A council asks", f"<p>{SENTENCE * 8}</p>")) is Verdict.ARTICLE
    assert verdict(capture, page("Un momento de calma", f"<p>{SENTENCE * 8}</p>")) is Verdict.ARTICLE


OFFERS = {
    "en": "Subscribe to continue reading this story.",
    "en, other": "This article is for subscribers. Already a subscriber? Sign in.",
    "de": "Jetzt abonnieren und weiterlesen.",
    "de, other": "Dieser Artikel ist nur für Abonnenten. Weiterlesen mit C+.",
    "fr": "La suite de cet article est réservée aux abonnés.",
    "es": "Contenido exclusivo para suscriptores.",
    "it": "Contenuto riservato agli abbonati.",
    "pt": "Conteúdo exclusivo para assinantes.",
    "nl": "Dit artikel is alleen voor abonnees.",
    "sv": "Artikeln är endast för prenumeranter.",
    "no": "Saken er kun for abonnenter.",
    "pl": "Tekst tylko dla subskrybentów.",
    "ja": "この記事は有料会員限定です。",
}


@pytest.mark.parametrize("case", OFFERS)
def test_stubs_that_nobody_declared(capture: MakeCapture, case: str) -> None:
    offer = f"<div class=box><p>{OFFERS[case]}</p></div>"
    assert verdict(capture, page("Ledgers opened", f"<div><p>{SENTENCE * 3}</p></div>{offer}")) is Verdict.TEASER
    whole = page("Ledgers opened", f"<div><p>{SENTENCE * 7}</p><p>{SENTENCE * 8}</p></div>{offer}")
    assert verdict(capture, whole) is Verdict.ARTICLE


def test_a_declared_wall_without_a_word(capture: MakeCapture) -> None:
    stub = '<script type="application/ld+json">{"@type": "NewsArticle", "isAccessibleForFree": false}</script>'
    result = clean([capture(f"<html><head><title>Ledgers</title>{stub}</head><body></body></html>")])
    assert isinstance(result, Refusal)
    assert (result.verdict, result.reason) == (Verdict.PAYWALL, "declared as not free, 0 words")


@pytest.mark.parametrize(
    "words",
    [
        "You need to enable JavaScript to run this app.",
        "Bitte aktivieren Sie JavaScript, um diese Seite zu sehen. JavaScript wird benötigt.",
        "Veuillez activer JavaScript.",
        "Включите JavaScript.",
        "JavaScriptを有効にしてください。",
    ],
)
def test_pages_that_only_scripts_can_draw(capture: MakeCapture, words: str) -> None:
    drawn = (
        f"<html><head><title>Courier</title></head><body><noscript>{words}</noscript><div id=root></div></body></html>"
    )
    assert verdict(capture, drawn) is Verdict.EMPTY


def posts(clock: str) -> str:
    return "".join(
        f"<div class=post><p><b>{clock.format(hour=hour)}</b></p><p>At {hour} they counted. {SENTENCE}</p></div>"
        for hour in range(9, 16)
    )


LIVE = {
    "en": ("Council votes on the gates: live updates", "{hour}:15"),
    "de": ("Liveticker: Der Rat stimmt ab", "{hour}.15 Uhr"),
    "fr": ("Le vote du conseil en direct", "{hour}h15"),
    "es": ("El voto del consejo, minuto a minuto", "{hour}:15"),
    "it": ("Il voto del consiglio in diretta", "{hour}:15"),
    "pt": ("A votação ao vivo", "{hour}h15"),
    "pl": ("Głosowanie rady. Relacja na żywo", "{hour}:15"),
    "ru": ("Голосование совета: онлайн", "{hour}:15"),
    "zh": ("议会表决直播", "{hour}:15"),
}


@pytest.mark.parametrize("language", LIVE)
def test_live_blogs(capture: MakeCapture, language: str) -> None:
    title, clock = LIVE[language]
    told = page(title, f"<div class=posts>{posts(clock)}</div>")
    assert verdict(capture, told) is Verdict.LIVE_BLOG
    result = clean([capture(told)])
    assert isinstance(result, Article)
    assert result.word_count > 100
    # A headline alone makes none, and neither do times.
    assert verdict(capture, page(title, f"<p>{SENTENCE * 9}</p>")) is Verdict.ARTICLE
    assert verdict(capture, page("What happened when", f"<div>{posts(clock)}</div>")) is Verdict.ARTICLE


def test_a_declared_live_blog(capture: MakeCapture) -> None:
    declared = '<script type="application/ld+json">{"@type": "LiveBlogPosting", "headline": "Gates"}</script>'
    assert verdict(capture, page("Gates", f"<p>{SENTENCE * 9}</p>", head=declared)) is Verdict.LIVE_BLOG


PICTURES = "".join(f"<figure><img src=/{n}.jpg><figcaption>Gate {n} at noon.</figcaption></figure>" for n in range(8))


@pytest.mark.parametrize(
    "path", ["/galleries/gates", "/bildergalerie/tore", "/diaporama/portes", "/fotogaleria/x", "/fotos/x"]
)
def test_galleries(capture: MakeCapture, path: str) -> None:
    shown = page("Eight gates", f"<p>{SENTENCE * 2}</p>{PICTURES}")
    assert verdict(capture, shown, f"https://courier.example{path}") is Verdict.GALLERY
    assert verdict(capture, shown) is Verdict.ARTICLE
    story = page("Eight gates", f"<p>{SENTENCE * 15}</p>{PICTURES}")
    assert verdict(capture, story, f"https://courier.example{path}") is Verdict.ARTICLE


def test_a_declared_gallery(capture: MakeCapture) -> None:
    declared = '<script type="application/ld+json">{"@type": "ImageGallery", "name": "Gates"}</script>'
    assert verdict(capture, page("Eight gates", f"<p>{SENTENCE}</p>", head=declared)) is Verdict.GALLERY
    both = declared + '<script type="application/ld+json">{"@type": "NewsArticle", "headline": "Eight gates"}</script>'
    assert verdict(capture, page("Eight gates", f"<p>{SENTENCE}</p>", head=both)) is Verdict.ARTICLE


def test_videos(capture: MakeCapture) -> None:
    said = f"<video src=/g.mp4></video><p>{SENTENCE}</p>"
    assert verdict(capture, page("Gates move", said), "https://courier.example/video/gates") is Verdict.VIDEO
    assert verdict(capture, page("Gates move", said)) is Verdict.ARTICLE
    whole = f"<video src=/g.mp4></video><p>{SENTENCE * 9}</p>"
    assert verdict(capture, page("Gates move", whole), "https://courier.example/video/gates") is Verdict.ARTICLE
    for head in (
        '<meta property="og:type" content="video.other">',
        '<script type="application/ld+json">{"@type": "VideoObject", "name": "Gates move"}</script>',
    ):
        assert verdict(capture, page("Gates move", said, head=head)) is Verdict.VIDEO


def teasers(number: int, text: str) -> str:
    return "".join(
        f"<div class=item><h2><a href=/{n}>Story number {n} of the day in the town</a></h2><p>{text}</p></div>"
        for n in range(number)
    )


@pytest.mark.parametrize("language", ["en", "de"])
def test_indexes(capture: MakeCapture, language: str) -> None:
    text = {"en": SENTENCE, "de": SATZ}[language]
    section = page("Tide", f"<div class=list>{teasers(12, text)}</div>", language=language)
    assert verdict(capture, section, "https://courier.example/tide/") is Verdict.INDEX_PAGE
    bare = page("Tide", f"<div class=list>{teasers(12, '')}</div>")
    assert verdict(capture, bare, "https://courier.example/tide/") is Verdict.INDEX_PAGE


@pytest.mark.parametrize("path", ["/tag/tide/", "/category/harbour", "/autor/ida-mark/", "/de/thema/flut/"])
def test_short_indexes_by_their_address(capture: MakeCapture, path: str) -> None:
    assert verdict(capture, page("Tide", teasers(4, SENTENCE)), f"https://courier.example{path}") is Verdict.INDEX_PAGE
    assert verdict(capture, page("Tide", teasers(4, SENTENCE))) is Verdict.ARTICLE


def test_stories_beside_lists_of_others(capture: MakeCapture) -> None:
    beside = f"<p>{SENTENCE}</p><p>{SATZ}</p><p>{SENTENCE * 5}</p><div class=more>{teasers(12, SENTENCE)}</div>"
    assert verdict(capture, page("Ledgers opened", beside)) is Verdict.ARTICLE
    few = page("Ledgers opened", f"<p>{SENTENCE * 3}</p><div class=more>{teasers(12, '')}</div>")
    assert verdict(capture, few) is Verdict.ARTICLE
    declared = page(
        "Twelve stories", teasers(12, SENTENCE), head='<meta property="article:published_time" content="2026-11-24">'
    )
    assert verdict(capture, declared) is Verdict.ARTICLE
