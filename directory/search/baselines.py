"""The ranking and its baselines: full text alone, vectors alone, and the two fused.

For `connector directory evaluate`. Each is a function from a query to ranked keys.
"""

from directory.search.evaluation import Rank, fuse_ranks
from directory.search.query import Query
from directory.search.service import SearchService

DEFAULT_RANKING = "default"
_LIMIT = 100


def list_rankings(search_service: SearchService) -> dict[str, Rank]:
    """Each ranking by name, the default one first. Keys are `source:key`."""

    def rank(query: str) -> list[str]:
        hits = search_service.search(Query(query, limit=_LIMIT))
        return [f"{hit.stored.source}:{hit.stored.listing.key}" for hit in hits]

    def rank_by_words(query: str) -> list[str]:
        return search_service.list_by_words(query, _LIMIT)

    def rank_by_vectors(query: str) -> list[str]:
        return search_service.list_by_vector(query, _LIMIT)

    return {
        DEFAULT_RANKING: rank,
        "full text alone": rank_by_words,
        "vectors alone": rank_by_vectors,
        "reciprocal rank fusion": lambda query: fuse_ranks(
            rank_by_words(query), rank_by_vectors(query)
        ),
    }
