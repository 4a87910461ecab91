"""Rendering of the desk's pages: templates, style sheet, menu and status messages."""

from pathlib import Path
from typing import Any

from fastapi import Request, Response
from fastapi.responses import HTMLResponse, RedirectResponse

from bot.web.desk.auth import RequestContext
from bot.web.desk.permissions import list_sections
from bot.web.templating import open_templates

_TEMPLATES = Path(__file__).resolve().parent / "templates"
STYLESHEET = (_TEMPLATES / "desk.css").read_bytes()
_environment = open_templates(_TEMPLATES)
_environment.filters["day"] = lambda moment: f"{moment:%-d %B %Y}"
_environment.filters["moment"] = lambda moment: f"{moment:%-d %B %Y, %H:%M}"

# What a page says after an action. The query parameter `done` holds the key only.
_MESSAGES = {
    "added": "Listing added. Residents can find it now.",
    "assured": "Confirmed. This listing was checked today and counts as correct for six months.",
    "changed": "Changes saved. Residents see them now.",
    "changed-meanwhile": "Somebody changed this listing after you opened it, so nothing was saved. "
    "The page now shows the new version. Please check it again.",
    "accepted": "The feed update was applied.",
    "confirmed": "Thank you. This listing counts as checked today.",
    "dropped": "The row was removed. It comes back if its source sends it again.",
    "left": "The listings were kept as they are. The update appears here again if the feed "
    "repeats it.",
    "given-back": "This listing will follow its source again, from the next time the source is "
    "read.",
    "mended": "The row is fixed. Residents can find the listing now.",
    "kept-apart": "Marked as different listings. Residents see both.",
    "kept-together": "Marked as the same listing. Residents see it once.",
    "same": "You changed nothing, so nothing was saved.",
    "settled": "The note is settled and deleted.",
    "withdrawn": "All links sent so far were withdrawn. The link below is new.",
    "signed-out": "You are signed out.",
}


def render_page(request: Request, template: str, status: int = 200, **values: Any) -> HTMLResponse:
    """Render a template with the menu of the signed-in account and the status message."""
    context: RequestContext | None = getattr(request.state, "context", None)
    account = context.account if context else None
    path = request.url.path.rstrip("/")
    page = _environment.get_template(template).render(
        account=account,
        sections=list_sections(account.role) if account else (),
        current_section=path.removeprefix("/desk/").partition("/")[0] if path != "/desk" else "",
        csrf_token=context.csrf_token if context else "",
        message=_MESSAGES.get(request.query_params.get("done", ""), ""),
        **values,
    )
    return HTMLResponse(page, status)


def redirect(url: str, message: str = "") -> Response:
    """Redirect after a form, so that reloading the page sends nothing twice.

    `message` is a key of the status messages.
    """
    if message:
        url = f"{url}{'&' if '?' in url else '?'}done={message}"
    return RedirectResponse(url, 303)
