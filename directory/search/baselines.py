"""The ranking beside what it has to beat: full text alone, vectors alone, and both plainly fused.

For `connector directory evaluate`. Each is a function from a query to ranked keys.
"""

from directory.search.evaluation import Rank, fuse_ranks
from directory.search.query import Query
from directory.search.service import SearchService

DEFAULT = "default"
_MOST = 100


def list_rankings(search_service: SearchService) -> dict[str, Rank]:
    """The default first, then each baseline, by name; keys are `source:key`."""

    def rank(query: str) -> list[str]:
        hits = search_service.search(Query(query, limit=_MOST))
        return [f"{hit.found.source}:{hit.found.listing.key}" for hit in hits]

    def rank_by_words(query: str) -> list[str]:
        return search_service.list_by_words(query, _MOST)

    def rank_by_vectors(query: str) -> list[str]:
        return search_service.list_by_vector(query, _MOST)

    return {
        DEFAULT: rank,
        "full text alone": rank_by_words,
        "vectors alone": rank_by_vectors,
        "reciprocal rank fusion": lambda query: fuse_ranks(
            rank_by_words(query), rank_by_vectors(query)
        ),
    }
