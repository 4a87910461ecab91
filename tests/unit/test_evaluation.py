"""The measures of a ranking, checked by hand, and the format of a file of judged queries."""

import json
import math
from pathlib import Path

import pytest

from directory.errors import DirectoryError
from directory.search.evaluation import (
    JudgedQuery,
    QueryScore,
    compare_scores,
    estimate_mean,
    fuse_ranks,
    read_judged_queries,
    score_queries,
    score_query,
    summarise,
    summarise_styles,
)

GRADES = {"a:1": 3, "a:2": 2, "a:3": 1, "a:4": 0}


def test_ndcg_by_hand():
    # Gains 7, 3 and 1 at ranks 1, 2 and 3 are the best: 7 + 3 / log2 3 + 1 / 2.
    ideal = 7 + 3 / math.log2(3) + 0.5
    assert score_query(["a:1", "a:2", "a:3"], GRADES).ndcg == pytest.approx(1)
    score = score_query(["b:9", "a:2", "a:1"], GRADES)
    assert score.ndcg == pytest.approx((3 / math.log2(3) + 7 / 2) / ideal)
    assert score.reciprocal_rank == 1 / 2
    assert score.recall == 1


def test_listings_after_the_tenth_gain_nothing():
    others = [f"b:{n}" for n in range(10)]
    assert score_query([*others, "a:1"], GRADES).ndcg == 0
    tenth = score_query([*others[:9], "a:1"], {"a:1": 3})
    assert tenth.ndcg == pytest.approx(1 / math.log2(11))


def test_recall_is_of_grades_two_and_three_in_the_first_twenty():
    others = [f"b:{n}" for n in range(19)]
    score = score_query([*others, "a:1", "a:2"], GRADES)
    assert score.recall == 1 / 2
    assert score.reciprocal_rank == 1 / 20


def test_an_empty_ranking_scores_nothing():
    assert score_query([], GRADES) == QueryScore(ndcg=0, recall=0, reciprocal_rank=0)


def test_without_a_useful_listing_there_is_nothing_to_recall():
    assert score_query(["a:3"], {"a:3": 1}) == QueryScore(ndcg=1, recall=None, reciprocal_rank=None)
    assert summarise([QueryScore(1, None, None)]).recall is None
    assert summarise([QueryScore(1, None, None), QueryScore(0, 0.5, 1)]).recall.value == 0.5  # type: ignore[union-attr]


def test_a_key_ranked_twice_counts_once():
    assert score_query(["a:1", "a:1", "a:2"], GRADES) == score_query(["a:1", "a:2"], GRADES)


def test_means_have_bootstrap_intervals():
    flat = estimate_mean([0.5] * 8)
    assert (flat.value, flat.low, flat.high) == (0.5, 0.5, 0.5)
    wide = estimate_mean([0.0, 1.0] * 20)
    assert wide.value == 0.5
    # One standard error is 0.5 / sqrt 40 = 0.079.
    assert wide.low == pytest.approx(0.5 - 1.96 * 0.079, abs=0.03)
    assert wide.high == pytest.approx(0.5 + 1.96 * 0.079, abs=0.03)
    assert estimate_mean([0.0, 1.0] * 20) == wide
    with pytest.raises(ValueError, match="no values"):
        estimate_mean([])


def test_scores_are_compared_query_by_query():
    """However much queries differ, a difference that they share is seen."""
    worse = [QueryScore(n / 10, 0, 0) for n in range(9)]
    better = [QueryScore(n / 10 + 0.1, 0, 0) for n in range(9)]
    gain = compare_scores(better, worse)
    assert gain.value == pytest.approx(0.1)
    assert gain.low == pytest.approx(0.1)
    assert gain.high == pytest.approx(0.1)
    with pytest.raises(ValueError, match="argument"):
        compare_scores(better, worse[:-1])


def test_rankings_are_scored_by_style():
    judged = [
        JudgedQuery("1", "x", "keyword", {"a:1": 3}),
        JudgedQuery("2", "y", "typo", {"a:2": 3}),
        JudgedQuery("3", "z", "typo", {"a:1": 3}),
    ]
    scores = score_queries(lambda _query: ["a:1"], judged)
    assert summarise(scores).ndcg.value == pytest.approx(2 / 3)
    styles = summarise_styles(scores, judged)
    assert {style: (summary.queries, summary.ndcg.value) for style, summary in styles.items()} == {
        "keyword": (1, 1.0),
        "typo": (2, 0.5),
    }


def test_ranks_are_fused():
    # b: 1/62 + 1/61; a: 1/61 + 1/63; c: 1/62; d: 1/63.
    assert fuse_ranks(["a", "b", "d"], ["b", "c", "a"]) == ["b", "a", "c", "d"]
    assert fuse_ranks([], ["a"]) == ["a"]


def _line(**changed: object) -> str:
    valid = {"qid": "1", "query": "chess", "style": "keyword", "judgments": {"a:1": 3}}
    return json.dumps({**valid, **changed})


def test_a_judged_file_is_read(tmp_path: Path):
    path = tmp_path / "judged.jsonl"
    path.write_text(f"{_line()}\n\n{_line(qid='2', judgments={'a:b:c': 1})}\n", encoding="utf-8")
    first, second = read_judged_queries(path)
    assert first == JudgedQuery("1", "chess", "keyword", {"a:1": 3})
    assert second.grades == {"a:b:c": 1}


@pytest.mark.parametrize(
    ("line", "fault"),
    [
        ("{", "not JSON"),
        ("[]", "not a JSON object"),
        (_line(query=""), '"query" must be words'),
        (_line(style=None), '"style" must be words'),
        (_line(qid=7), '"qid" must be words'),
        (_line(judgments=[]), '"judgments" must be an object'),
        (_line(judgments={"a1": 3}), "not of the form source:key"),
        (_line(judgments={"a:1": 4}), "must be 0, 1, 2 or 3, not 4"),
        (_line(judgments={"a:1": True}), "must be 0, 1, 2 or 3, not True"),
        (_line(judgments={"a:1": "3"}), "must be 0, 1, 2 or 3, not '3'"),
        (_line(judgments={"a:1": 2.5}), "must be 0, 1, 2 or 3, not 2.5"),
        (_line(judgments={"a:1": [3]}), "must be 0, 1, 2 or 3"),
        (_line(judgments={"a:1": 0}), "no listing has a grade above 0"),
        (_line(), "twice"),
    ],
)
def test_a_fault_is_reported_with_its_line(tmp_path: Path, line: str, fault: str):
    path = tmp_path / "judged.jsonl"
    path.write_text(f"{_line()}\n{line}\n", encoding="utf-8")
    with pytest.raises(DirectoryError, match="line 2") as raised:
        read_judged_queries(path)
    assert fault in str(raised.value)


def test_a_file_without_queries_or_text_is_refused(tmp_path: Path):
    path = tmp_path / "judged.jsonl"
    with pytest.raises(DirectoryError, match="could not be read"):
        read_judged_queries(path)
    path.write_text("\n")
    with pytest.raises(DirectoryError, match="no judged queries"):
        read_judged_queries(path)
    path.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(DirectoryError, match="could not be read"):
        read_judged_queries(path)
