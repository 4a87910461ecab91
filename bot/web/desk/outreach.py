"""What navigators hand on: the line that embeds the chat, a poster, and shortlists of listings."""

import re
from typing import Annotated, Literal
from urllib.parse import quote, urlencode

from fastapi import APIRouter, Query, Request, Response
from markupsafe import escape

from bot.web.desk.auth import PageError
from bot.web.desk.fonts import UndrawableError
from bot.web.desk.listings import see
from bot.web.desk.pages import write
from bot.web.desk.poster import Poster, draw_poster
from bot.web.desk.signed_links import DAYS, LinkSigner
from bot.web.parameters import Number, find_root
from directory.describe import summarise_listing
from directory.desk.services import DeskServices

_MOST_LISTED = 20
_BOT = re.compile(r"@?([A-Za-z]\w{3,31})", re.ASCII)
#: The languages of the widget's own words: see bot/widget/words.js.
LANGUAGES = {"en": "English"}
_COLOUR = re.compile(r"#[0-9A-Fa-f]{6}")

Words = Annotated[str, Query(max_length=60)]
Ids = Annotated[list[Number], Query(max_length=_MOST_LISTED)]


def create_kit(desk_services: DeskServices, sealer: LinkSigner, base_url: str = "") -> APIRouter:
    router = APIRouter()

    @router.get("/kit")
    def show(
        request: Request,
        title: Words = "Find local groups",
        accent: Words = "#0b5d4e",
        position: Literal["end", "start"] = "end",
        language: Words = "en",
        opened: Literal["", "yes"] = "",
        bot: Words = "",
        area: Words = "",
    ) -> Response:
        root = find_root(request, base_url)
        accent = accent if _COLOUR.fullmatch(accent) else "#0b5d4e"
        told = f'data-title="{escape(title)}" data-accent="{accent}" data-position="{position}"'
        language = language if language in LANGUAGES else "en"
        told += f' data-language="{language}"'
        told += " data-open" if opened else ""
        line = f'<script src="{root}/widget.js" {told} async></script>'
        asked = {"title": title, "accent": accent, "position": position, "language": language}
        asked |= {"opened": opened, "bot": bot, "area": area}
        return write(request, "kit.html", line=line, asked=asked, languages=LANGUAGES, root=root)

    @router.get("/kit/poster.pdf")
    def print_poster(
        request: Request, title: Words = "Find local groups", area: Words = "", bot: Words = ""
    ) -> Response:
        named = _BOT.fullmatch(bot.strip())
        if bot.strip() and not named:
            raise PageError(
                422,
                "That is no name of a Telegram bot",
                "Write it like this: larkhaven_bot.",
            )
        root = find_root(request, base_url)
        telegram = f"https://t.me/{named[1]}?start=poster" if named else ""
        poster = Poster(title.strip() or "Find local groups", area.strip(), f"{root}/", telegram)
        try:
            drawn = draw_poster(poster)
        except UndrawableError as error:
            raise PageError(
                422,
                "The poster cannot show every letter",
                f"There is no font here for {' '.join(error.letters)}. Leave that out, or write it "
                "in other letters.",
            ) from None
        saved = {"Content-Disposition": 'inline; filename="poster.pdf"'}
        return Response(drawn, media_type="application/pdf", headers=saved)

    @router.get("/shortlist")
    def show_shortlist(request: Request, listing: Ids = []) -> Response:  # noqa: B006
        found = desk_services.queries.read(list(dict.fromkeys(listing)))
        if not found:
            raise PageError(
                404, "Nothing is on this list", "Tick some listings first, then make a shortlist."
            )
        link = sealer.link(request, "shared", [one.id for one in found])
        words = "\n\n".join(summarise_listing(one) for one in found)
        letter = {"subject": "Places to go", "body": f"{words}\n\n{link}"}
        return write(
            request,
            "shortlist.html",
            found=[see(one) for one in found],
            link=link,
            letter=f"mailto:?{urlencode(letter, quote_via=quote)}",
            days=DAYS,
        )

    @router.get("/shared/{sealed}")
    def show_shared(request: Request, sealed: str) -> Response:
        found = desk_services.queries.read(sealer.open("shared", sealed))
        shown = [see(one) for one in found if not one.gone and one.listing.status != "closed"]
        return write(request, "shared.html", found=shown, lost=len(found) - len(shown))

    return router
