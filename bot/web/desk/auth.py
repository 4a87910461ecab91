"""Authentication for the desk: whose request it is, and whether a form was sent from the desk.

Owns the cookies, the CSRF token in every form, and the check of a form's origin. Which account may
open which page is in `permissions.py`.
"""

import hmac
import re
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from typing import Annotated
from urllib.parse import unquote

from fastapi import Depends, Request, Response
from starlette.datastructures import FormData

from bot.web.origins import get_origin, is_loopback, is_own_form, list_host_origins
from directory.desk.accounts import Account
from directory.desk.services import DeskServices
from directory.desk.sessions import make_token

HOME = "/desk"
SIGN_IN = "/desk/sign-in"
_SESSION_COOKIE = "connector-desk"
_DEVICE_COOKIE = "connector-desk-known"
_DEVICE_COOKIE_SECONDS = 182 * 86_400
_TOKEN = re.compile(r"[A-Za-z0-9_-]{43}")
_MAX_FIELDS = 200
_MAX_FIELD_BYTES = 64 * 1024


class PageError(Exception):
    """Ends a request with an error page: a status, a title and one sentence."""

    def __init__(self, status: int, title: str, sentence: str) -> None:
        super().__init__(title)
        self.status = status
        self.title = title
        self.sentence = sentence


class RedirectError(Exception):
    """Ends a request with a redirect to another page of the desk."""

    def __init__(self, url: str) -> None:
        super().__init__()
        self.url = url


@dataclass(frozen=True)
class RequestContext:
    """The account and the form of one request. `account` is None before sign-in.

    `session_token` is the value of the session cookie, and `csrf_token` is what a form must send.
    """

    account: Account | None
    session_token: str
    csrf_token: str
    form: FormData = field(default_factory=FormData)

    @property
    def user(self) -> Account:
        """The signed-in account. Raises RedirectError to the sign-in page if there is none."""
        if self.account is None:
            raise RedirectError(SIGN_IN)
        return self.account

    def get_text(self, name: str) -> str:
        """A form field without surrounding spaces; empty if it is missing."""
        value = self.form.get(name, "")
        return value.strip() if isinstance(value, str) else ""

    def get_texts(self, name: str) -> list[str]:
        """All values of a form field that can occur several times."""
        return [value for value in self.form.getlist(name) if isinstance(value, str)]

    def get_desk_path(self, name: str) -> str:
        """A form field that holds a path of the desk; empty if it leads anywhere else."""
        path = self.get_text(name)
        return path if is_desk_path(path) else ""


class DeskAuth:
    """Authenticates requests. `base_url` is the address of the desk, which forms must come from.

    While that is loopback, the desk is being tried or reached through a tunnel, and forms may come
    from any host that leads to it.
    """

    def __init__(self, desk_services: DeskServices, secret: bytes, base_url: str = "") -> None:
        self._desk_services = desk_services
        self._secret = secret
        self._base_url = "" if is_loopback(base_url) else base_url
        self._always_secure = base_url.startswith("https:")

    def authenticate(self, request: Request, form: FormData) -> RequestContext:
        """The context of a request. Raises PageError for a form that was not sent from the desk."""
        session_token = request.cookies.get(_SESSION_COOKIE, "")
        if not _TOKEN.fullmatch(session_token):
            # Each browser gets a token before sign-in, so that CSRF protection covers sign-in too.
            session_token = make_token()
        account = self._desk_services.sessions.find(session_token)
        context = RequestContext(account, session_token, self._sign(session_token), form)
        if request.method == "POST":
            self._check_csrf(request, context)
        return context

    def set_session_cookie(self, request: Request, response: Response, session_token: str) -> None:
        """Set the session cookie, which ends with the browser and is sent to the desk only."""
        self._set_cookie(request, response, _SESSION_COOKIE, session_token, path=HOME)

    def set_device_cookie(self, request: Request, response: Response, device_token: str) -> None:
        """Remember the browser for half a year. The cookie is sent to the sign-in page only."""
        self._set_cookie(
            request,
            response,
            _DEVICE_COOKIE,
            device_token,
            path=SIGN_IN,
            max_age=_DEVICE_COOKIE_SECONDS,
        )

    def read_device_token(self, request: Request) -> str:
        """The token from `set_device_cookie`; empty if there is none."""
        return request.cookies.get(_DEVICE_COOKIE, "")

    def _set_cookie(
        self,
        request: Request,
        response: Response,
        name: str,
        value: str,
        *,
        path: str,
        max_age: int | None = None,
    ) -> None:
        response.set_cookie(
            name,
            value,
            max_age=max_age,
            path=path,
            httponly=True,
            samesite="lax",
            secure=self._always_secure or request.url.scheme == "https",
        )

    def _sign(self, session_token: str) -> str:
        return hmac.digest(self._secret, b"desk form:" + session_token.encode(), "sha256").hex()

    def _check_csrf(self, request: Request, context: RequestContext) -> None:
        """Raise PageError for a form that was not sent from the desk in this same browser."""
        sent = context.get_text("token")
        if not self._is_same_origin(request.headers) or not hmac.compare_digest(
            sent.encode(), context.csrf_token.encode()
        ):
            raise PageError(
                403,
                "This form is out of date",
                "Nothing was changed. Open the page again and send the form once more."
                + (f" The desk is at {self._base_url}{HOME}." if self._base_url else ""),
            )

    def _is_same_origin(self, headers: Mapping[str, str]) -> bool:
        origins = [get_origin(self._base_url)] if self._base_url else list_host_origins(headers)
        # Every browser that the desk supports sends the origin of a form.
        return is_own_form(headers, self._base_url) and headers.get("origin") in origins


async def parse_form_body(request: Request) -> AsyncIterator[FormData]:
    """The form of a POST request, empty for other requests. Uploaded files close with the form."""
    if request.method != "POST":
        yield FormData()
        return
    async with request.form(max_fields=_MAX_FIELDS, max_part_size=_MAX_FIELD_BYTES) as form:
        yield form


def get_context(request: Request) -> RequestContext:
    """The context that `DeskAuth.authenticate` made for this request."""
    context: RequestContext = request.state.context
    return context


Context = Annotated[RequestContext, Depends(get_context)]


def is_desk_path(path: str) -> bool:
    """Whether a path leads to a page of the desk and cannot lead anywhere else."""
    # Browsers take "%2e" for a dot as well, and then remove the part before "..".
    parts = unquote(path.partition("?")[0]).split("/")
    if {".", ".."} & set(parts) or "" in parts[1:-1]:
        return False
    return bool(re.fullmatch(r"/desk(?:/[\w./?=&%+-]*)?", path, re.ASCII))
