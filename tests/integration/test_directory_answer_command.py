"""`connector directory answer` and `evaluate-answers` with the real encoder and database."""

import json
import sys
from pathlib import Path

import pytest

from bot.cli import main
from bot.settings import ROOT
from directory.database import migrate, open_database
from directory.encoder import Encoder
from directory.importing.importer import import_listings
from directory.sources.detect import read_source
from tests.support.connector_command import Command


@pytest.fixture(scope="module")
def var(tmp_path_factory: pytest.TempPathFactory, encoder: Encoder) -> Path:
    var = tmp_path_factory.mktemp("answers") / "var"
    Command(var)
    engine = open_database(f"sqlite:///{var / 'directory.db'}")
    migrate(engine)
    import_listings(
        engine, encoder, "larkhaven", read_source(str(ROOT / "examples" / "larkhaven.csv"))
    )
    engine.dispose()
    return var


@pytest.fixture
def run(var, monkeypatch, capsys):
    """Runs a command with a file of rows; returns its exit code, output and errors."""
    monkeypatch.setenv("CONNECTOR_VAR", str(var))
    monkeypatch.delenv("DIRECTORY_DATABASE_URL", raising=False)

    def run(command: str, *rows: dict[str, object]) -> tuple[int, str, str]:
        path = var / "rows.jsonl"
        path.write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
        monkeypatch.setattr(sys, "argv", ["connector", "directory", command, str(path), "--json"])
        with pytest.raises(SystemExit) as exited:
            main()
        output, errors = capsys.readouterr()
        return int(exited.value.code or 0), output, errors

    return run


def test_each_line_is_answered_by_a_json_object(run):
    code, output, errors = run(
        "answer",
        {"listing": "larkhaven:LH003", "question": "what is the phone number"},
        {"listing": "larkhaven:LH003", "question": "what is the email and is there a lift?"},
        {"listing": "larkhaven:LH003", "question": "..."},
    )
    assert (code, errors) == (0, "")
    phone, both, nothing = (json.loads(line)["answers"] for line in output.splitlines())
    assert phone[0]["answer"] == "text"
    assert phone[0]["evidence"] in phone[0]["text"]
    assert [set(item) for item in both] == [{"answer", "text", "evidence"}] * 2
    assert nothing == []


def test_an_unknown_listing_is_one_plain_line(run):
    code, _, errors = run("answer", {"listing": "nowhere:1", "question": "is it free"})
    assert code == 1
    assert "no listing is called nowhere:1" in errors


def test_a_wrong_line_is_named(run):
    code, _, errors = run("answer", {"listing": "larkhaven:LH003"})
    assert code == 1
    assert "line 1" in errors


def test_judged_questions_are_counted(run):
    code, output, _ = run(
        "evaluate-answers",
        {
            "listing": "larkhaven:LH003",
            "question": "what is the phone number",
            "answer": "text",
            "evidence": "01632",
            "topic": "contact",
        },
        {
            "listing": "larkhaven:LH003",
            "question": "is there a swimming pool",
            "answer": "not_said",
            "evidence": "",
            "topic": "content",
        },
    )
    assert code == 0
    answers, nearest, *topics = json.loads(output)["summaries"]
    assert (answers["way"], nearest["way"]) == ("answers", "nearest sentence")
    assert answers["right"] == {"count": 2, "total": 2}
    assert answers["text_found"] == {"count": 1, "total": 1}
    assert answers["claimed"] == {"count": 0, "total": 1}
    assert [item["topic"] for item in topics] == ["contact", "content"]
