"""The ids that the directory publishes: UUIDs that never change while their source does not.

Owns the names that UUIDs are made of. Must never make one by chance.
"""

import re
from uuid import UUID, uuid5

_OURS = UUID("6f0f5b0e-7a0b-5a35-9f7e-4f5b1d6c2e11")
_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.I)


def is_uuid(text: object) -> bool:
    """Whether it is a UUID as the standard writes them, with hyphens."""
    return isinstance(text, str) and bool(_UUID.fullmatch(text))


def make_id(*names: str) -> str:
    """The UUID of what goes by `names`, the widest first: always the same for the same names."""
    # Lengths, so that no two lists of names can run into one.
    return str(uuid5(_OURS, "".join(f"{len(name)}:{name}" for name in names)))


def service_id(source: str, key: str) -> str:
    """The source's own key where that is a UUID, else one made of source and key."""
    return key if is_uuid(key) else make_id("service", source, key)


def organisation_id(source: str, name: str) -> str:
    return make_id("organization", source, name)


def taxonomy_id(name: str) -> str:
    return make_id("taxonomy", name)


def term_id(taxonomy: str, name: str) -> str:
    return make_id("term", taxonomy, name)
