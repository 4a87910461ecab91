"""The crisis guard, tested on the labelled examples and docs/reference/safety-figures.md."""

import logging
import re
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.messages import HelpLines
from bot.safety import evaluation, training
from bot.safety.features import split_segments
from bot.safety.guard import Guard, Label
from bot.safety.helplines import NATIONS
from bot.safety.normalisation import fold_characters, normalise
from bot.safety.patterns import match_patterns
from bot.safety.replies import make_replies
from directory.encoder import Encoder

ROOT = Path(__file__).parents[2]
FIGURES = (ROOT / "docs" / "reference" / "safety-figures.md").read_text("utf-8")
DEV = evaluation.read_examples(ROOT / training.DEV)
HELDOUT = evaluation.read_examples(ROOT / training.HELDOUT)
BATCHES = (*dict.fromkeys(example.batch for example in HELDOUT), training.LONG_BATCH)
GUARD_WITHOUT_ENCODER = Guard()


@pytest.fixture(scope="module")
def guard(encoder: Encoder) -> Guard:
    return Guard(encoder.encode)


def find_row(name: str) -> str:
    return next(line for line in FIGURES.splitlines() if line.startswith(f"| {name} |"))


def read_stated(name: str) -> list[float]:
    """The documented proportions of a row, from 0 to 1, in the order of its columns."""
    counts = re.findall(r"(\d+)/(\d+) =", find_row(name))
    return [int(count) / int(total) for count, total in counts]


def test_heldout_examples_were_chosen_by_hash() -> None:
    split_batches = {"first", *"abcdefgh"}
    assert all(not training.is_held_out(e.text) for e in DEV if e.batch in split_batches)
    assert all(training.is_held_out(e.text) for e in HELDOUT if e.batch in split_batches)


def test_no_example_is_both_tuned_on_and_held_out() -> None:
    calibration = evaluation.read_examples(ROOT / training.CALIBRATION)
    tuned_on = {e.text.casefold() for e in (*DEV, *calibration)}
    assert not tuned_on & {e.text.casefold() for e in HELDOUT}


def test_everyday_messages_raise_few_alarms(guard: Guard) -> None:
    """Test messages for Rasa, which the guard has never seen and none of which is a crisis."""
    texts = [e.text for e in evaluation.read_utterances(ROOT / "tests" / "nlu_heldout.yml")]
    assert len(texts) > 250
    assert sum(guard.label(text) != "none" for text in texts) <= 0.02 * len(texts)


def test_few_false_alarms_in_a_natural_mix(results: evaluation.Results) -> None:
    """The goal of 98% recall is not met; docs/reference/safety-figures.md gives the figures."""
    examples, labels = results["heldout sealed, with the encoder"]
    as_crisis, shown, _, false_crises, alarms = evaluation.list_proportions(examples, labels)
    assert as_crisis.count >= 0.9 * as_crisis.total
    assert shown.count >= 0.95 * shown.total
    assert false_crises.count <= 0.01 * false_crises.total
    assert alarms.count <= 0.05 * alarms.total


def test_long_harmless_stories_get_the_answer_that_was_asked_for(
    results: evaluation.Results,
) -> None:
    examples, labels = results["heldout long, with the encoder"]
    _, shown, _, false_crises, _ = evaluation.list_proportions(examples, labels)
    assert false_crises.total > 10
    assert false_crises.count == 0
    assert shown.count >= 0.85 * shown.total


def test_there_are_many_examples_and_no_duplicates() -> None:
    texts = [e.text.casefold() for e in (*DEV, *HELDOUT)]
    assert len(texts) == len(set(texts))
    for label, least in (("crisis", 180), ("support", 50), ("none", 320)):
        assert sum(e.label == label for e in (*DEV, *HELDOUT)) >= least


@pytest.fixture(scope="module")
def results_without_encoder() -> evaluation.Results:
    return training.label_heldout("no encoder", GUARD_WITHOUT_ENCODER.label)


@pytest.fixture(scope="module")
def results(guard: Guard) -> evaluation.Results:
    return training.label_heldout("with the encoder", guard.label)


@pytest.mark.parametrize("batch", BATCHES)
def test_the_documented_figures_without_an_encoder_are_exact(
    batch: str, results_without_encoder: evaluation.Results
) -> None:
    name = f"heldout {batch}, no encoder"
    assert evaluation.format_results({name: results_without_encoder[name]}).splitlines()[
        -1
    ] == find_row(name)


@pytest.mark.parametrize("batch", BATCHES)
def test_the_guard_is_no_worse_than_documented(batch: str, results: evaluation.Results) -> None:
    """One message may differ between processors, whose sums differ in the last digits."""
    name = f"heldout {batch}, with the encoder"
    examples, labels = results[name]
    stated = read_stated(name)
    measured = evaluation.list_proportions(examples, labels)
    for proportion, documented in zip(measured[:3], stated[:3], strict=True):
        assert proportion.count >= documented * proportion.total - 1
    for proportion, documented in zip(measured[3:], stated[3:], strict=True):
        assert proportion.count <= documented * proportion.total + 1


def test_the_weights_stay_small() -> None:
    assert (ROOT / "bot" / "safety" / "guard.npz").stat().st_size <= 4_000_000


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
def test_labels_that_must_never_change(text: str, label: Label) -> None:
    assert GUARD_WITHOUT_ENCODER.label(text) == label


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
def test_unusual_typing_does_not_hide_a_crisis(text: str) -> None:
    assert GUARD_WITHOUT_ENCODER.label(text) == "crisis"


def test_a_crisis_is_found_at_both_ends_of_a_long_story() -> None:
    story = "I used to run the bowls club and my wife made the teas. " * 400
    assert GUARD_WITHOUT_ENCODER.label(f"{story}\nI want to end my life.") == "crisis"
    assert GUARD_WITHOUT_ENCODER.label(f"I want to end my life.\n{story}") == "crisis"


def test_a_crisis_is_found_in_the_middle_of_a_message() -> None:
    """No pattern matches these words: the model must find them, and show a helpline."""
    crisis = next(
        e.text
        for e in DEV
        if e.category == "suicidal_oblique"
        and not match_patterns(normalise(e.text)).crisis
        and GUARD_WITHOUT_ENCODER.label(e.text) == "crisis"
        and "." not in e.text
    )
    before = "I used to run the bowls club and my wife made the teas. "
    after = ". The bus stops right outside and I do like a nice hot dinner."
    assert GUARD_WITHOUT_ENCODER.label(before + after) == "none"
    assert GUARD_WITHOUT_ENCODER.label(before + crisis + after) != "none"


@given(st.lists(st.sampled_from(["word", "other", "."]), max_size=120))
def test_every_word_is_in_a_segment(tokens: list[str]) -> None:
    text = normalise(
        " ".join(f"{token}{i}" if token != "." else "." for i, token in enumerate(tokens))
    )
    segments = split_segments(text)
    assert {word for segment in segments for word in segment.split()} | {"."} == {
        *text.split(),
        ".",
    }
    assert all(len(segment.split()) <= 33 for segment in segments)


def _raise_error(texts: list[str]) -> np.ndarray:
    raise RuntimeError(f"no model for {texts}")


def _return_nonsense(texts: list[str]) -> np.ndarray:
    return np.full((len(texts), 384), np.nan, dtype=np.float32)


def _return_nothing(texts: list[str]) -> np.ndarray:  # noqa: ARG001
    return np.zeros((0, 384), dtype=np.float32)


@pytest.mark.parametrize("encode", [_raise_error, _return_nonsense, _return_nothing])
def test_a_broken_encoder_leaves_the_patterns(
    encode: Callable[[list[str]], np.ndarray], caplog: pytest.LogCaptureFixture
) -> None:
    guard = Guard(encode)
    with caplog.at_level(logging.DEBUG):
        assert guard.label("i want to die sentinel") == "crisis"
        assert guard.label("a sentinel choir") == "none"
    assert "sentinel" not in caplog.text


def test_the_encoder_finds_crises_that_words_alone_miss(guard: Guard) -> None:
    crises = [e.text for e in HELDOUT if e.batch in {"a", "b"} and e.label == "crisis"]
    missed = [text for text in crises if GUARD_WITHOUT_ENCODER.label(text) != "crisis"]
    assert sum(guard.label(text) == "crisis" for text in missed) >= len(missed) / 4


@settings(max_examples=200, deadline=None)
@given(st.text())
def test_any_text_gets_a_label(text: str) -> None:
    assert GUARD_WITHOUT_ENCODER.label(text) in {"crisis", "support", "none"}


@settings(max_examples=300, deadline=None)
@given(st.sampled_from([e.text for e in (*DEV, *HELDOUT)]), st.sampled_from("’‘ʼ′`＇"))
def test_quotes_and_case_do_not_matter(text: str, quote: str) -> None:
    label = GUARD_WITHOUT_ENCODER.label(text)
    assert GUARD_WITHOUT_ENCODER.label(text.replace("'", quote)) == label
    assert GUARD_WITHOUT_ENCODER.label(text.upper()) == label
    assert GUARD_WITHOUT_ENCODER.label(text.lower()) == label


@settings(max_examples=200, deadline=None)
@given(st.text())
def test_any_text_is_normalised_the_same_in_either_case(text: str) -> None:
    assert normalise(text.upper()) == normalise(text)
    assert GUARD_WITHOUT_ENCODER.label(text.replace("'", "’")) == GUARD_WITHOUT_ENCODER.label(text)


def test_a_character_that_stands_for_eighteen_makes_no_more_work() -> None:
    assert len(normalise("ﷺ" * 4096)) < 6_100


def test_folding_removes_curly_quotes_and_capitals() -> None:
    assert fold_characters("I Don’t") == fold_characters("i don't") == "i don't"


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
def test_the_numbers_fit_the_kind_of_crisis(text: str, second: str) -> None:
    classification = GUARD_WITHOUT_ENCODER.classify(text)
    (reply,) = make_replies(classification.label, "england", classification.kind)
    assert isinstance(reply, HelpLines)
    assert [line.contact for line in reply.lines][:2] == ["999", second]


@pytest.mark.parametrize("nation", NATIONS)
def test_a_crisis_is_answered_with_numbers_only(nation: str) -> None:
    for example in DEV:
        classification = GUARD_WITHOUT_ENCODER.classify(example.text)
        replies = make_replies(classification.label, nation, classification.kind)
        if classification.label == "none":
            assert replies == ()
            continue
        (reply,) = replies
        assert isinstance(reply, HelpLines)
        assert "Nobody reads this chat" in reply.text
        assert {"999", "116 123"} <= {line.contact for line in reply.lines}


def test_support_shows_listening_services_before_999() -> None:
    (reply,) = make_replies("support", "england")
    assert isinstance(reply, HelpLines)
    assert reply.lines[0].contact == "116 123"
    assert reply.lines[-1].contact == "999"


def test_an_uncertain_crisis_shows_the_abuse_helpline_too() -> None:
    (reply,) = make_replies("crisis", "scotland")
    assert isinstance(reply, HelpLines)
    assert "0800 027 1234" in {line.contact for line in reply.lines}


def test_an_unknown_nation_is_refused() -> None:
    with pytest.raises(KeyError):
        make_replies("crisis", "atlantis", "suicide")
