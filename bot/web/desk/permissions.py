"""The rooms of the desk, and who may enter which: the one place where roles are weighed."""

from dataclasses import dataclass

from directory.desk.accounts import Role

_KEEPS: frozenset[Role] = frozenset({"navigator", "admin"})
_READS: frozenset[Role] = frozenset({"analyst", "admin"})
_EVERYBODY: frozenset[Role] = _KEEPS | _READS


@dataclass(frozen=True)
class Room:
    """A part of the desk: the first word of its address after /desk/, and what it is for."""

    name: str
    title: str
    about: str
    roles: frozenset[Role]

    def admits(self, role: Role | None) -> bool:
        return role in self.roles


ROOMS = (
    Room(
        "review",
        "Review",
        "What waits for your word, each settled in a click or two.",
        _KEEPS,
    ),
    Room("listings", "Listings", "Find, add, change and close what residents are sent to.", _KEEPS),
    Room("freshness", "Freshness", "What was last checked when, and wants another look.", _KEEPS),
    Room("need", "Need", "What was looked for and not found, beside what there is.", _KEEPS),
    Room("imports", "Import", "Take in many listings, and mend what is held back.", _KEEPS),
    Room("try", "Try it", "Type as a resident would, and see what is found and why.", _KEEPS),
    Room("kit", "Kit", "The line for your site, a poster, and shortlists to hand on.", _KEEPS),
    Room("releases", "Releases", "Tables of check-ins that are safe to publish.", _READS),
    Room("audit", "Audit", "Who changed which listing, and when.", frozenset({"admin"})),
)
# Pages of a room that have an address of their own.
_WITHIN = {"shortlist": "kit"}
# Nobody needs to be signed in for these.
OPEN = frozenset({"sign-in", "style.css", "contact", "shared"})
# And these are everybody's who is.
SHARED = frozenset({"", "sign-out"})


def find_rooms(role: Role) -> tuple[Room, ...]:
    """The rooms that are open to a role, in the order of the menu."""
    return tuple(room for room in ROOMS if room.admits(role))


def may_enter(role: Role | None, name: str) -> bool:
    """Whether somebody of this role, None if not signed in, may go where the address leads.

    What is no room is closed to everybody.
    """
    if name in OPEN:
        return True
    if name in SHARED:
        return role in _EVERYBODY
    name = _WITHIN.get(name, name)
    return any(room.name == name and room.admits(role) for room in ROOMS)
