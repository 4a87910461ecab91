"""Reading Community Connector's extension of Open Referral UK.

Kind, strands and assets are attributes with terms of our own taxonomies, and volunteering is an
additional object. A service is valid with and without them.
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
    """The values of the extension; empty if not given."""

    kind: str = ""
    strands: tuple[str, ...] = ()
    assets: tuple[str, ...] = ()
    proposed: tuple[str, ...] = ()
    skills_wanted: tuple[str, ...] = ()
    commitment: str = ""
    remote: bool = False


def is_own_term(term: dict[str, Any]) -> bool:
    """Whether a taxonomy term is one of our own, and therefore not a topic."""
    name = read_string(term.get("taxonomy")).casefold().replace("-", " ")
    return name.startswith(_TAXONOMY)


def read_extension(service: dict[str, Any]) -> ExtensionFields:
    """Read the extension's values in `service`. Raises RowError if they cannot be read."""
    attributes = [
        attribute
        for attribute in service.get("attributes") or []
        if is_own_term(attribute.get("taxonomy_term") or {})
    ]
    values = [value for attribute in attributes for value in _read_values(attribute)]
    proposed = {
        value
        for attribute in attributes
        if attribute.get("proposed") is True
        for value in _read_values(attribute)
    }
    role = service.get("volunteering") or {}
    if not isinstance(role, dict):
        raise RowError("`volunteering` is not an object; see docs/reference/import-formats.md")
    skills = role.get("skills_wanted") or []
    if not isinstance(skills, list):
        raise RowError("`skills_wanted` is not a list of words")
    kind = next((value for value in values if value in KINDS), "")
    return ExtensionFields(
        kind=kind or ("volunteering" if role.get("role") is True else ""),
        strands=unique_texts(value for value in values if value in STRANDS),
        assets=unique_texts(value for value in values if value in ASSETS),
        # A value that the publisher only proposed is only proposed here too.
        proposed=tuple(field for field, choices in _FIELDS.items() if proposed & set(choices)),
        skills_wanted=unique_texts(map(read_text, skills)),
        commitment=read_text(role.get("commitment")),
        remote=role.get("remote") is True,
    )


def _read_values(attribute: dict[str, Any]) -> list[str]:
    term = attribute["taxonomy_term"]
    texts = (read_string(term.get(field)).casefold() for field in ("term", "name"))
    return [text.replace(" ", "_").replace("-", "_") for text in texts]
