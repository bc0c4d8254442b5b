"""What notices say that stand where an article should: challenges, errors, walls; in the languages of the press.

Words alone judge nothing: `archive.cleaning.verdict` asks them of pages that have hardly any text.
"""

from __future__ import annotations

import re

# Traces of the services that stand before a site, seen on their challenge pages and on no article.
CHALLENGE = re.compile(
    r"/cdn-cgi/challenge-platform/|cf-browser-verification|_cf_chl_opt|captcha-delivery\.com|_Incapsula_Resource|"
    r"px-captcha|/_sec/cp_challenge/|sgcaptcha|ddos-guard|awswaf|/recaptcha/challengepage/|geo\.captcha-delivery|"
    r"/_Incapsula_|errors\.edgesuite\.net|akamai-bot|friendlycaptcha|challenges\.cloudflare\.com"
)
_CHALLENGE_TITLES = (
    *("just a moment", "attention required", "access denied", "are you a robot", "please verify", "robot check"),
    *("verify you are human", "verifying you are human", "security check", "pardon our interruption"),
    *("human verification", "checking your browser", "ddos-guard", "request blocked", "you have been blocked"),
    *("einen moment bitte", "nur einen moment", "sicherheitsüberprüfung", "sind sie ein roboter", "zugriff verweigert"),
    *("un instant", "vérification de sécurité", "accès refusé", "êtes-vous un robot", "un momento", "acceso denegado"),
    *("comprobando su navegador", "accesso negato", "un attimo", "um momento", "acesso negado", "een moment"),
    *("toegang geweigerd", "ett ögonblick", "et øjeblik", "et øyeblikk", "hetkinen", "chwileczkę", "odmowa dostępu"),
    *("один момент", "проверка браузера", "доступ запрещен", "bir dakika lütfen", "erişim engellendi"),
    *("しばらくお待ちください", "请稍候", "請稍候", "访问被拒绝", "잠시만 기다리", "لحظة", "vui lòng chờ"),
)
CHALLENGE_TITLE = re.compile(rf"\W*(?:{'|'.join(map(re.escape, _CHALLENGE_TITLES))})", re.IGNORECASE)
CHALLENGE_TEXT = re.compile(
    r"verif(?:y|ying) (?:that )?you are (?:a )?human|unusual (?:traffic|activity) from your|press (?:&|and) hold|"
    r"enable javascript and cookies to continue|you don't have permission to access|incapsula incident|"
    r"dass sie (?:kein roboter|ein mensch) sind|que vous n'êtes pas un robot|que (?:no eres|usted no es) un robot|"
    r"di non essere un robot|não é um robô|dat u geen robot|nie jesteś robotem|что вы не робот|ロボットではない|"
    r"确认您是真人|로봇이 아닙니다",
    re.IGNORECASE,
)

_MISSING_TITLES = (
    *("page not found", "not found", "page doesn.t exist", "page does not exist", "no longer available"),
    *("page cannot be found", "page can.t be found", "we can.t find", "nothing found", "article has been removed"),
    *("seite nicht gefunden", "nicht gefunden", "nicht mehr verfügbar", "existiert nicht", "seite konnte nicht"),
    *("page introuvable", "page non trouvée", "n.existe (?:pas|plus)", "article n.est plus disponible"),
    *("p[áa]gina no encontrada", "no se (?:ha )?encontr", "no existe", "ya no está disponible"),
    *("pagina non trovata", "non è stata trovata", "non esiste", "non è più disponibile"),
    *("p[áa]gina n[ãa]o encontrada", "n[ãa]o existe", "pagina niet gevonden", "bestaat niet", "niet meer beschikbaar"),
    *("siden (?:blev )?ikke fundet", "siden finnes ikke", "fant ikke siden", "sidan hittades inte", "finns inte"),
    *("sivua ei löyt", "nie znaleziono", "strona nie istnieje", "stránka nenalezena", "stránka nebyla nalezena"),
    *("az oldal nem található", "pagina nu (?:a fost găsită|există)", "δεν βρέθηκε", "sayfa bulunamadı"),
    *("страница не найдена", "не найдено", "сторінку не знайдено", "страницата не е намерена"),
    *("ページが見つかりません", "お探しのページ", "页面不存在", "找不到(?:页面|該頁|您)", "頁面不存在", "404页面"),
    *("페이지를 찾을 수 없", "존재하지 않는", "الصفحة غير موجودة", "הדף לא נמצא", "halaman tidak ditemukan"),
    "không tìm thấy",
)
# The number alone only where nothing else is said: "Peugeot 404" and "404 new trees" are stories.
MISSING_TITLE = re.compile(
    rf"(?:^|\W)(?:{'|'.join(_MISSING_TITLES)})|^\W*(?:(?:error|erreur|fehler|errore?|erro|"
    rf"ошибка)\W*)?404\W*(?:$|error|\|)"
    r"|^\W*(?:http\W*)?(?:error|erreur|fehler|errore?|erro|ошибка)\W*(?:404|410)\b",
    re.IGNORECASE,
)

CONSENT = re.compile(
    r"\bcookies?\b|\bconsent|\beinwillig|\bzustimm|\btracking\b|\bpartners?\b|\bpartnern\b|\bdatenschutz|"
    r"\bprivacy\b|\bcookie-|\bwerbung\b|\bpur-abo\b|\bpersonali[sz]|\bpartenaires?\b|\bdonnées personnelles|"
    r"\bconsenti|\bsocios\b|\bprivacidad|\bdatos personales|\bpubblicità\b|\bdati personali|\bprivacidade|"
    r"\btoestemming|"
    r"\bpersoonsgegevens|\bsamtyck|\bsamtykke|\bpersonoppl|\bpersondata|\bpersonuppgift|\bevästee|\bsuostumu|"
    r"\bzgod[aęy]\b|\bciasteczk|\bpartner[óa]|\bsouhlas|\bсогласи|\bфайл\w* cookie|クッキー|同意|隐私|쿠키|동의",
    re.IGNORECASE,
)
# Hosts and paths of the pages that ask before anything is shown.
CONSENT_ADDRESS = re.compile(
    r"//(?:consent|myprivacy|cmp|cookiewall|privacy-gate)\.|/(?:cookie-?wall|consent-?wall|cookie-?consent|"
    r"privacy-gate|"
    r"consent(?:/|\?|$)|zustimmung(?:/|\?|$))",
    re.IGNORECASE,
)

# What stands where the rest of a story is withheld.
WITHHELD = re.compile(
    r"(?:subscribe|sign (?:in|up)|log ?in|register|create an account).{0,40}(?:to (?:continue|keep|read)|"
    r"for full access)|"
    r"(?:continue|keep) reading.{0,40}(?:subscri|account|register|free trial|member)|read the (?:full|whole|"
    r"rest of).{0,60}"
    r"(?:subscri|sign|log)|(?:exclusive|available|only|reserved) (?:to|for|"
    r"content for) (?:our )?(?:paid )?(?:subscribers|members)|"
    r"(?:article|story|content) is for (?:subscribers|members)|already a subscriber|subscriber[- ](?:only|exclusive)|"
    r"weiterlesen (?:mit|als|nach)|(?:jetzt|hier|um) .{0,50}weiter(?:zu)?lesen|nur für abonnent|"
    r"exklusiv für abonnent|"
    r"sie sind bereits abonnent|diesen artikel (?:mit|lesen sie mit)|artikel ist (?:nur )?(?:für|abonnent)|"
    r"réservé (?:à nos|aux) abonn|la suite (?:est |de cet article est )?réservée|lire la suite.{0,30}abonn|"
    r"il (?:vous )?reste .{0,40} à (?:lire|découvrir)|déjà abonné|"
    r"(?:exclusivo|solo|sólo) para (?:suscriptores|abonados)|(?:suscríbete|regístrate|"
    r"inicia sesión) para (?:seguir|continuar|leer)|"
    r"para (?:seguir|continuar) leyendo|riservat[oa] (?:agli|ai) abbonati|abbonati per (?:continuare|leggere)|"
    r"(?:continua|prosegui) (?:a leggere|la lettura).{0,30}abbon|(?:exclusivo|só) para assinantes|"
    r"assine para (?:ler|continuar)|"
    r"(?:alleen|exclusief) voor abonnees|lees verder met|word abonnee|(?:lås upp|endast för prenumeranter|"
    r"logga in för att läsa)|"
    r"(?:kun for abonnenter|for å lese (?:videre|hele)|les videre med|logg inn for å lese)|(?:læs videre med|"
    r"log ind for at læse)|"
    r"(?:vain tilaajille|jatka lukemista|lue koko)|(?:tylko dla (?:subskrybentów|prenumeratorów)|aby czytać dalej)|"
    r"(?:pouze pro předplatitele|pro předplatitele)|csak előfizetőknek|(?:только|доступно) (?:для|по) подпис|"
    r"(?:会員限定|有料会員|この記事は有料|続きを読むには)|(?:订阅后|登录后)(?:继续)?阅读|(?:유료 ?회원|로그인 후)",
    re.IGNORECASE,
)

SCRIPTS_NEEDED = re.compile(
    r"(?:enable|turn on|activate|requires?|without|need) (?:your )?javascript|javascript (?:is (?:required|"
    r"disabled|not)|"
    r"muss|aktivieren|wird benötigt|ist deaktiviert)|javascript.{0,20}(?:aktivier|einschalt|erforderlich)|"
    r"activer (?:le )?javascript|(?:habilit|activ)\w* (?:el )?javascript|abilit\w* javascript|(?:habilit|"
    r"ativ)\w* o? ?javascript|"
    r"schakel javascript|aktivera javascript|aktiver javascript|włącz javascript|включите javascript|"
    r"javascript ?(?:を有効|が無効)|启用 ?javascript|자바스크립트|javascript.{0,4}활성화",
    re.IGNORECASE,
)
