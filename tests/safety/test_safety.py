"""The crisis guard, held to the examples and to docs/reference/safety-figures.md."""

import hashlib
import logging
import re
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.messages import HelpLines
from bot.safety import evaluation as tables
from bot.safety import training
from bot.safety.guard import Guard, Label, answer, cut
from bot.safety.helplines import NATIONS
from bot.safety.patterns import fold, mark, simplify
from directory.encoder import Encoder

ROOT = Path(__file__).parents[2]
DOC = (ROOT / "docs" / "reference" / "safety-figures.md").read_text("utf-8")
DEV = tables.read_examples(ROOT / training.DEV)
HELDOUT = tables.read_examples(ROOT / training.HELDOUT)
BATCHES = tuple(dict.fromkeys(example.batch for example in HELDOUT))
ALONE = Guard()
Rows = dict[str, tuple[Sequence[tables.Example], Sequence[Label]]]


@pytest.fixture(scope="module")
def guard(encoder: Encoder) -> Guard:
    return Guard(encoder.encode)


def row(name: str) -> str:
    return next(line for line in DOC.splitlines() if line.startswith(f"| {name} |"))


def stated(name: str) -> tuple[float, float, float]:
    """The recall, false alarms and support recall that the document states, as shares of 1."""
    recall, alarms, support = (
        int(hits) / int(total) for hits, total in re.findall(r"(\d+)/(\d+) =", row(name))
    )
    return recall, alarms, support


def test_the_heldout_third_was_chosen_by_its_hash() -> None:
    def third(text: str) -> bool:
        return int(hashlib.sha256(text.encode()).hexdigest(), 16) % 3 == 0

    split = {"first", *"abcdefgh"}
    assert all(not third(e.text) for e in DEV if e.batch in split)
    assert all(third(e.text) for e in HELDOUT if e.batch in split)


def test_nothing_is_both_tuned_on_and_held_out() -> None:
    calibration = tables.read_examples(ROOT / training.CALIBRATION)
    tuned_on = {e.text.casefold() for e in (*DEV, *calibration)}
    assert not tuned_on & {e.text.casefold() for e in HELDOUT}


def test_everyday_talk_raises_next_to_nothing(guard: Guard) -> None:
    """What was written to try Rasa, unseen by the guard: nobody there is in danger."""
    said = [e.text for e in tables.read_utterances(ROOT / "tests" / "nlu_heldout.yml")]
    assert len(said) > 250
    assert sum(guard.label(text) != "none" for text in said) <= 0.02 * len(said)


def test_the_aim_for_false_alarms_is_met_on_the_natural_mix(rows: Rows) -> None:
    """Recall falls short of its aim of 98%; docs/reference/safety-figures.md says by how much."""
    examples, labels = rows["heldout sealed, with the encoder"]
    alarms, recall = tables.false_alarms(examples, labels), tables.recall(examples, labels)
    assert alarms.hits <= 0.02 * alarms.total
    assert recall.hits >= 0.92 * recall.total


def test_the_examples_are_many_and_none_is_there_twice() -> None:
    everything = [e.text.casefold() for e in (*DEV, *HELDOUT)]
    assert len(everything) == len(set(everything))
    for label, least in (("crisis", 180), ("support", 50), ("none", 320)):
        assert sum(e.label == label for e in (*DEV, *HELDOUT)) >= least


@pytest.fixture(scope="module")
def alone_rows() -> Rows:
    return training.heldout_rows("no encoder", ALONE.label)


@pytest.fixture(scope="module")
def rows(guard: Guard) -> Rows:
    return training.heldout_rows("with the encoder", guard.label)


@pytest.mark.parametrize("batch", BATCHES)
def test_the_table_is_what_the_guard_does_without_an_encoder(batch: str, alone_rows: Rows) -> None:
    name = f"heldout {batch}, no encoder"
    assert tables.write_table({name: alone_rows[name]}).splitlines()[-1] == row(name)


@pytest.mark.parametrize("batch", BATCHES)
def test_the_guard_is_no_worse_than_the_table_says(batch: str, rows: Rows) -> None:
    """A message may tip over between processors, whose sums differ in the last digits."""
    name = f"heldout {batch}, with the encoder"
    examples, labels = rows[name]
    recall, alarms, support = stated(name)
    for share, least in (
        (tables.recall(examples, labels), recall),
        (tables.recall(examples, labels, "support"), support),
    ):
        assert share.hits >= least * share.total - 1
    share = tables.false_alarms(examples, labels)
    assert share.hits <= alarms * share.total + 1


def test_the_weights_stay_small() -> None:
    assert (ROOT / "bot" / "safety" / "head.npz").stat().st_size <= 4_000_000


@pytest.mark.parametrize(
    ("text", "label"),
    [
        ("I'm a skilled joiner and my therapist says get out more", "none"),
        ("i don’t want to be here", "crisis"),
        ("Everyone would be better off without me", "crisis"),
        ("worried about the cost of living crisis", "none"),
        ("my friend said goodbye and isn't answering", "crisis"),
        ("I'm not suicidal, I just want company", "support"),
        ("Not that I'd ever kill myself but the evenings are long", "support"),
        ("I'm not suicidal but I don't see the point of living", "crisis"),
        ("years ago I was suicidal. Today I want to kill myself", "crisis"),
        ("chcę umrzeć", "crisis"),
        ("хочу умереть", "crisis"),
        ("", "none"),
        ("🙂", "none"),
        ("999 help", "crisis"),
    ],
)
def test_what_must_never_change(text: str, label: Label) -> None:
    assert ALONE.label(text) == label


@pytest.mark.parametrize(
    "text",
    [
        "I WANT TO KILL MYSELF",
        "i want to k1ll mys3lf",
        "i want to k*ll myself",
        "i want to k i l l myself",
        "i want to kiiiilllll myselffff",
        "i want to kill\u200bmyself",
        "i want to ki\u200bll my\u00adself",
        "i want to kíll mÿself",
        "ｉ ｗａｎｔ ｔｏ ｋｉｌｌ ｍｙｓｅｌｆ",
        "i wanna kill my self",
        "i want to kms",
        "i want 2 kill meself",
    ],
)
def test_the_way_it_is_typed_hides_nothing(text: str) -> None:
    assert ALONE.label(text) == "crisis"


def test_a_cry_in_a_long_story_is_heard() -> None:
    story = "I used to run the bowls club and my wife made the teas. " * 400
    assert ALONE.label(f"{story}\nI want to end my life.") == "crisis"
    assert ALONE.label(f"I want to end my life.\n{story}") == "crisis"


def test_what_is_said_in_passing_is_heard() -> None:
    """No pattern knows these words: what was learned must find them in the middle of others."""
    said = next(
        e.text
        for e in DEV
        if e.category == "suicidal_oblique"
        and not mark(simplify(fold(e.text))).crisis
        and ALONE.label(e.text) == "crisis"
        and "." not in e.text
    )
    before = "I used to run the bowls club and my wife made the teas. "
    after = ". The bus stops right outside and I do like a nice hot dinner."
    assert ALONE.label(before + after) == "none"
    assert ALONE.label(before + said + after) == "crisis"


@given(st.lists(st.sampled_from(["word", "other", "."]), max_size=120))
def test_every_word_is_in_some_piece(tokens: list[str]) -> None:
    plain = simplify(
        " ".join(f"{token}{i}" if token != "." else "." for i, token in enumerate(tokens))
    )
    pieces = cut(plain)
    assert {word for piece in pieces for word in piece.split()} | {"."} == {*plain.split(), "."}
    assert all(len(piece.split()) <= 33 for piece in pieces)


def _breaks(texts: list[str]) -> np.ndarray:
    raise RuntimeError(f"no model for {texts}")


def _answers_nonsense(texts: list[str]) -> np.ndarray:
    return np.full((len(texts), 384), np.nan, dtype=np.float32)


def _answers_nothing(texts: list[str]) -> np.ndarray:  # noqa: ARG001
    return np.zeros((0, 384), dtype=np.float32)


@pytest.mark.parametrize("encode", [_breaks, _answers_nonsense, _answers_nothing])
def test_a_broken_encoder_leaves_the_patterns(
    encode: Callable[[list[str]], np.ndarray], caplog: pytest.LogCaptureFixture
) -> None:
    broken = Guard(encode)
    with caplog.at_level(logging.DEBUG):
        assert broken.label("i want to die sentinel") == "crisis"
        assert broken.label("a sentinel choir") == "none"
    assert "sentinel" not in caplog.text


def test_the_encoder_hears_what_the_words_do_not(guard: Guard) -> None:
    fresh = [e.text for e in HELDOUT if e.batch in {"a", "b"} and e.label == "crisis"]
    missed = [text for text in fresh if ALONE.label(text) != "crisis"]
    assert sum(guard.label(text) == "crisis" for text in missed) >= len(missed) / 4


@settings(max_examples=200, deadline=None)
@given(st.text())
def test_no_text_stops_it(text: str) -> None:
    assert ALONE.label(text) in {"crisis", "support", "none"}


@settings(max_examples=300, deadline=None)
@given(st.sampled_from([e.text for e in (*DEV, *HELDOUT)]), st.sampled_from("’‘ʼ′`＇"))
def test_quotes_and_case_do_not_matter(text: str, quote: str) -> None:
    label = ALONE.label(text)
    assert ALONE.label(text.replace("'", quote)) == label
    assert ALONE.label(text.upper()) == label
    assert ALONE.label(text.lower()) == label


@settings(max_examples=200, deadline=None)
@given(st.text())
def test_any_writing_folds_the_same_in_either_case(text: str) -> None:
    assert simplify(fold(text.upper())) == simplify(fold(text))
    assert ALONE.label(text.replace("'", "’")) == ALONE.label(text)


def test_the_encoder_sees_no_quotes_and_no_case() -> None:
    assert fold("I Don’t") == fold("i don't") == "i don't"


@pytest.mark.parametrize(
    ("text", "second"),
    [
        ("my husband hits me", "0808 2000 247"),
        ("he hit me again last night", "0808 2000 247"),
        ("my dad comes in my room at night", "0800 1111"),
        ("i want to die", "116 123"),
        ("my brother keeps saying he wants to kill himself", "116 123"),
        ("my house is on fire", "116 123"),
    ],
)
def test_the_numbers_fit_what_was_said(text: str, second: str) -> None:
    finding = ALONE.find(text)
    (reply,) = answer(finding.label, "england", finding.kind)
    assert isinstance(reply, HelpLines)
    assert [line.contact for line in reply.lines][:2] == ["999", second]


@pytest.mark.parametrize("nation", NATIONS)
def test_a_crisis_is_answered_by_numbers_and_nothing_else(nation: str) -> None:
    for example in DEV:
        finding = ALONE.find(example.text)
        replies = answer(finding.label, nation, finding.kind)
        if finding.label == "none":
            assert replies == ()
            continue
        (reply,) = replies
        assert isinstance(reply, HelpLines)
        assert "Nobody reads this chat" in reply.text
        assert {"999", "116 123"} <= {line.contact for line in reply.lines}


def test_support_shows_listeners_before_999() -> None:
    (reply,) = answer("support", "england")
    assert isinstance(reply, HelpLines)
    assert reply.lines[0].contact == "116 123"
    assert reply.lines[-1].contact == "999"


def test_an_unsure_crisis_names_abuse_too() -> None:
    (reply,) = answer("crisis", "scotland")
    assert isinstance(reply, HelpLines)
    assert "0800 027 1234" in {line.contact for line in reply.lines}


def test_an_unknown_nation_is_refused() -> None:
    with pytest.raises(KeyError):
        answer("crisis", "atlantis", "suicide")
