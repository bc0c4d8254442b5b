"""ReplayWeb.page, where it is installed, at an origin of its own: captured pages run their scripts there.

Nothing else is in that origin: neither the application, nor the pages that are shown without scripts. What runs there
can read the package of the page that was opened, and ask nobody else (`POLICY`). Packages are named by the server: an
address that it did not make is refused, so that a page cannot ask for others. On loopback each package has an origin of
its own, a name below ``localhost``, since the program keeps what it loaded in the storage of its origin. Elsewhere that
storage is emptied when the next page is opened.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import re
import secrets
from pathlib import Path
from urllib.parse import quote, urlencode

from starlette.applications import Starlette
from starlette.datastructures import MutableHeaders
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import FileResponse, HTMLResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Message, Send

from archive.errors import PresskeepError
from archive.replay import viewer
from archive.replay.addresses import stamp
from archive.replay.answers import Problem, answer, problem_of
from archive.replay.guard import Guard
from archive.replay.parcel import Parcels
from archive.replay.service import Service, Viewing
from archive.replay.settings import LOOPBACK_NAMES, name_of

# The program makes styles as it goes and compiles scripts of pages. What it may not do is to ask anybody else: not by
# itself, and not by its worker, which answers for the whole web.
POLICY = (
    "default-src 'none'; script-src 'self' 'unsafe-inline' 'unsafe-eval'; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data: blob:; font-src 'self' data:; media-src 'self' blob:; connect-src 'self' data:; "
    "frame-src 'self'; worker-src 'self'; base-uri 'self'; form-action 'none'; frame-ancestors 'self'"
)
_SENT = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Origin-Agent-Cluster": "?1",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
}
_PAGE = """<!doctype html>
<html lang="en" class="no-overflow"><head><meta charset="utf-8"><title>ReplayWeb.page</title>
<meta name="viewport" content="width=device-width, initial-scale=1"><script src="./ui.js"></script></head>
<body><replay-app-main></replay-app-main></body></html>
"""
_OWN = re.compile(r"p[0-9a-f]{24}\.localhost")
_TYPES = {"js": "text/javascript; charset=utf-8"}


class Packages:
    """The names of packages: what they are of, signed with a secret of this process."""

    def __init__(self) -> None:
        self._secret = secrets.token_bytes(32)

    def name(self, url: str, at: int) -> str:
        """The name of the package of a page."""
        said = f"{at} {url}".encode("utf-8", "surrogatepass")
        return f"{base64.urlsafe_b64encode(said).decode().rstrip('=')}.{self._sign(said)}.wacz"

    def meant(self, name: str) -> tuple[str, int]:
        """The page and the time that a name means; raises Problem for one that was not given out."""
        given, _, rest = name.partition(".")
        try:
            said = base64.urlsafe_b64decode(given + "=" * (-len(given) % 4))
        except (ValueError, binascii.Error):
            said = b""
        if not hmac.compare_digest(f"{self._sign(said)}.wacz".encode(), rest.encode("utf-8", "replace")):
            raise Problem(404, "there is no such package: open the page from the archive again")
        at, _, url = said.decode("utf-8", "surrogatepass").partition(" ")
        return url, int(at)

    def label(self, url: str, at: int) -> str:
        """The host name below ``localhost`` at which the package of a page is looked at, and no other."""
        return f"p{self._sign(f'at {at} {url}'.encode('utf-8', 'surrogatepass'))[:24]}"

    def _sign(self, said: bytes) -> str:
        return hmac.new(self._secret, said, hashlib.sha256).hexdigest()[:32]


def viewing(packages: Packages, origin: str) -> Viewing:
    """How the address of a page in the viewer is made, for links of the application."""

    scheme, _, authority = origin.partition("://")
    name = name_of(authority)
    port = authority[len(name) :]

    def address(url: str, at: int) -> str:
        # Browsers take all names below localhost for this machine without asking anybody (RFC 6761, section 6.3).
        own = f"{scheme}://{packages.label(url, at)}.localhost{port}" if name in LOOPBACK_NAMES else origin
        source = f"{own}/packages/{packages.name(url, at)}"
        return f"{own}/?{urlencode({'source': source})}#view=pages&url={quote(url, safe='')}&ts={stamp(at)}"

    return address


def viewing_application(service: Service, packages: Packages, folder: Path) -> ASGIApp:
    """The ASGI application of the viewer whose files are in a folder."""
    own = service.plain()
    parcels = [Parcels(one.archive, one.mementos) for one in service.each]
    for one, kept in zip(service.each, parcels, strict=True):
        one.at_end.append(kept.close)
        one.viewing = lambda origin: viewing(packages, origin)

    def made(url: str, at: int) -> Path:
        """The package, of the archive that has the page."""
        merged = service.merged
        number = merged.holder(merged.nearest(url, at).capture.id) if merged is not None else 0
        return parcels[number or 0].of(url, at)

    async def failed(request: Request, error: Exception) -> Response:
        return answer(own, request, problem_of(error))

    async def page(request: Request) -> Response:
        is_apart = _OWN.fullmatch(name_of(request.headers["host"]))
        return HTMLResponse(_PAGE, headers={} if is_apart else {"Clear-Site-Data": '"storage"'})

    async def package(request: Request) -> Response:
        url, at = packages.meant(request.path_params["name"])
        host = name_of(request.headers["host"])
        if _OWN.fullmatch(host) and host != f"{packages.label(url, at)}.localhost":
            raise Problem(404, "this package belongs to another page: open that from the archive")
        path = await service.read(made, url, at)
        return FileResponse(path, media_type="application/wacz", headers={"Cache-Control": "no-store"})

    async def file(request: Request) -> Response:
        name = request.path_params["name"]
        if name not in viewer.KNOWN.files:
            raise HTTPException(404)
        kind = _TYPES.get(name.rpartition(".")[2], "text/plain; charset=utf-8")
        return FileResponse(folder / name, media_type=kind, headers={"Cache-Control": "no-cache"})

    inner = Starlette(
        routes=[Route("/", page), Route("/packages/{name}", package), Route("/{name}", file)],
        exception_handlers={Problem: failed, PresskeepError: failed, HTTPException: failed, Exception: failed},
        max_body_size=0,
    )
    return ViewerGuard(inner, service)


class ViewerGuard(Guard):
    """The checks of the application but for the token: who knows the name of a package was given it by somebody."""

    def _is_known(self, host: str) -> bool:
        return super()._is_known(host) or _OWN.fullmatch(host) is not None

    def _keep_apart(self, request: Request) -> None:
        """Raise Problem where a page of another site asks for more than to be looked at."""
        site, mode = (request.headers.get(f"sec-fetch-{one}", "none") for one in ("site", "mode"))
        if site not in {"none", "same-origin"} and mode != "navigate":
            raise Problem(403, "the viewer is opened by a link of the archive's pages")

    def _enter(self, request: Request) -> Response | None:
        return None

    def _sealed(self, request: Request | None, send: Send) -> Send:
        async def sealed(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in _SENT.items():
                    headers[name] = value
            await send(message)

        return sealed
