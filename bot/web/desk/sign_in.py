"""Signing in and out, and the first page."""

import math
from typing import Annotated

from fastapi import APIRouter, Query, Request, Response

from bot.web.desk.auth import HOME, SIGN_IN, Door, Visiting, is_own_address
from bot.web.desk.pages import go, write
from bot.web.desk.permissions import find_rooms
from bot.web.limits import RateLimit, name_client
from directory.desk.services import DeskServices
from directory.errors import BusyError

# The same for every reason: who guesses learns nothing.
_REFUSED = (
    "That did not work. Check the name and the password. "
    "After five tries in a row there is a pause: wait a minute, then try again."
)
_TOO_FAST = "Too many tries came from here. Wait a minute, then try again."
_A_HASH = 2  # seconds, on a machine that has other things to do


def create_signing_in(door: Door, desk_services: DeskServices, limit: RateLimit) -> APIRouter:
    """`limit` is how often one client may try, whatever the name."""
    router = APIRouter()

    @router.get("/sign-in")
    def ask(request: Request, visit: Visiting, to: Annotated[str, Query()] = "") -> Response:
        if visit.account:
            return go(HOME)
        page = write(request, "sign_in.html", to=to if is_own_address(to) else "", refused="")
        door.give(request, page, visit.cookie)
        return page

    @router.post("/sign-in")
    def sign_in(request: Request, visit: Visiting) -> Response:
        to = visit.own("to") or HOME
        wait = limit.wait(name_client(request))
        if wait:
            return put_off(request, 429, to, _TOO_FAST, wait)
        password = visit.form.get("password", "")
        try:
            mark = door.find_mark(request)
            account = desk_services.accounts.check(visit.text("name"), str(password), mark)
        except BusyError as busy:
            return put_off(request, 503, to, str(busy), _A_HASH)
        if account is None:
            return write(request, "sign_in.html", 422, to=to, refused=_REFUSED)
        answer = go(to)
        # A new token: what the browser held before may be known to somebody else.
        door.give(request, answer, desk_services.signins.begin(account))
        door.give_mark(request, answer, desk_services.accounts.make_mark(account))
        return answer

    @router.post("/sign-out")
    def sign_out(visit: Visiting) -> Response:
        desk_services.signins.end(visit.cookie)
        return go(SIGN_IN, "signed-out")

    @router.get("")
    def show_home(request: Request, visit: Visiting) -> Response:
        return write(request, "home.html", open_rooms=find_rooms(visit.who.role))

    def put_off(request: Request, status: int, to: str, why: str, wait: float) -> Response:
        page = write(request, "sign_in.html", status, to=to, refused=why)
        page.headers["Retry-After"] = str(math.ceil(wait))
        return page

    return router
