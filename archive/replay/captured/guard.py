"""The guard of captured pages: who may ask, and the policy that keeps every one of them in its frame.

Markup and styles are written anew before they are sent, but that is for what they look like. What keeps a page from
running anything, asking for anything elsewhere, or leading anybody anywhere by itself is said here, to the browser.
"""

from __future__ import annotations

import re

from starlette.datastructures import MutableHeaders
from starlette.requests import Request
from starlette.types import Message, Send

from archive.replay.answers import Problem
from archive.replay.captured.targets import PREFIX, Use
from archive.replay.guard import Guard
from archive.replay.settings import bracketed, name_of

# No script runs and no form is sent (``sandbox`` without ``allow-scripts`` and ``allow-forms``), no page leaves its
# frame. ``allow-same-origin``: without it the page would be a stranger to its own pictures, fonts and frames, which
# would then have to be handed to every stranger. The origin has nothing else in it.
SANDBOX = "sandbox allow-same-origin"
_OWN = "'self'"
_PICTURE = re.compile(rf"{PREFIX}[0-9]{{1,20}}{Use.PICTURE}/")

_SENT = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Origin-Agent-Cluster": "?1",
    "X-DNS-Prefetch-Control": "off",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
    "Cache-Control": "no-store",  # what is taken down tomorrow must not lie in a cache
}


def policy(application: str) -> str:
    """The Content-Security-Policy of every answer; ``application`` is the origin that may frame it."""
    rules = {
        "default-src": "'none'",
        "img-src": f"{_OWN} data:",
        "style-src": f"{_OWN} 'unsafe-inline'",  # of the page itself, its references rewritten
        "font-src": f"{_OWN} data:",
        "media-src": _OWN,
        "frame-src": _OWN,
        "form-action": "'none'",
        "base-uri": "'none'",
        "frame-ancestors": f"{_OWN} {application}",
    }
    return "; ".join([*(f"{name} {value}" for name, value in rules.items()), SANDBOX])


class CapturedGuard(Guard):
    """The same checks as around the application (host names, sizes, methods, token), and a stricter policy.

    The cookie that lets people in is that of the application: cookies know no ports.
    """

    def _keep_apart(self, request: Request) -> None:
        """Raise Problem where a page of another site asks, or something that would outlive the page."""
        if request.headers.get("sec-fetch-site", "none") not in {"none", "same-origin", "same-site"}:
            raise Problem(403, "captured pages are shown by the application alone")
        if "service-worker" in request.headers:
            raise Problem(403, "archived bytes are no worker of this origin")

    def _sealed(self, request: Request | None, send: Send) -> Send:
        """``send`` that leaves an answer no field but ours."""
        application = self._application(request) if request is not None else "'none'"
        # Pictures stand in pages of the application, too. By address no port is of one site with another (`same-site`
        # knows names alone), so browsers are told nothing here: pages of other sites were refused before.
        is_picture = request is not None and _PICTURE.match(request.scope["path"]) is not None

        async def sealed(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in _SENT.items():
                    headers[name] = value
                if is_picture:
                    headers["Cross-Origin-Resource-Policy"] = "cross-origin"
                headers["Content-Security-Policy"] = policy(application)
            await send(message)

        return sealed

    def _application(self, request: Request) -> str:
        """The origin of the application: on the same host, but another port."""
        settings = self._service.settings
        if settings.public is not None:
            return settings.public.rstrip("/")
        name = name_of(request.headers["host"])
        return f"{request.scope['scheme']}://{bracketed(name)}:{settings.port}"
