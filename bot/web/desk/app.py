"""The desk as a FastAPI app of its own. Must never log a URL or a form."""

from typing import Annotated

from fastapi import Depends, FastAPI, Request, Response
from fastapi.middleware.gzip import GZipMiddleware
from starlette.datastructures import FormData
from starlette.middleware import Middleware

from bot.rate_limit import RateLimit
from bot.web.desk import imports
from bot.web.desk.audit import create_audit_router
from bot.web.desk.auth import HOME, DeskAuth, parse_form_body
from bot.web.desk.contact import create_contact_router
from bot.web.desk.freshness import create_freshness_router
from bot.web.desk.imports import create_imports_router
from bot.web.desk.listings import create_listings_router
from bot.web.desk.need import create_need_router
from bot.web.desk.outreach import create_outreach_router
from bot.web.desk.pages import STYLESHEET
from bot.web.desk.permissions import EVERYBODY
from bot.web.desk.releases import create_releases_router
from bot.web.desk.review import create_review_router
from bot.web.desk.sign_in import create_sign_in_router
from bot.web.desk.signed_links import LinkSigner
from bot.web.desk.try_search import create_try_search_router
from bot.web.errors import DESK_ERRORS
from bot.web.middleware import BodyLimitMiddleware
from checkins.release.ledger import Ledger
from directory.desk.services import DeskServices
from directory.search.service import SearchService

SIGN_IN_ATTEMPTS_PER_MINUTE = 10
# The limit of every form but the one that uploads a file.
_MAX_FORM_BYTES = 256 * 1024


def create_desk(
    desk_services: DeskServices,
    search_service: SearchService,
    ledger: Ledger,
    secret: bytes,
    base_url: str = "",
    sign_in_attempts_per_minute: int = SIGN_IN_ATTEMPTS_PER_MINUTE,
) -> FastAPI:
    """The desk's app.

    `secret` signs forms and links, `base_url` is the public address without a final slash, and
    `sign_in_attempts_per_minute` is the limit of one client (0 for no limit).
    """
    auth = DeskAuth(desk_services, secret, base_url)
    link_signer = LinkSigner(secret, base_url)

    def authenticate(request: Request, form: Annotated[FormData, Depends(parse_form_body)]) -> None:
        request.state.context = auth.authenticate(request, form)

    desk = FastAPI(
        title="Community Connector: desk",
        docs_url=None,
        redoc_url=None,
        openapi_url=None,
        redirect_slashes=False,
        dependencies=[Depends(authenticate)],
        middleware=[
            Middleware(GZipMiddleware, minimum_size=1000),
            Middleware(
                BodyLimitMiddleware,
                max_bytes=_MAX_FORM_BYTES,
                larger={imports.PATH: imports.MAX_UPLOAD_BYTES},
            ),
        ],
        exception_handlers=DESK_ERRORS,
    )

    @desk.get("/desk/style.css", dependencies=[Depends(EVERYBODY)])
    def get_stylesheet() -> Response:
        headers = {"Cache-Control": "max-age=300"}
        return Response(STYLESHEET, media_type="text/css; charset=utf-8", headers=headers)

    for router in (
        create_sign_in_router(auth, desk_services, RateLimit(sign_in_attempts_per_minute)),
        create_review_router(desk_services),
        create_listings_router(desk_services, link_signer),
        create_contact_router(desk_services, link_signer, auth),
        create_freshness_router(desk_services),
        create_try_search_router(search_service),
        create_outreach_router(desk_services, link_signer, base_url),
        create_need_router(desk_services),
        create_imports_router(desk_services),
        create_releases_router(ledger),
        create_audit_router(desk_services.audit_log),
    ):
        desk.include_router(router, prefix=HOME)
    return desk
