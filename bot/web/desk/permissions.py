"""Which role each page of the desk needs, as a dependency of its route, and the menu's sections."""

from dataclasses import dataclass
from urllib.parse import quote

from fastapi import Request

from bot.web.desk.auth import HOME, SIGN_IN, Context, PageError, RedirectError
from directory.desk.accounts import Role


@dataclass(frozen=True)
class RequiredRole:
    """A dependency that lets in only accounts with one of these roles.

    Every route of the desk depends on one. None among the roles is a visitor without an account.
    """

    roles: frozenset[Role | None]

    async def __call__(self, request: Request, context: Context) -> None:
        """Raises RedirectError to the sign-in page, or PageError if the account may not."""
        account = context.account
        if (account.role if account else None) in self.roles:
            return
        if account is None:
            raise RedirectError(f"{SIGN_IN}?to={quote(_get_return_path(request))}")
        raise PageError(
            403,
            "Your account cannot open this page",
            "If you need it, ask the person who runs this service.",
        )


ADMINS = RequiredRole(frozenset({"admin"}))
EDITORS = RequiredRole(frozenset({"navigator", "admin"}))
ANALYSTS = RequiredRole(frozenset({"analyst", "admin"}))
ACCOUNTS = RequiredRole(EDITORS.roles | ANALYSTS.roles)
EVERYBODY = RequiredRole(ACCOUNTS.roles | {None})


@dataclass(frozen=True)
class Section:
    """A part of the desk. `name` is the first part of its path after /desk/."""

    name: str
    title: str
    description: str
    required: RequiredRole


SECTIONS = (
    Section(
        "review",
        "Review",
        "Decide on notes from residents, possible duplicates and feed updates on hold.",
        EDITORS,
    ),
    Section(
        "listings", "Listings", "Find, add, change and close the listings residents see.", EDITORS
    ),
    Section("freshness", "Freshness", "See which listings need to be checked again.", EDITORS),
    Section(
        "need",
        "Need",
        "See what residents looked for and did not find, and where listings are missing.",
        EDITORS,
    ),
    Section(
        "imports", "Import", "Add many listings from a file, and fix rows with errors.", EDITORS
    ),
    Section("try", "Try it", "Search as a resident would, and see what is found and why.", EDITORS),
    Section(
        "kit",
        "Outreach",
        "Get the code for your website, print a poster, share a shortlist.",
        EDITORS,
    ),
    Section("releases", "Releases", "Download check-in tables that are safe to publish.", ANALYSTS),
    Section("audit", "Audit", "See who changed what, and when.", ADMINS),
)


def list_sections(role: Role) -> tuple[Section, ...]:
    """The sections that a role can open, in the order of the menu."""
    return tuple(section for section in SECTIONS if role in section.required.roles)


def _get_return_path(request: Request) -> str:
    query = f"?{request.url.query}" if request.url.query else ""
    return request.url.path + query if request.method == "GET" else HOME
