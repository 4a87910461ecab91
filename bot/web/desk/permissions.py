"""The sections of the desk and who can open each one. Roles are checked nowhere else."""

from dataclasses import dataclass

from directory.desk.accounts import Role

_EDITORS: frozenset[Role] = frozenset({"navigator", "admin"})
_ANALYSTS: frozenset[Role] = frozenset({"analyst", "admin"})
_ALL_ROLES: frozenset[Role] = _EDITORS | _ANALYSTS


@dataclass(frozen=True)
class Section:
    """A part of the desk. `name` is the first part of its path after /desk/."""

    name: str
    title: str
    description: str
    roles: frozenset[Role]


SECTIONS = (
    Section(
        "review",
        "Review",
        "Decide on notes from residents, possible duplicates and feed updates on hold.",
        _EDITORS,
    ),
    Section(
        "listings", "Listings", "Find, add, change and close the listings residents see.", _EDITORS
    ),
    Section("freshness", "Freshness", "See which listings need to be checked again.", _EDITORS),
    Section(
        "need",
        "Need",
        "See what residents looked for and did not find, and where listings are missing.",
        _EDITORS,
    ),
    Section(
        "imports", "Import", "Add many listings from a file, and fix rows with errors.", _EDITORS
    ),
    Section(
        "try", "Try it", "Search as a resident would, and see what is found and why.", _EDITORS
    ),
    Section(
        "kit",
        "Outreach",
        "Get the code for your website, print a poster, share a shortlist.",
        _EDITORS,
    ),
    Section(
        "releases", "Releases", "Download check-in tables that are safe to publish.", _ANALYSTS
    ),
    Section("audit", "Audit", "See who changed what, and when.", frozenset({"admin"})),
)
# Pages of a section that have a path of their own.
_SUBPAGES = {"shortlist": "kit"}
# Pages that need no account.
PUBLIC_PAGES = frozenset({"sign-in", "style.css", "contact", "shared"})
# Pages for accounts of every role.
COMMON_PAGES = frozenset({"", "sign-out"})


def list_sections(role: Role) -> tuple[Section, ...]:
    """The sections that a role can open, in the order of the menu."""
    return tuple(section for section in SECTIONS if role in section.roles)


def can_access(role: Role | None, page: str) -> bool:
    """Whether a role (None if not signed in) can open a page.

    `page` is the first part of a path after /desk/. A page that belongs to no section is closed to
    everybody.
    """
    if page in PUBLIC_PAGES:
        return True
    if page in COMMON_PAGES:
        return role in _ALL_ROLES
    name = _SUBPAGES.get(page, page)
    return any(section.name == name and role in section.roles for section in SECTIONS)
