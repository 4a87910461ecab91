"""`connector directory answer` and `evaluate-answers`: questions about listings."""

import json
import sys
from collections import defaultdict
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.table import Table

from bot.safety.evaluation import Proportion
from bot.settings import Settings
from bot.terminal import OUT

if TYPE_CHECKING:
    from directory.answers.evaluation import Outcome, Tally
    from directory.encoder import Encoder


def add_commands(app: typer.Typer) -> None:
    """Add these commands to `connector directory`."""
    app.command("answer")(answer)
    app.command("evaluate-answers")(evaluate_answers)


def answer(
    questions: Annotated[
        Path, typer.Argument(help="JSON lines with `listing` (source:key) and `question`.")
    ],
    as_json: Annotated[
        bool, typer.Option("--json", help="Print JSON lines, as is done where none reads along.")
    ] = False,
) -> None:
    """Answer questions from what listings say, one JSON object a line."""
    from directory.answers.answering import AnswerService
    from directory.answers.listing_questions import read_listing_questions
    from directory.importing.upgrade import open_directory

    settings = Settings()
    encoder = _load_encoder(settings)
    engine = open_directory(settings.directory_url)
    service = AnswerService(encoder.encode_tokens)
    for listing, question in read_listing_questions(questions, engine):
        answers = service.answer(listing, question)
        if as_json or not sys.stdout.isatty():
            items = [
                {"answer": item.verdict, "text": item.text, "evidence": item.evidence}
                for item in answers
            ]
            print(json.dumps({"answers": items}, ensure_ascii=False))
        else:
            OUT.print(" ".join(item.text for item in answers), markup=False)


def evaluate_answers(
    judged: Annotated[Path, typer.Argument(help="Judged questions as JSON lines.")],
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Print how well judged questions are answered, beside the nearest sentence."""
    from directory.answers.answering import AnswerService
    from directory.answers.evaluation import (
        judge_answers,
        make_nearest_sentence_baseline,
        read_judged_messages,
    )
    from directory.answers.listing_questions import read_listing_questions
    from directory.importing.upgrade import open_directory

    messages = read_judged_messages(judged)
    settings = Settings()
    encoder = _load_encoder(settings)
    engine = open_directory(settings.directory_url)
    listings = [listing for listing, _ in read_listing_questions(judged, engine)]
    ways = {
        "answers": AnswerService(encoder.encode_tokens).answer,
        "nearest sentence": make_nearest_sentence_baseline(encoder.encode),
    }
    outcomes = {
        name: [
            outcome
            for message, listing in zip(messages, listings, strict=True)
            for outcome in judge_answers(message, answer_questions(listing, message.text))
        ]
        for name, answer_questions in ways.items()
    }
    rows = [(name, "all", found) for name, found in outcomes.items()]
    by_topic = defaultdict(list)
    for outcome in outcomes["answers"]:
        by_topic[outcome.judgement.topic].append(outcome)
    if len(by_topic) > 1:
        rows += [("answers", topic, by_topic[topic]) for topic in sorted(by_topic)]
    _print_summaries(rows, as_json=as_json)


def _print_summaries(rows: "list[tuple[str, str, list[Outcome]]]", *, as_json: bool) -> None:
    from directory.answers.evaluation import summarise_outcomes

    summaries = [(way, topic, summarise_outcomes(found)) for way, topic, found in rows]
    if as_json:
        found = [{"way": way, "topic": topic, **asdict(item)} for way, topic, item in summaries]
        print(json.dumps({"summaries": found}, indent=2))
        return
    table = Table("", "topic", "verdict right", "text found", "claimed where silent")
    for way, topic, summary in summaries:
        tallies = (summary.right, summary.text_found, summary.claimed)
        table.add_row(way, topic, *map(_describe_tally, tallies))
    OUT.print(table)


def _describe_tally(tally: "Tally") -> str:
    return str(Proportion(tally.count, tally.total)) if tally.total else "none"


def _load_encoder(settings: Settings) -> "Encoder":
    from directory.encoder import Encoder, prepare_encoder

    prepare_encoder(settings.encoder_folder)
    encoder = Encoder(settings.encoder_folder)
    encoder.load()
    return encoder
