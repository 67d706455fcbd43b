"""What every answer forbids a browser to do, and which requests are refused before anything reads them.

There is no login yet. So the server listens on this machine only unless told otherwise, answers only to the
names it is known by (a page elsewhere can point a name of its own at 127.0.0.1), and takes no state-changing
request that a browser says comes from another site.
"""

from collections.abc import Iterable, Mapping
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from anju_platform.web.problems import Problem, problem_response

CONTENT_SECURITY_POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' data:",
        "connect-src 'self'",
        "manifest-src 'self'",
        "form-action 'self'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
    )
)
HEADERS = {
    "Content-Security-Policy": CONTENT_SECURITY_POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
}
LOOPBACK = ("localhost", "127.0.0.1", "[::1]")
_SAFE = frozenset({"GET", "HEAD", "OPTIONS"})


class SecurityMiddleware:
    """`hosts`: the names it answers to, without ports; ("*",) answers to any."""

    def __init__(self, app: ASGIApp, *, hosts: Iterable[str] = LOOPBACK) -> None:
        self._app = app
        self._hosts = frozenset(hosts)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in HEADERS.items():
                    headers.setdefault(name, value)
            await send(message)

        problem = self._refusal(scope["method"], Headers(scope=scope))
        answer: ASGIApp = problem_response(problem) if problem else self._app
        await answer(scope, receive, send_with_headers)

    def _refusal(self, method: str, headers: Mapping[str, str]) -> Problem | None:
        host = headers.get("host", "")
        if "*" not in self._hosts and _without_port(host) not in self._hosts:
            detail = f"Host: got {host!r}, expected one of {', '.join(sorted(self._hosts))} (set by --allow-host)"
            return Problem(type="urn:anju:problem:host", title="Unknown host", status=400, detail=detail)
        if method not in _SAFE and is_cross_site(headers):
            detail = "A request that changes something must come from a page of this site, or from no page"
            return Problem(type="urn:anju:problem:cross-site", title="Forbidden", status=403, detail=detail)
        return None


def is_cross_site(headers: Mapping[str, str]) -> bool:
    """Whether a browser says that the request comes from a page of another origin."""
    site = headers.get("sec-fetch-site")
    if site is not None:
        return site not in {"same-origin", "none"}
    origin = headers.get("origin")
    return origin is not None and urlsplit(origin).netloc != headers.get("host")


def _without_port(host: str) -> str:
    name, colon, port = host.rpartition(":")
    return name if colon and port.isdigit() else host
