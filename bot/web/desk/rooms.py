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
    Room("releases", "Releases", "Tables of check-ins that are safe to publish.", _READS),
    Room("audit", "Audit", "Who changed which listing, and when.", frozenset({"admin"})),
)
# Nobody needs to be signed in for these.
OPEN = frozenset({"sign-in", "style.css"})
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
    return any(room.name == name and room.admits(role) for room in ROOMS)
