"""`connector nlu parse` and `connector safety scan` on a file of texts."""

import json
import os
import subprocess
from pathlib import Path

import pytest

from tests.support.service import CONNECTOR, Service

TEXTS = ["is there a knitting group in ZY2", "i dont want to be here anymore", "tell me a joke"]


@pytest.fixture
def texts(tmp_path: Path) -> Path:
    file = tmp_path / "texts.jsonl"
    lines = [json.dumps({"text": text, "other": 1}) for text in TEXTS]
    file.write_text("\n".join(lines) + "\n\n", encoding="utf-8")
    return file


def run(
    *arguments: object, environment: dict[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    command = [str(CONNECTOR), *map(str, arguments)]
    return subprocess.run(
        command, env=environment or dict(os.environ), capture_output=True, text=True, timeout=200
    )


def test_parsing_needs_no_server(service: Service, texts: Path) -> None:
    process = run("nlu", "parse", texts, environment=service.environment)
    assert process.returncode == 0, process.stderr
    parsed = [json.loads(line) for line in process.stdout.splitlines()]
    assert [line["text"] for line in parsed] == TEXTS
    assert [parsed[0]["intent"], parsed[2]["intent"]] == ["find_group", "out_of_scope"]
    assert {"entity": "area", "value": "ZY2", "start": 29, "end": 32} in parsed[0]["entities"]
    assert all(0 <= line["confidence"] <= 1 for line in parsed)


def test_scanning_labels_each_text(texts: Path) -> None:
    process = run("safety", "scan", texts)
    assert process.returncode == 0, process.stderr
    labels = [json.loads(line) for line in process.stdout.splitlines()]
    assert labels == [
        {"text": text, "label": label}
        for text, label in zip(TEXTS, ("none", "crisis", "none"), strict=True)
    ]


def test_scanning_labels_each_turn_of_a_talk(tmp_path: Path) -> None:
    file = tmp_path / "talks.jsonl"
    file.write_text(json.dumps({"turns": ["any choirs", "i want to die"]}) + "\n")
    process = run("safety", "scan", file)
    assert process.returncode == 0, process.stderr
    [talk] = [json.loads(line) for line in process.stdout.splitlines()]
    assert talk["labels"] == ["none", "crisis"]


@pytest.mark.parametrize("command", [("nlu", "parse"), ("safety", "scan")])
@pytest.mark.parametrize("content", [b"hello", b'{"txt": 1}', b"\xff", None])
def test_a_wrong_file_is_reported_in_one_line(
    tmp_path: Path, command: tuple[str, str], content: bytes | None
) -> None:
    file = tmp_path / "wrong.jsonl"
    if content is not None:
        file.write_bytes(content)
    process = run(*command, file)
    assert process.returncode == 1
    assert len(process.stderr.splitlines()) == 1
    assert "wrong.jsonl" in process.stderr
