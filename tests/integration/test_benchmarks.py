"""The benchmark of PostgreSQL measures what it says, at any size, and stops when its time is up."""

from argparse import ArgumentTypeError

import pytest

from benchmarks.__main__ import read_sizes
from benchmarks.agreement import CASES, compare, gather_queries
from benchmarks.corpus import Corpus, find_example
from benchmarks.larger_directory import fill, make_pairs, multiply
from directory.encoder import Encoder
from directory.importing.upgrade import open_directory
from directory.listing_text import build_encoder_text

SIZE = 300


def test_a_multiplied_directory_is_compared_with_the_exact_search(postgres, encoder: Encoder):
    listings = find_example()
    corpus = Corpus(listings, encoder.encode(list(map(build_encoder_text, listings))), "the town")
    engine = open_directory(postgres.url(postgres.make_database("directory")))
    filled = fill(engine, multiply(make_pairs(corpus), SIZE), SIZE)
    assert len(filled.entries) == SIZE
    said: list[str] = []
    asked = gather_queries(corpus)
    # No time at all: each case is asked one query of either kind, and no more.
    table = compare(engine, filled.entries, encoder, asked, seconds=0, say=said.append)
    engine.dispose()
    assert [row[0] for row in table.rows] == list(CASES)
    assert len(said) == 2 * len(CASES)
    for _, _, _, agreed, times, held_out, held_out_times in table.rows:
        assert {agreed, held_out} <= {"1.0000", ""}
        assert {times, held_out_times} <= {"1", ""}
    assert "1.0000" in table.rows[0]


def test_sizes_are_measured_from_the_least():
    assert read_sizes("20000,1000,20000") == (1_000, 20_000)


@pytest.mark.parametrize("sizes", ["", "many", "0", "99", "1000001", "2000,", "2000,99"])
def test_a_size_that_cannot_be_made_is_told_in_one_line(sizes: str):
    with pytest.raises(ArgumentTypeError, match=r"not a number of listings from 100 to 1,000,000"):
        read_sizes(sizes)
