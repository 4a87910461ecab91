"""What Community Connector adds to Open Referral UK, read back.

Kind, strands and assets are attributes of taxonomies of ours, and what volunteering asks for is an
object beside the standard's fields: a service stays valid with and without them.
"""

from dataclasses import dataclass
from typing import Any

from directory.errors import RowError
from directory.listing import ASSETS, KINDS, STRANDS
from directory.sources.fields import read_string, read_text, unique_texts

_TAXONOMY = "community connector"
_FIELDS = {"kind": KINDS, "strands": STRANDS, "assets": ASSETS}


@dataclass(frozen=True)
class ExtensionFields:
    """What a service tells in our words; empty where it tells nothing."""

    kind: str = ""
    strands: tuple[str, ...] = ()
    assets: tuple[str, ...] = ()
    proposed: tuple[str, ...] = ()
    skills_wanted: tuple[str, ...] = ()
    commitment: str = ""
    remote: bool = False


def is_own_term(term: dict[str, Any]) -> bool:
    """Whether a taxonomy term is a word of ours, and so no topic."""
    name = read_string(term.get("taxonomy")).casefold().replace("-", " ")
    return name.startswith(_TAXONOMY)


def read_extension(service: dict[str, Any]) -> ExtensionFields:
    """What `service` tells in our words. Raises RowError if that cannot be read."""
    ours = [
        one
        for one in service.get("attributes") or []
        if is_own_term(one.get("taxonomy_term") or {})
    ]
    words = [word for one in ours for word in _read_words(one)]
    guessed = {word for one in ours if one.get("proposed") is True for word in _read_words(one)}
    role = service.get("volunteering") or {}
    if not isinstance(role, dict):
        raise RowError("`volunteering` is not an object; see docs/reference/import-formats.md")
    skills = role.get("skills_wanted") or []
    if not isinstance(skills, list):
        raise RowError("`skills_wanted` is not a list of words")
    kind = next((word for word in words if word in KINDS), "")
    return ExtensionFields(
        kind=kind or ("volunteering" if role.get("role") is True else ""),
        strands=unique_texts(word for word in words if word in STRANDS),
        assets=unique_texts(word for word in words if word in ASSETS),
        # What the publisher itself only proposed is no more than that here.
        proposed=tuple(field for field, known in _FIELDS.items() if guessed & set(known)),
        skills_wanted=unique_texts(map(read_text, skills)),
        commitment=read_text(role.get("commitment")),
        remote=role.get("remote") is True,
    )


def _read_words(attribute: dict[str, Any]) -> list[str]:
    term = attribute["taxonomy_term"]
    said = (read_string(term.get(field)).casefold() for field in ("term", "name"))
    return [word.replace(" ", "_").replace("-", "_") for word in said]
