"""Chrome: the kinds of things that stand on a page and are none of its article, and what tells them."""

from __future__ import annotations

import re
from enum import StrEnum
from functools import lru_cache


class Chrome(StrEnum):
    """What a part of a page is that was left out of the text."""

    ADVERTISEMENT = "advertisement"
    RELATED = "related"  # articles on the same story: "read also", "more on this"
    RECIRCULATION = "recirculation"  # other articles: most read, latest, recommended
    NEWSLETTER = "newsletter"
    SUBSCRIPTION = "subscription"  # paywalls, logins, memberships, donations
    CONSENT = "consent"
    NAVIGATION = "navigation"  # menus, footers, breadcrumbs, search
    SHARE = "share"  # share and follow buttons, printing, listening
    AUTHOR_BOX = "author-box"
    BYLINE = "byline"
    DATE = "date"
    KICKER = "kicker"  # section, eyebrow, label above the headline
    TAGS = "tags"
    STANDFIRST = "standfirst"  # a summary that the page shows a second time
    HEADLINE_REPEATED = "headline-repeated"
    COMMENTS = "comments"
    CAPTION = "caption"
    CREDIT = "credit"
    MEDIA = "media"  # players, galleries, embedded posts
    CORRECTION = "correction"  # a note of an error in an earlier version
    LEGAL = "legal"
    FORM = "form"  # what fields and menus of a form hold
    REPEATED_CHROME = "repeated-chrome"  # what the site's profile knows
    REPEATED_TEXT = "repeated-text"  # a sentence of the text that stands a second time
    HIDDEN = "hidden"  # what the markup hides, and nothing else tells
    OTHER = "other"


_B, _E = r"(?:^|[-_\s])", r"(?:$|[-_\s])"  # a name's words are parted by signs
# What class, id, role, itemprop and the like call an element: the first that fits is taken, so that "newsletter-ad" is
# an advertisement, and "related-author" no author.
_NAMES: tuple[tuple[Chrome, str], ...] = (
    (
        Chrome.CONSENT,
        r"cookie|consent|gdpr|ccpa|onetrust|didomi|usercentrics|sourcepoint|quantcast|trustarc|cookiebot|"
        rf"{_B}cmp{_E}|{_B}qc-cmp|{_B}tcf",
    ),
    (Chrome.RECIRCULATION, r"outbrain|taboola|plista|recirc|mgid|revcontent"),
    (
        Chrome.ADVERTISEMENT,
        rf"{_B}(?:ad|ads|adv|adsense|dfp|gpt|mpu|leaderboard|adslot|adbox|adunit){_E}|advert|adsby|sponsor|anzeige|"
        r"werbung|publicidad|publicite|publicita|reklam|doubleclick|promoted-?(?:content|post|story)|affiliate|commerce-unit|advertorial",
    ),
    (Chrome.COMMENTS, rf"comment(?!ary)|disqus|komment|{_B}replies|{_B}respond{_E}|leserbrief|forum-?(?:teaser|link)"),
    (Chrome.NEWSLETTER, r"newsletter|mailchimp|mc_embed|mc4wp|mailing-?list|email-?sign|infolettre|boletin"),
    (
        Chrome.SHARE,
        r"share|sharing|social|addtoany|addthis|follow-?us|follow-?on|whatsapp|facebook|twitter|print-?(?:button|link)|"
        rf"{_B}(?:tools|toolbar|article-tools|bookmark|teilen){_E}|text-?(?:size|resize)|read-?aloud|speech",
    ),
    (
        Chrome.SUBSCRIPTION,
        r"subscri|paywall|regwall|piano|membership|donat|sign-?(?:in|up)|log-?in|register|premium-?(?:box|offer|teaser)|"
        rf"metered|{_B}abo(?:nn\w*)?{_E}|{_B}offer|support-?us|contribution",
    ),
    (
        Chrome.AUTHOR_BOX,
        r"author-?(?:s-)?(?:box|bio|card|info|profile|about|desc|details|footer|block|wrap)|about-?(?:the-?)?author|"
        rf"{_B}bio(?:graphy)?{_E}|contributor|writer-?(?:bio|box)|autor-?(?:box|info)|biobox",
    ),
    (Chrome.CREDIT, r"credit|photographer|fotograf|bildquelle|bildnachweis|image-?source|copyright-?(?:image|photo)"),
    (Chrome.CAPTION, r"caption|legend(?!ary)|bildunterschrift|bildtext|cutline|wp-caption"),
    (
        Chrome.BYLINE,
        rf"byline|{_B}by-?author|{_B}authors?{_E}|author-?(?:name|link|s)|autoren?{_E}|verfasser|dc-creator",
    ),
    (
        Chrome.DATE,
        rf"{_B}(?:date|datetime|time|timestamp|pubdate|published|posted|updated|modified|datum|fecha|dateline){_E}|"
        r"publish-?(?:ed|date|time|on)|date-?(?:published|modified|time|line)|post-?date|entry-?date|last-?updated|"
        r"reading-?time|read-?time|time-?to-?read",
    ),
    (
        Chrome.RELATED,
        r"relat(?:ed|ion)|read-?(?:also|more|next)|see-?also|also-?(?:read|like|in)|similar|more-?on(?:$|[-_\s]|this)|"
        r"mehr-?zum|further-?reading|linked-?article|inline-?(?:link|teaser|article)|background-?links|verwandt",
    ),
    (
        Chrome.RECIRCULATION,
        r"popular|trending|most-?(?:read|viewed|shared|commented)|mostread|meistgelesen|latest|recent-?(?:posts|news|articles)|"
        r"recommend|more-?(?:from|stories|news|articles|posts)|up-?next|next-?(?:article|post|story|up)|teaser|promo|"
        rf"post-?(?:navigation|nav|grid|list)|previous-?(?:article|post)|headlines{_E}|{_B}ticker|weitere|"
        rf"{_B}cards?{_E}|river|news-?list|article-?list|story-?list|top-?stories|editors-?picks|spotlight|highlights",
    ),
    (Chrome.TAGS, rf"{_B}tags?{_E}|tag-?(?:list|links|cloud|s-)|topics?{_E}|keywords?{_E}|{_B}schlagw|stichw"),
    (
        Chrome.KICKER,
        rf"kicker|eyebrow|overline|dachzeile|section-?(?:name|label|title)|rubri[ckq]|{_B}cat(?:egory|-links)",
    ),
    (
        Chrome.LEGAL,
        rf"copyright|imprint|impressum|{_B}legal{_E}|terms|disclaimer|privacy|datenschutz|colophon|site-?info{_E}",
    ),
    (
        Chrome.MEDIA,
        rf"player|{_B}(?:video|audio|podcast|gallery|slideshow|carousel|slider|embed|tweet|instagram|lightbox){_E}|"
        r"bildergalerie|photo-?gallery|image-?gallery|galeria|galerie",
    ),
    (
        Chrome.NAVIGATION,
        rf"{_B}nav{_E}|navi|navbar|menu|breadcrumb|brotkr|crumbs|pagination|pager|pagin|skip-?(?:to|link|nav)|masthead|"
        rf"top-?bar|site-?(?:header|footer|branding)|page-?(?:header|footer)|global-?(?:header|footer|nav)|sitemap|"
        r"search|language-?(?:switch|select)|sidebar-?nav|hamburger|back-?to-?top|logo{_E}|"
        rf"contentinfo|{_B}banner{_E}|^(?!(?:article|entry|post|story|card|content|single)[-_]).*(?:{_B}header{_E}|footer)",
    ),
    (Chrome.STANDFIRST, r"standfirst|sub-?title|sub-?headline|summary|excerpt|teaser-?text|entradilla|vorspann"),
)
_PATTERNS = [(kind, re.compile(pattern)) for kind, pattern in _NAMES]
# Elements that say it by their own name or role, where no name does.
TAGS = {
    "nav": Chrome.NAVIGATION,
    "footer": Chrome.NAVIGATION,
    "figcaption": Chrome.CAPTION,
    "time": Chrome.DATE,
    "form": Chrome.FORM,
    "button": Chrome.FORM,
    "menu": Chrome.NAVIGATION,
    "search": Chrome.NAVIGATION,
    "select": Chrome.FORM,
    "label": Chrome.FORM,
    "video": Chrome.MEDIA,
    "audio": Chrome.MEDIA,
    "object": Chrome.MEDIA,
}
_CAMEL = re.compile(r"(?<=[a-z])(?=[A-Z])")
_LONGEST_NAME = 60


@lru_cache(maxsize=16384)
def named(name: str) -> Chrome | None:
    """What one name of an element says of it; `articleFooter` is read as its words."""
    lowered = _CAMEL.sub("-", name[:_LONGEST_NAME]).lower()
    return next((kind for kind, pattern in _PATTERNS if pattern.search(lowered)), None)


# Where a link leads: said by its address, in any language.
_LINKS: tuple[tuple[Chrome, re.Pattern[str]], ...] = (
    (
        Chrome.MEDIA,
        re.compile(
            r"//(?:[a-z]+\.)?(?:instagram\.com/(?:p|reel)/|(?:twitter|x)\.com/\w+/status/|youtube\.com/watch|youtu\.be/|"
            r"tiktok\.com/@[^/]+/video/)",
            re.IGNORECASE,
        ),
    ),
    (
        Chrome.SHARE,
        re.compile(
            r"^mailto:|^whatsapp:|^fb-messenger:|//(?:[a-z0-9-]+\.)*(?:facebook|twitter|x|instagram|linkedin|pinterest|"
            r"reddit|tumblr|telegram|t|wa|vk|flipboard|getpocket|threads|tiktok|youtube|xing|bsky|mastodon|whatsapp|"
            r"line|truthsocial|weibo)\.(?:com|me|net|app|social|ru|org)(?:[/?#]|$)",
            re.IGNORECASE,
        ),
    ),
    (
        Chrome.LEGAL,
        re.compile(
            r"privacy|datenschutz|impressum|imprint|terms|nutzungsbed|cookie|legal|/agb|disclaimer|copyright", re.I
        ),
    ),
    (
        Chrome.SUBSCRIPTION,
        re.compile(r"subscri|/login|sign-?in|sign-?up|/register|/abo(?:$|[/?#n-])|donat|/membership|/account", re.I),
    ),
    (Chrome.NEWSLETTER, re.compile(r"newsletter", re.I)),
    (Chrome.COMMENTS, re.compile(r"#(?:comments?|respond|disqus|kommentare?)", re.I)),
    (Chrome.TAGS, re.compile(r"/(?:tags?|topics?|thema|themen|keyword|etiqueta|temas?|sujet|tema)/", re.I)),
    (Chrome.BYLINE, re.compile(r"/(?:authors?|autor(?:en|es)?|auteurs?|redaktion|staff|profile|by)/", re.I)),
)


def linked(href: str) -> Chrome | None:
    """What a link's address says of it."""
    short = href.strip()[:500]
    return next((kind for kind, pattern in _LINKS if pattern.search(short)), None)
