"""What every page of the desk is written on: its templates, its style and what was just done."""

from pathlib import Path
from typing import Any

from fastapi import Request, Response
from fastapi.responses import HTMLResponse, RedirectResponse

from bot.web.desk.auth import RequestContext
from bot.web.desk.permissions import find_rooms
from bot.web.templating import open_templates

_TEMPLATES = Path(__file__).resolve().parent / "templates"
STYLE = (_TEMPLATES / "desk.css").read_bytes()
_pages = open_templates(_TEMPLATES)
_pages.filters["day"] = lambda moment: f"{moment:%-d %B %Y}"
_pages.filters["moment"] = lambda moment: f"{moment:%-d %B %Y, %H:%M}"

# What a page may say once something is done; an address holds only the name.
_DONE = {
    "added": "The listing is added. Residents find it from now on.",
    "assured": "Noted: it was checked today, and is good for another six months.",
    "changed": "Your change is saved. Residents see it from now on.",
    "changed-meanwhile": "It was changed since you opened it, so nothing of yours was noted. "
    "This is how it is now: please look again.",
    "accepted": "Its answer is applied as it came.",
    "confirmed": "Thank you. It is noted that this was checked today.",
    "dropped": "Left out. It comes back if its source says it again.",
    "left": "Left: its listings stay as they are. It waits here again if its source says it again.",
    "given-back": "It follows its source again from the next time that is read.",
    "mended": "It is mended. Residents find it from now on.",
    "kept-apart": "Noted: they are two. Both are shown.",
    "kept-together": "Noted: they are one. Residents see it once.",
    "same": "Nothing was different, so nothing was changed.",
    "settled": "Settled. The note is gone.",
    "withdrawn": "Every link that was sent so far is withdrawn. The one below is new.",
    "signed-out": "You are signed out.",
}


def write(request: Request, template: str, status: int = 200, **values: Any) -> HTMLResponse:
    """A page, with the menu of whoever is signed in."""
    visit: RequestContext | None = getattr(request.state, "visit", None)
    account = visit.account if visit else None
    path = request.url.path.rstrip("/")
    page = _pages.get_template(template).render(
        account=account,
        rooms=find_rooms(account.role) if account else (),
        here=path.removeprefix("/desk/").partition("/")[0] if path != "/desk" else "",
        token=visit.token if visit else "",
        done=_DONE.get(request.query_params.get("done", ""), ""),
        **values,
    )
    return HTMLResponse(page, status)


def go(address: str, done: str = "") -> Response:
    """To another page after a form, so that loading that again sends nothing twice."""
    if done:
        address = f"{address}{'&' if '?' in address else '?'}done={done}"
    return RedirectResponse(address, 303)
