"""`connector directory search`: its output and its errors."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from bot.cli import main
from bot.settings import ROOT
from directory.database import migrate, open_database
from directory.importing.importer import import_listings
from directory.sources.detect import read_source

GARDENING = "somewhere to do a bit of gardening with other people"


@pytest.fixture(scope="module")
def var(encoder, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder with the example town."""
    var = tmp_path_factory.mktemp("cli") / "var"
    var.mkdir()
    (var / "encoder").symlink_to(ROOT / "var" / "encoder")
    engine = open_database(f"sqlite:///{var / 'directory.db'}")
    migrate(engine)
    rows = read_source(str(ROOT / "examples" / "larkhaven.csv"))
    import_listings(engine, encoder, "larkhaven", rows, notice="Fictional example")
    engine.dispose()
    return var


@pytest.fixture
def search(var, monkeypatch, capsys):
    """Runs the command in this process; returns its exit code, output and errors."""
    monkeypatch.setenv("CONNECTOR_VAR", str(var))
    monkeypatch.delenv("DIRECTORY_DATABASE_URL", raising=False)

    def run(*arguments: str) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["connector", "directory", "search", *arguments])
        with pytest.raises(SystemExit) as exited:
            main()
        output, errors = capsys.readouterr()
        return int(exited.value.code or 0), output, errors

    return run


def test_listings_are_printed_with_reasons(search):
    code, output, errors = search(GARDENING, "--limit", "3")
    assert (code, errors) == (0, "")
    lines = [line.strip() for line in output.splitlines()]
    assert [line[:2] for line in lines if line[:1].isdigit()] == ["1.", "2.", "3."]
    reasons = [line for line in lines if line.startswith("why:")]
    assert len(reasons) == 3
    assert "It mentions" in reasons[0]
    assert sum("Fictional example" in line for line in lines) == 3


def test_the_command_prints_only_json_with_the_option_json(var):
    program = shutil.which("connector", path=str(Path(sys.executable).parent))
    assert program is not None
    environment = {**os.environ, "CONNECTOR_VAR": str(var), "HF_HUB_OFFLINE": "1"}
    process = subprocess.run(
        [program, "directory", "search", GARDENING, "--json", "--limit", "2"],
        env=environment,
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    )
    summaries = json.loads(process.stdout)
    assert len(summaries) == 2
    assert {"name", "kind", "reasons", "when", "where", "cost", "miles", "score"} <= set(
        summaries[0]
    )
    assert summaries[0]["score"] >= summaries[1]["score"]
    assert "garden" in json.dumps(summaries[0]).lower()


def test_filters_apply(search):
    code, output, _ = search(
        "help out", "--kind", "volunteering", "--near", "Harbourside", "--limit", "20", "--json"
    )
    summaries = json.loads(output)
    assert code == 0
    assert {summary["kind"] for summary in summaries} == {"volunteering"}
    assert any(summary["miles"] is not None for summary in summaries)
    assert any(
        "from Harbourside" in reason for summary in summaries for reason in summary["reasons"]
    )
    _, output, _ = search("tea", "--free", "--json", "--limit", "20")
    assert all("It is free" in summary["reasons"] for summary in json.loads(output))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("tea", "--kind", "club"), "No kind is called 'club'; use group, service"),
        (("tea", "--near", "Atlantis"), "Nothing is known near 'Atlantis'. Listings are in"),
    ],
)
def test_a_command_error_is_one_line(search, arguments, message):
    code, output, errors = search(*arguments)
    assert (code, output) == (1, "")
    assert message in errors
    assert len(errors.splitlines()) == 1


def test_an_empty_directory_is_reported_with_the_way_to_fill_it(search, tmp_path, monkeypatch):
    monkeypatch.setenv("DIRECTORY_DATABASE_URL", f"sqlite:///{tmp_path / 'empty.db'}")
    code, output, errors = search("tea")
    assert (code, output) == (1, "")
    assert "connector directory import" in errors
