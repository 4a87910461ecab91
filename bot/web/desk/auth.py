"""The door of the desk: every request passes it before any page does anything.

Owns the cookies, the token in every form, and where a request comes from. Must never tell one who
is not signed in anything but to sign in.
"""

import hmac
import re
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from typing import Annotated
from urllib.parse import quote, urlsplit

from fastapi import Depends, Request, Response
from starlette.datastructures import FormData

from bot.web.desk.permissions import may_enter
from directory.desk.accounts import Account
from directory.desk.services import DeskServices
from directory.desk.sessions import make_token

HOME = "/desk"
SIGN_IN = "/desk/sign-in"
_COOKIE = "connector-desk"
_MARK = "connector-desk-known"
_MARK_LASTS = 182 * 86_400
_TOKEN = re.compile(r"[A-Za-z0-9_-]{43}")
_MOST_FIELDS = 200
_MOST_BYTES_A_FIELD = 64 * 1024


class PageError(Exception):
    """Ends a request with a page that says why, in one sentence."""

    def __init__(self, status: int, title: str, sentence: str) -> None:
        super().__init__(title)
        self.status = status
        self.title = title
        self.sentence = sentence


class RedirectError(Exception):
    """Ends a request by leading to another page of the desk."""

    def __init__(self, address: str) -> None:
        super().__init__()
        self.address = address


@dataclass(frozen=True)
class RequestContext:
    """Who asks, None before they have signed in, and what they filled in.

    `cookie` is what the browser holds, and `token` what its forms must send back.
    """

    account: Account | None
    cookie: str
    token: str
    form: FormData = field(default_factory=FormData)

    @property
    def who(self) -> Account:
        """The account; only a page that is open to everybody has none."""
        if self.account is None:
            raise RedirectError(SIGN_IN)
        return self.account

    def text(self, name: str) -> str:
        """A field of the form, stripped; empty where there is none."""
        value = self.form.get(name, "")
        return value.strip() if isinstance(value, str) else ""

    def own(self, name: str) -> str:
        """An address of the desk's own in a field; empty where it leads anywhere else."""
        address = self.text(name)
        return address if is_own_address(address) else ""

    def texts(self, name: str) -> list[str]:
        """Every value of a field that may have several."""
        return [value for value in self.form.getlist(name) if isinstance(value, str)]


class Door:
    """Lets in, sends to sign in, or turns away. `base_url` is where the desk is reached."""

    def __init__(self, desk_services: DeskServices, secret: bytes, base_url: str = "") -> None:
        self._desk_services = desk_services
        self._secret = secret
        self._host = urlsplit(base_url).netloc
        self._always_secure = base_url.startswith("https:")

    def enter(self, request: Request, form: FormData) -> RequestContext:
        """Who comes, and with what. Raises PageError, RedirectError."""
        cookie = request.cookies.get(_COOKIE, "")
        if not _TOKEN.fullmatch(cookie):
            # A token of its own for each browser, so that the form to sign in is held to it too.
            cookie = make_token()
        account = self._desk_services.signins.find(cookie)
        visit = RequestContext(account, cookie, self._sign(cookie), form)
        if request.method == "POST":
            self._require_own(request, visit)
        room = request.url.path.removeprefix(HOME).strip("/").partition("/")[0]
        if not may_enter(account.role if account else None, room):
            if account is None:
                raise RedirectError(f"{SIGN_IN}?to={quote(_address(request))}")
            raise PageError(
                403, "This page is not for your account", "Ask an admin if you need it."
            )
        return visit

    def give(self, request: Request, response: Response, cookie: str) -> None:
        """Have the browser hold this token until it closes, and send it to the desk alone."""
        self._set(request, response, _COOKIE, cookie, path=HOME)

    def give_mark(self, request: Request, response: Response, mark: str) -> None:
        """Have the browser be known for half a year where it signs in, and there alone."""
        self._set(request, response, _MARK, mark, path=SIGN_IN, max_age=_MARK_LASTS)

    def find_mark(self, request: Request) -> str:
        """What `give_mark` gave; empty where there is none."""
        return request.cookies.get(_MARK, "")

    def _set(
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

    def _sign(self, cookie: str) -> str:
        return hmac.digest(self._secret, b"desk form:" + cookie.encode(), "sha256").hex()

    def _require_own(self, request: Request, visit: RequestContext) -> None:
        """Refuse a form that was not sent from a page of the desk, in this very browser."""
        sent = visit.text("token")
        if not self._is_from_here(request.headers) or not hmac.compare_digest(
            sent.encode(), visit.token.encode()
        ):
            raise PageError(
                403,
                "This form is out of date",
                "Nothing was changed. Open the page again, and send it once more.",
            )

    def _is_from_here(self, headers: Mapping[str, str]) -> bool:
        # Every browser names where a form comes from; behind a proxy, its own name counts too.
        origin = urlsplit(headers.get("origin", ""))
        ours = {headers.get("host", ""), self._host} - {""}
        return origin.scheme in ("http", "https") and origin.netloc in ours


async def read_form(request: Request) -> AsyncIterator[FormData]:
    """What was filled in, nothing for a request that only reads; its files close with it."""
    if request.method != "POST":
        yield FormData()
        return
    async with request.form(max_fields=_MOST_FIELDS, max_part_size=_MOST_BYTES_A_FIELD) as form:
        yield form


def visiting(request: Request) -> RequestContext:
    """The visit that the door let in."""
    visit: RequestContext = request.state.visit
    return visit


Visiting = Annotated[RequestContext, Depends(visiting)]


def is_own_address(address: str) -> bool:
    """Whether an address leads to a page of the desk, and to nowhere else."""
    return bool(re.fullmatch(r"/desk(?:/[\w./?=&%+-]*)?", address, re.ASCII)) and (
        "//" not in address
    )


def _address(request: Request) -> str:
    query = f"?{request.url.query}" if request.url.query else ""
    return request.url.path + query if request.method == "GET" else HOME
