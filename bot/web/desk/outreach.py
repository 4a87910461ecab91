"""Outreach: the code that embeds the chat, the poster, and shortlists of listings to share."""

import re
from typing import Annotated, Literal
from urllib.parse import quote, urlencode

from fastapi import APIRouter, Depends, Query, Request, Response
from markupsafe import escape

from bot.web.desk.auth import PageError
from bot.web.desk.cards import build_card
from bot.web.desk.fonts import MissingGlyphError
from bot.web.desk.pages import render_page
from bot.web.desk.permissions import EDITORS, EVERYBODY
from bot.web.desk.poster import Poster, draw_poster
from bot.web.desk.signed_links import LINK_DAYS, LinkSigner
from bot.web.parameters import RecordId
from directory.describe import summarise_listing
from directory.desk.services import DeskServices

_MAX_SHORTLIST = 20
_DEFAULT_TITLE = "Find local groups"
_DEFAULT_ACCENT = "#0b5d4e"
_TELEGRAM_BOT = re.compile(r"@?([A-Za-z]\w{3,31})", re.ASCII)
#: The languages that the widget's own text is in: see bot/widget/words.js.
LANGUAGES = {"en": "English"}
_COLOUR = re.compile(r"#[0-9A-Fa-f]{6}")

ShortText = Annotated[str, Query(max_length=60)]
ListingIds = Annotated[list[RecordId], Query(max_length=_MAX_SHORTLIST)]


def create_outreach_router(
    desk_services: DeskServices, link_signer: LinkSigner, base_url: str = ""
) -> APIRouter:
    router = APIRouter()

    @router.get("/kit", dependencies=[Depends(EDITORS)])
    def show_outreach(
        request: Request,
        title: ShortText = _DEFAULT_TITLE,
        accent: ShortText = _DEFAULT_ACCENT,
        position: Literal["end", "start"] = "end",
        language: ShortText = "en",
        opened: Literal["", "yes"] = "",
        bot: ShortText = "",
        area: ShortText = "",
    ) -> Response:
        accent = accent if _COLOUR.fullmatch(accent) else _DEFAULT_ACCENT
        language = language if language in LANGUAGES else "en"
        attributes = (
            f'data-title="{escape(title)}" data-accent="{accent}" data-position="{position}" '
            f'data-language="{language}"{" data-open" if opened else ""}'
        )
        return render_page(
            request,
            "outreach.html",
            code=f'<script src="{base_url}/widget.js" {attributes} async></script>',
            options={
                "title": title,
                "accent": accent,
                "position": position,
                "language": language,
                "opened": opened,
                "bot": bot,
                "area": area,
            },
            languages=LANGUAGES,
            root=base_url,
        )

    @router.get("/kit/poster.pdf", dependencies=[Depends(EDITORS)])
    def download_poster(
        title: ShortText = _DEFAULT_TITLE,
        area: ShortText = "",
        bot: ShortText = "",
    ) -> Response:
        bot_name = _TELEGRAM_BOT.fullmatch(bot.strip())
        if bot.strip() and not bot_name:
            raise PageError(
                422,
                "This is not the name of a Telegram bot",
                "Write the name like this: larkhaven_bot.",
            )
        telegram = f"https://t.me/{bot_name[1]}?start=poster" if bot_name else ""
        poster = Poster(title.strip() or _DEFAULT_TITLE, area.strip(), f"{base_url}/", telegram)
        try:
            pdf = draw_poster(poster)
        except MissingGlyphError as error:
            raise PageError(
                422,
                "The poster cannot show some characters",
                f"No font here has {' '.join(error.characters)}. Remove or replace them.",
            ) from None
        headers = {"Content-Disposition": 'inline; filename="poster.pdf"'}
        return Response(pdf, media_type="application/pdf", headers=headers)

    @router.get("/shortlist", dependencies=[Depends(EDITORS)])
    def show_shortlist(request: Request, listing: ListingIds = []) -> Response:  # noqa: B006
        listings = desk_services.queries.read(list(dict.fromkeys(listing)))
        if not listings:
            raise PageError(
                404,
                "This shortlist is empty",
                "Tick some listings on the page Listings, then make a shortlist.",
            )
        link = link_signer.create_link("shared", [stored.id for stored in listings])
        summaries = "\n\n".join(summarise_listing(stored) for stored in listings)
        email = {"subject": "Places to go", "body": f"{summaries}\n\n{link}"}
        return render_page(
            request,
            "shortlist.html",
            cards=[build_card(stored) for stored in listings],
            link=link,
            mailto=f"mailto:?{urlencode(email, quote_via=quote)}",
            days=LINK_DAYS,
        )

    @router.get("/shared/{token}", dependencies=[Depends(EVERYBODY)])
    def show_shared_shortlist(request: Request, token: str) -> Response:
        listings = desk_services.queries.read(link_signer.read_token("shared", token))
        cards = [
            build_card(stored)
            for stored in listings
            if not stored.gone and stored.listing.status != "closed"
        ]
        return render_page(
            request, "shared.html", cards=cards, closed_count=len(listings) - len(cards)
        )

    return router
