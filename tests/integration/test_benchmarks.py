"""The benchmark of PostgreSQL works at any size, and stops when its time is up."""

from argparse import ArgumentTypeError

import pytest

from benchmarks.__main__ import read_sizes
from benchmarks.agreement import CASES, compare_with_exact, gather_queries
from benchmarks.corpus import Corpus, find_example
from benchmarks.larger_directory import fill_directory, make_pairs, multiply_pairs
from directory.encoder import Encoder
from directory.importing.upgrade import open_directory
from directory.listing_text import build_encoder_text

SIZE = 300


def test_a_multiplied_directory_is_compared_with_the_exact_search(postgres, encoder: Encoder):
    listings = find_example()
    corpus = Corpus(listings, encoder.encode(list(map(build_encoder_text, listings))), "the town")
    engine = open_directory(postgres.url(postgres.make_database("directory")))
    filled = fill_directory(engine, multiply_pairs(make_pairs(corpus), SIZE), SIZE)
    assert len(filled.entries) == SIZE
    reported: list[str] = []
    queries = gather_queries(corpus)
    # With no time at all, each case gets one query of each set.
    table = compare_with_exact(
        engine, filled.entries, encoder, queries, seconds=0, say=reported.append
    )
    engine.dispose()
    assert [row[0] for row in table.rows] == list(CASES)
    assert len(reported) == 2 * len(CASES)
    for _, _, _, agreement, count, held_out, held_out_count in table.rows:
        assert {agreement, held_out} <= {"1.0000", ""}
        assert {count, held_out_count} <= {"1", ""}
    assert "1.0000" in table.rows[0]


def test_sizes_are_sorted():
    assert read_sizes("20000,1000,20000") == (1_000, 20_000)


@pytest.mark.parametrize("sizes", ["", "many", "0", "99", "1000001", "2000,", "2000,99"])
def test_a_wrong_size_is_refused(sizes: str):
    with pytest.raises(ArgumentTypeError, match=r"not a number of listings from 100 to 1,000,000"):
        read_sizes(sizes)
