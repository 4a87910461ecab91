"""Kinds, strands, assets and topics as taxonomies whose terms have permanent ids.

Owns the names of our taxonomies, by which other programs recognise our terms.
"""

from typing import Any

from directory.hsds.ids import make_id, taxonomy_id, term_id
from directory.listing import ASSETS, KINDS, STRANDS, Listing

Json = dict[str, Any]

KIND = "Community Connector kind"
STRAND = "Community Connector strand"
ASSET = "Community Connector asset"
# Not named as ours: these terms are the source's words, and are read back as such.
TOPIC = "Topics"

_WORDS = {KIND: KINDS, STRAND: STRANDS, ASSET: ASSETS}
_FIELDS = {KIND: "kind", STRAND: "strands", ASSET: "assets"}
DESCRIPTIONS = {
    KIND: "What a listing is: a group, a service, volunteering, or a way to have a say.",
    STRAND: "The strand of community-centred health and wellbeing that a listing belongs to.",
    ASSET: "The kind of community asset that a listing is.",
    TOPIC: "What a listing is about, in its source's own words.",
}


def make_taxonomy(name: str) -> Json:
    """A taxonomy in the form of the standard."""
    description = DESCRIPTIONS.get(name, f"{name}: the terms that sources use.")
    return {"id": taxonomy_id(name), "name": name, "description": description}


def make_term(taxonomy: str, word: str) -> Json:
    """A term in the form of the standard."""
    return {
        "id": term_id(taxonomy, word),
        "name": word,
        "description": word.replace("_", " "),
        "taxonomy": taxonomy,
        "taxonomy_id": taxonomy_id(taxonomy),
        "term": word,
    }


def own_terms() -> list[Json]:
    """Every kind, strand and asset, used or not."""
    return [make_term(taxonomy, word) for taxonomy, words in _WORDS.items() for word in words]


def make_attribute(service: str, term: Json, *, proposed: bool = False) -> Json:
    """The attribute that gives a service a term; `proposed` if the directory added it."""
    attribute = {
        "id": make_id("attribute", service, term["id"]),
        "link_id": service,
        "taxonomy_term_id": term["id"],
        "taxonomy_term": term,
    }
    return {**attribute, "proposed": True} if proposed else attribute


def classify(listing: Listing, service: str) -> list[Json]:
    """The attributes for the listing's kind, strands and assets."""
    words_by_taxonomy = {
        KIND: (listing.kind,) if listing.kind else (),
        STRAND: listing.strands,
        ASSET: listing.assets,
    }
    return [
        make_attribute(
            service, make_term(taxonomy, word), proposed=_FIELDS[taxonomy] in listing.proposed
        )
        for taxonomy, words in words_by_taxonomy.items()
        for word in words
    ]


def is_ours(attribute: Json) -> bool:
    """Whether the attribute is a kind, a strand or an asset."""
    return (attribute.get("taxonomy_term") or {}).get("taxonomy") in _WORDS


def read_terms(service: Json) -> list[Json]:
    """The terms of a published service, each with the id and the name of its taxonomy."""
    terms = {}
    for attribute in service.get("attributes", ()):
        if term := attribute.get("taxonomy_term"):
            name = term.get("taxonomy") or TOPIC
            identity = term.get("taxonomy_id") or taxonomy_id(name)
            terms[term["id"]] = {**term, "taxonomy": name, "taxonomy_id": identity}
    return list(terms.values())
