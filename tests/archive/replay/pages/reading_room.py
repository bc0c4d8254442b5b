"""An archive to be looked at, written for these tests: editions, scripts of all directions, refusals, hostile text."""

from __future__ import annotations

import base64
from html import escape
from pathlib import Path

from archive.catalogue.blocking import Target
from archive.clock import parse_warc_date
from archive.crew import clean_pending
from archive.exchange import Attempt, Exchange, NoAnswer, Origin, Role
from archive.removal.takedown import take_down
from archive.store import Archive

COURIER, MERSAD, TIDE = "https://courier.example", "https://mersad.example", "https://shiogoyomi.example"
CRANE = f"{COURIER}/2026/11/crane"
FERRY = f"{COURIER}/2026/11/ferry?line=4&stop=pier"
LIVE = f"{COURIER}/2026/11/storm-live"
PARTS = f"{COURIER}/2026/11/all-the-tides"
NAUGHTY = f"{COURIER}/2026/11/%22%3E%3Cscript%3Ealert(1)%3C/script%3E?q='\"><svg/onload=alert(2)>"
GONE = f"{COURIER}/2026/10/gone"
DOWN = f"{COURIER}/2026/10/withdrawn"
MOVED = f"{COURIER}/?p=17"
UNANSWERED = f"{COURIER}/2026/11/nobody-answers"
ARABIC, HEBREW = f"{MERSAD}/ar/marsa", f"{MERSAD}/he/namal"
JAPANESE, CHINESE = f"{TIDE}/ja/minato", f"{TIDE}/zh/gang"
PICTURE = f"{COURIER}/crane.png"

# What ends up in titles, bylines, captions and addresses of pages that somebody made to harm.
NAUGHTY_STRINGS = (
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(2)>',
    "'-alert(3)-'",
    "{{ 7 * 7 }}{% raw %}",
    "javascript:alert(4)",
    "]]>--><!--",
    "&lt;b&gt; &amp;amp; &#x3c;",
    "\u202eright to left\u202c \u2066isolated",
    "\x1b[31mred\x07\x00",
    "\u0000\ufffe\uffff",
    "Z\u0351\u036ba\u0363\u0300l\u034cg\u0358o\u0338",
    "ﷺ" * 20,
    "a" * 3_000,
)

_PIXEL = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg=="
)
_STORY = (
    "The harbour crane began its journey of sixty metres on Sunday, and nobody in the old town heard it go. Four men "
    "walked beside it with wedges, as their grandfathers had done when it came.",
    "“It weighs what forty buses weigh,” said Ruth Olsen, who has looked after it since 1998. “But it stands on "
    "eight wheels, and one of them squeaks.” The squeak was recorded by the museum.",
    "The move costs 1.2 million crowns, which the council and the harbour guild share. A third of it is for the "
    "rails, which were cast in the same foundry as those of 1911.",
    "From the spring on, visitors can climb to the cabin on Saturdays. The guild asks them to bring no dogs and to "
    "mind the seventh step, which it has not found the money for.",
)
_CORRECTION = "Correction: an earlier version of this article said that the crane weighs what fifty buses weigh."


def story(
    headline: str,
    paragraphs: tuple[str, ...] = _STORY,
    *,
    language: str = "en-GB",
    author: str = "Ida Mark",
    standfirst: str = "",
    modified: str = "",
    extra: str = "",
    dir: str = "ltr",
) -> str:
    """A page with one article among a news page's usual company."""
    body = "\n".join(f"<p>{one}</p>" for one in paragraphs)
    lead = f'<p class="standfirst">{standfirst}</p>' if standfirst else ""
    changed = f'<meta property="article:modified_time" content="{modified}">' if modified else ""
    return f"""<!doctype html><html lang="{language}" dir="{dir}"><head><meta charset="utf-8"><title>{headline}</title>
<meta property="og:type" content="article"><meta property="og:title" content="{headline}">
<meta name="author" content="{author}"><meta property="article:section" content="Harbour">
<meta property="article:published_time" content="2026-11-01T08:15:00+01:00">{changed}</head><body>
<header><nav><ul><li><a href="/">Home</a></li><li><a href="/harbour">Harbour</a></li></ul></nav></header>
<div class="ad"><p>Advertisement</p><p>Paint for hulls, by the bucket. Two for the price of three.</p></div>
<main><article><h1>{headline}</h1>{lead}<p class="byline">By <a rel="author" href="/ida">{author}</a></p>
{body}{extra}</article></main>
<aside class="related"><h2>More from the harbour</h2><ul><li><a href="/a">Gulls again</a></li>
<li><a href="/b">The ice that never came</a></li></ul></aside>
<footer><p>© The Courier, all rights reserved.</p></footer></body></html>"""


_FIGURE = """<figure><img src="/crane.png" alt="A crane on rails" width="800" height="500"><figcaption>The crane on
Sunday, some metres from where it stood for a century.
<span class="credit">Photo: Jon Holm</span></figcaption></figure>
<figure><img src="/never-fetched.png" alt="" width="800" height="500">
<figcaption>The seventh step.</figcaption></figure>
"""
_LISTED = """<h2>What comes next</h2><ul><li>The rails are greased in December, with a grease that the guild makes
itself from a recipe that it keeps.</li><li>The cabin is painted in the spring, in the green that it had in 1911 and
has on all photographs since.</li></ul><blockquote><p>Nobody will miss the squeak, least of all those who live beside
it and have asked for oil every year.</p></blockquote>"""
_CHANGED = (_STORY[0], _STORY[1].replace("forty", "fifty"), *_STORY[2:])
_EDITIONS = (
    ("2026-11-01T09:00:00Z", story("Crane begins its journey", _CHANGED, extra=_FIGURE)),
    ("2026-11-01T12:00:00Z", story("Crane begins its journey", _CHANGED, extra=_FIGURE)),
    ("2026-11-01T15:30:00Z", story("Harbour crane moves sixty metres", _CHANGED, extra=_FIGURE)),
    ("2026-11-03T09:00:00Z", story("Crane begins its journey", _CHANGED, extra=_FIGURE)),
    (
        "2026-11-09T09:00:00Z",
        story(
            "Harbour crane moves sixty metres, and squeaks",
            (*_STORY, _CORRECTION),
            standfirst="Four men with wedges, eight wheels, and one sound that the museum wants to keep.",
            modified="2026-11-09T08:40:00+01:00",
            extra=_FIGURE + _LISTED,
        ),
    ),
    ("2026-11-20T09:00:00Z", "<html><body><h1>Sorry</h1><p>Back soon.</p></body></html>"),
    (
        "2026-11-24T09:00:00Z",
        story(
            "Harbour crane moves sixty metres, and squeaks",
            (*_STORY, _CORRECTION),
            standfirst="Four men with wedges, eight wheels, and one sound that the museum wants to keep.",
            modified="2026-11-09T08:40:00+01:00",
            extra=_FIGURE + _LISTED,
        ),
    ),
)
_ARABIC = story(
    "رافعة الميناء القديمة تبدأ رحلتها على القضبان",
    (
        "بدأت رافعة الميناء القديمة يوم الأحد رحلتها التي يبلغ طولها ستين مترا، ولم يسمع بها أحد في المدينة القديمة. "
        "سار إلى جانبها أربعة رجال يحملون الأوتاد كما فعل أجدادهم من قبل.",
        "وقالت سلمى الحداد، المسؤولة عن الرافعة منذ عام 1998: «تزن الرافعة ما تزنه أربعون حافلة، لكنها تقف على ثماني "
        "عجلات، وإحداها تصدر صريرا». وقد سجل المتحف ذلك الصرير.",
        "وتبلغ تكلفة النقل 1.2 مليون، يتقاسمها المجلس ونقابة الميناء (HARBOUR GUILD 1911)، وثلثها للقضبان التي صبت "
        "في المسبك نفسه الذي صب القضبان الأولى.",
    ),
    language="ar",
    author="سلمى الحداد",
    dir="rtl",
)
_HEBREW = story(
    "המנוף הישן בנמל יוצא לדרך של שישים מטרים",
    (
        "המנוף הישן בנמל יצא ביום ראשון לדרכו, שישים מטרים בסך הכול, ואיש בעיר העתיקה לא שמע אותו נוסע. ארבעה אנשים "
        "הלכו לצדו עם טריזים, כפי שעשו סביהם.",
        "”הוא שוקל כמו ארבעים אוטובוסים“, אמרה רות אולסן, שמטפלת בו מאז 1998. ”אבל הוא עומד על שמונה גלגלים, ואחד מהם "
        "חורק.“ המוזיאון הקליט את החריקה לאוסף הקבוע שלו.",
        "ההעברה עולה 1.2 מיליון, והמועצה וגילדת הנמל מתחלקות בסכום. שליש ממנו מיועד למסילות, שנוצקו באותו בית יציקה.",
    ),
    language="he",
    author="רות אולסן",
    dir="rtl",
)
_JAPANESE = story(
    "港の古いクレーン、六十メートルの旅に出る",
    (
        "港の古いクレーンが日曜日、六十メートルの旅を始めた。旧市街でその音を聞いた人は一人もいなかった。くさびを持った"
        "四人の男たちが、かつて祖父たちがそうしたように、その横を歩いた。",
        "「バス四十台分の重さがあります」と、一九九八年から管理を任されている港湾課の担当者は話す。「でも八つの車輪で立って"
        "いて、そのうちの一つがきしむのです」。博物館はそのきしむ音を録音して保存した。",
        "移設の費用は百二十万で、市と港の組合が分担する。そのうち三分の一はレールの代金で、一九一一年と同じ鋳造所で作られた。",
    ),
    language="ja",
    author="港野 ゆり",
)
_CHINESE = story(
    "老港口起重机开始六十米的旅程",
    (
        "港口的老起重机星期天开始了六十米的旅程，老城里没有人听见它移动。四名男子拿着木楔走在它旁边，就像他们的祖父当年"
        "把它运来时所做的那样。",
        "“它的重量相当于四十辆公共汽车，”自一九九八年以来负责照看它的工程师说，“但它站在八个轮子上，其中一个会吱吱作响。”"
        "博物馆已经把这种声音录了下来，准备在春天展出。",
        "搬迁费用为一百二十万，由市议会和港口行会共同承担，其中三分之一用于铁轨，铁轨与一九一一年的铁轨出自同一家铸造厂。",
    ),
    language="zh-Hans",
    author="林港生",
)


def _live() -> str:
    posts = "".join(
        f"<article class='live-post'><time datetime='2026-11-18T{6 + n // 10:02}:{n % 10 * 6:02}:00+01:00'></time>"
        f"<h2>Update {n}: the water stands at {310 + n} centimetres</h2><p>At the old gauge the water rose by one more "
        f"centimetre, and the harbour master, who has counted {n} gulls on the breakwater, expects no end of it before "
        "the evening tide turns.</p></article>"
        for n in range(60)
    )
    ld = (
        '{"@context":"https://schema.org","@type":"LiveBlogPosting","headline":"Storm over the harbour, as it happens"}'
    )
    page = story("Storm over the harbour, as it happens", (_STORY[0],), extra=posts)
    return page.replace("</head>", f'<script type="application/ld+json">{ld}</script></head>')


def _naughty() -> str:
    strings = [escape(one) for one in NAUGHTY_STRINGS]
    paragraphs = tuple(f"{text} {said}" for text, said in zip(_STORY * 4, strings, strict=False))
    figure = f'<figure><img src="javascript:alert(5)" alt="{strings[0]}"><figcaption>{strings[1]}</figcaption></figure>'
    return story(f"{strings[0]} {strings[1]} {strings[3]}", paragraphs, author=strings[2], extra=figure + _LISTED)


def _exchange(
    url: str,
    at: str,
    body: str | bytes,
    *,
    status: str = "200 OK",
    mime: str = "text/html",
    fields: str = "",
    role: Role = Role.ARTICLE,
) -> Exchange:
    site = url.split("/")[2]
    payload = body if isinstance(body, bytes) else body.encode("utf-8", "replace")
    head = f"HTTP/1.1 {status}\r\nContent-Type: {mime}\r\n{fields}Content-Length: {len(payload)}\r\n\r\n"
    return Exchange(
        url=url,
        at=parse_warc_date(at),
        request=f"GET / HTTP/1.1\r\nHost: {site}\r\n\r\n".encode(),
        response=head.encode() + payload,
        duration=81_234,
        ip="192.0.2.7",
        protocols=("http/1.1", "tls/1.3"),
        origin=Origin(site=site, role=role, via=f"https://{site}/feed.xml", source="feed", hops="L"),
    )


def _many() -> str:
    paragraphs = tuple(
        f"Tide {n}: high water at the old gauge came {n} minutes after the bells of the church had rung for the {n}th "
        "time that winter, as the keeper of the book noted."
        for n in range(1, 1_702)
    )
    return story("All the tides of a year, one by one", paragraphs)


def make(path: Path) -> Path:
    """The archive, at a path that is not there yet."""
    with Archive.create(path, name="Reading-Room", operator="The tests", contact="tests@example.org") as archive:
        with archive.writer("crawl", {one.split("/")[2]: b"{}" for one in (COURIER, MERSAD, TIDE)}) as writer:
            for at, body in _EDITIONS:
                status = "503 Service Unavailable" if "Sorry" in body else "200 OK"
                writer.add(_exchange(CRANE, at, body, status=status))
            writer.add(_exchange(PICTURE, "2026-11-01T09:00:02Z", _PIXEL, mime="image/png", role=Role.OTHER))
            ferry = story("Ferry fares frozen for a second winter", _STORY[::-1])
            writer.add(_exchange(FERRY, "2026-11-02T10:00:00Z", ferry))
            writer.add(_exchange(ARABIC, "2026-11-04T10:00:00Z", _ARABIC))
            writer.add(_exchange(ARABIC, "2026-11-05T10:00:00Z", _ARABIC.replace("أربعون", "خمسون")))
            writer.add(_exchange(HEBREW, "2026-11-04T10:05:00Z", _HEBREW))
            writer.add(_exchange(JAPANESE, "2026-11-04T11:00:00Z", _JAPANESE))
            writer.add(_exchange(JAPANESE, "2026-11-06T11:00:00Z", _JAPANESE.replace("四十台", "五十台")))
            writer.add(_exchange(CHINESE, "2026-11-04T11:05:00Z", _CHINESE))
            writer.add(_exchange(LIVE, "2026-11-18T12:00:00Z", _live()))
            writer.add(_exchange(PARTS, "2026-11-19T12:00:00Z", _many()))
            writer.add(_exchange(NAUGHTY, "2026-11-21T12:00:00Z", _naughty()))
            writer.add(_exchange(GONE, "2026-11-22T12:00:00Z", "<h1>Not found</h1>", status="404 Not Found"))
            moved = f"Location: {CRANE}\r\n"
            writer.add(_exchange(MOVED, "2026-11-22T12:01:00Z", "", status="301 Moved Permanently", fields=moved))
            writer.add(_exchange(DOWN, "2026-11-22T12:02:00Z", story("Somebody asked for this to go", _STORY[1:])))
            origin = Origin(site="courier.example", role=Role.ARTICLE, source="feed")
            asked = parse_warc_date("2026-11-22T13:00:00Z")
            writer.add_attempt(Attempt(UNANSWERED, asked, NoAnswer.TIMEOUT, "no byte within 45 s", origin=origin))
        clean_pending(archive)
        take_down(archive, Target.of(DOWN), given=DOWN, reason="asked by a court")
    return path
