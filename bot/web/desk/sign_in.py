"""Sign-in, sign-out and the start page of the desk."""

import math
from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request, Response

from bot.rate_limit import RateLimit
from bot.web.desk.auth import HOME, SIGN_IN, Context, DeskAuth, is_desk_path
from bot.web.desk.pages import redirect, render_page
from bot.web.desk.permissions import ACCOUNTS, EVERYBODY
from bot.web.limits import get_client_network
from directory.desk.services import DeskServices
from directory.errors import BusyError

# The same for every reason, so that an attacker learns nothing from it.
_FAILED = (
    "Sign-in failed. Check your name and password. "
    "After five failed attempts, wait a minute, then try again."
)
_TOO_MANY_ATTEMPTS = "There were too many attempts to sign in. Wait a minute, then try again."
_BUSY_SECONDS = 2  # about as long as one password hash takes on a busy machine


def create_sign_in_router(
    auth: DeskAuth, desk_services: DeskServices, limit: RateLimit
) -> APIRouter:
    """The sign-in pages. `limit` counts a client's attempts under all names together."""
    router = APIRouter()

    @router.get("/sign-in", dependencies=[Depends(EVERYBODY)])
    def show_sign_in(
        request: Request, context: Context, to: Annotated[str, Query()] = ""
    ) -> Response:
        if context.account:
            return redirect(HOME)
        page = render_page(request, "sign_in.html", to=to if is_desk_path(to) else "", error="")
        auth.set_session_cookie(request, page, context.session_token)
        return page

    @router.post("/sign-in", dependencies=[Depends(EVERYBODY)])
    def sign_in(request: Request, context: Context) -> Response:
        to = context.get_desk_path("to") or HOME
        wait = limit.count_request(get_client_network(request))
        if wait:
            return ask_to_wait(request, 429, to, _TOO_MANY_ATTEMPTS, wait)
        password = context.form.get("password", "")
        try:
            device_token = auth.read_device_token(request)
            account = desk_services.accounts.check(
                context.get_text("name"), str(password), device_token
            )
        except BusyError as busy:
            return ask_to_wait(request, 503, to, str(busy), _BUSY_SECONDS)
        if account is None:
            return render_page(request, "sign_in.html", 422, to=to, error=_FAILED)
        response = redirect(to)
        # A new token, because somebody else may know the one from before sign-in.
        auth.set_session_cookie(request, response, desk_services.sessions.begin(account))
        auth.set_device_cookie(request, response, desk_services.accounts.make_device_token(account))
        return response

    @router.post("/sign-out", dependencies=[Depends(ACCOUNTS)])
    def sign_out(context: Context) -> Response:
        desk_services.sessions.end(context.session_token)
        return redirect(SIGN_IN, "signed-out")

    @router.get("", dependencies=[Depends(ACCOUNTS)])
    def show_home(request: Request) -> Response:
        return render_page(request, "home.html")

    def ask_to_wait(request: Request, status: int, to: str, error: str, wait: float) -> Response:
        page = render_page(request, "sign_in.html", status, to=to, error=error)
        page.headers["Retry-After"] = str(math.ceil(wait))
        return page

    return router
