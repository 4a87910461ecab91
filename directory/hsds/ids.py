"""The ids of everything published: UUIDs that stay the same as long as their source does.

Owns the names that UUIDs are made from. Must never make a random one.
"""

import re
from uuid import UUID, uuid5

_OURS = UUID("6f0f5b0e-7a0b-5a35-9f7e-4f5b1d6c2e11")
_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.I)


def is_uuid(text: object) -> bool:
    """Whether this is a UUID with hyphens, as the standard requires."""
    return isinstance(text, str) and bool(_UUID.fullmatch(text))


def make_id(*names: str) -> str:
    """The UUID for these names, the widest scope first. The same names give the same UUID."""
    # With the lengths, two different lists of names never give the same text.
    return str(uuid5(_OURS, "".join(f"{len(name)}:{name}" for name in names)))


def service_id(source: str, key: str) -> str:
    """The source's own key if it is a UUID, else a UUID made from source and key."""
    return key if is_uuid(key) else make_id("service", source, key)


def organisation_id(source: str, name: str) -> str:
    return make_id("organization", source, name)


def taxonomy_id(name: str) -> str:
    return make_id("taxonomy", name)


def term_id(taxonomy: str, name: str) -> str:
    return make_id("term", taxonomy, name)
