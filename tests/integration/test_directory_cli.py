"""`connector directory search`: what it prints, and where."""

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
    """A folder of the program's own, with the example town in it."""
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
    """Runs the command here, and gives its exit code, output and errors."""
    monkeypatch.setenv("CONNECTOR_VAR", str(var))
    monkeypatch.delenv("DIRECTORY_DATABASE_URL", raising=False)

    def run(*arguments: str) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["connector", "directory", "search", *arguments])
        with pytest.raises(SystemExit) as stopped:
            main()
        output, errors = capsys.readouterr()
        return int(stopped.value.code or 0), output, errors

    return run


def test_a_ranking_with_reasons(search):
    code, output, errors = search(GARDENING, "--limit", "3")
    assert (code, errors) == (0, "")
    lines = [line.strip() for line in output.splitlines()]
    assert [line[:2] for line in lines if line[:1].isdigit()] == ["1.", "2.", "3."]
    whys = [line for line in lines if line.startswith("why:")]
    assert len(whys) == 3
    assert "It mentions" in whys[0]
    assert sum("Fictional example" in line for line in lines) == 3


def test_json_is_all_that_the_real_command_prints(var):
    program = shutil.which("connector", path=str(Path(sys.executable).parent))
    assert program is not None
    environment = {**os.environ, "CONNECTOR_VAR": str(var), "HF_HUB_OFFLINE": "1"}
    done = subprocess.run(
        [program, "directory", "search", GARDENING, "--json", "--limit", "2"],
        env=environment,
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    )
    found = json.loads(done.stdout)
    assert len(found) == 2
    assert {"name", "kind", "reasons", "when", "where", "cost", "miles", "score"} <= set(found[0])
    assert found[0]["score"] >= found[1]["score"]
    assert "garden" in json.dumps(found[0]).lower()


def test_filters_hold(search):
    code, output, _ = search(
        "help out", "--kind", "volunteering", "--near", "Harbourside", "--limit", "20", "--json"
    )
    found = json.loads(output)
    assert code == 0
    assert {one["kind"] for one in found} == {"volunteering"}
    assert any(one["miles"] is not None for one in found)
    assert any("from Harbourside" in reason for one in found for reason in one["reasons"])
    _, output, _ = search("tea", "--free", "--json", "--limit", "20")
    assert all("It is free" in one["reasons"] for one in json.loads(output))


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (("tea", "--kind", "club"), "No kind is called 'club'; use group, service"),
        (("tea", "--near", "Atlantis"), "Nothing is known near 'Atlantis'. Listings are in"),
    ],
)
def test_a_command_error_is_one_line(search, arguments, complaint):
    code, output, errors = search(*arguments)
    assert (code, output) == (1, "")
    assert complaint in errors
    assert len(errors.splitlines()) == 1


def test_an_empty_directory_says_how_to_fill_it(search, tmp_path, monkeypatch):
    monkeypatch.setenv("DIRECTORY_DATABASE_URL", f"sqlite:///{tmp_path / 'empty.db'}")
    code, output, errors = search("tea")
    assert (code, output) == (1, "")
    assert "connector directory import" in errors
