"""The ranking beats each of its parts on what residents of the example town might ask.

No weight was chosen on this collection alone, and no topic was written from it.
"""

from pathlib import Path

import bm25s
import numpy as np
import pytest
import Stemmer
from bm25s.stopwords import STOPWORDS_EN_PLUS

from bot.settings import ROOT
from directory.encoder import Encoder
from directory.indexing.traits import compute_traits
from directory.listing import Listing
from directory.listing_text import build_encoder_text, build_search_text
from directory.search.evaluation import (
    JudgedQuery,
    Rank,
    compare_scores,
    fuse_ranks,
    read_judged_queries,
    score_queries,
)
from directory.search.scoring import make_ranking_query, score_listings
from directory.sources.detect import read_source

JUDGED = ROOT / "tests" / "search_larkhaven.jsonl"


@pytest.fixture(scope="module")
def judged() -> list[JudgedQuery]:
    return read_judged_queries(Path(JUDGED))


@pytest.fixture(scope="module")
def rankings(encoder: Encoder) -> dict[str, Rank]:
    listings = [
        row
        for row in read_source(str(ROOT / "examples" / "larkhaven.csv"))
        if isinstance(row, Listing) and row.status != "closed"
    ]
    keys = np.array([f"larkhaven:{listing.key}" for listing in listings])
    vectors = encoder.encode([build_encoder_text(listing) for listing in listings])
    traits = compute_traits(listings, vectors)
    stemmer = Stemmer.Stemmer("english")

    def tokenize(texts: list[str]) -> list[list[str]]:
        tokenized = bm25s.tokenize(
            texts,
            stopwords=STOPWORDS_EN_PLUS,
            stemmer=stemmer,
            return_ids=False,
            show_progress=False,
        )
        return list(map(list, tokenized))

    index = bm25s.BM25()
    index.index(tokenize([build_search_text(listing) for listing in listings]), show_progress=False)

    def score_words(query: str) -> np.ndarray:
        stems = [stem for stem in tokenize([query])[0] if stem in index.vocab_dict]
        scores = index.get_scores(stems) if stems else np.zeros(len(listings))
        return (scores / max(float(scores.max()), 1e-6)).astype(np.float32)

    def sort(scores: np.ndarray) -> list[str]:
        return keys[np.argsort(-scores, kind="stable")].tolist()

    def rank_by_words(query: str) -> list[str]:
        scores = score_words(query)
        return [key for key in sort(scores) if scores[keys == key][0] > 0]

    def rank_by_vectors(query: str) -> list[str]:
        return sort(vectors @ encoder.encode([query])[0])

    def rank(query: str) -> list[str]:
        ranking_query = make_ranking_query(query, encoder.encode([query])[0])
        likeness = vectors @ ranking_query.aim
        return sort(score_listings(ranking_query, likeness, score_words(query), traits))

    return {
        "words": rank_by_words,
        "vectors": rank_by_vectors,
        "fusion": lambda query: fuse_ranks(rank_by_words(query), rank_by_vectors(query)),
        "default": rank,
    }


def test_every_judged_listing_is_in_the_town(judged: list[JudgedQuery]):
    keys = {
        f"larkhaven:{row.key}"
        for row in read_source(str(ROOT / "examples" / "larkhaven.csv"))
        if isinstance(row, Listing)
    }
    assert {key for query in judged for key in query.grades} <= keys
    styles = {query.style for query in judged}
    assert styles == {"keyword", "sentence", "emotional", "typo", "strength", "constraint"}
    assert len(judged) >= 60


def test_the_default_beats_each_part_and_their_fusion(judged, rankings):
    scores = {name: score_queries(rank, judged) for name, rank in rankings.items()}
    assert sum(score.ndcg for score in scores["default"]) / len(judged) > 0.7
    for baseline in ("words", "vectors", "fusion"):
        gain = compare_scores(scores["default"], scores[baseline])
        assert gain.low > 0.05, f"{baseline}: {gain}"
