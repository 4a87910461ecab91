"""The real connector command, run as a process."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from bot.settings import ROOT
from directory.encoder import Encoder


class Command:
    """The real `connector` in a process and a folder of its own."""

    def __init__(self, var: Path) -> None:
        self.var = var
        var.mkdir()
        (var / "encoder").symlink_to(ROOT / "var" / "encoder")

    def __call__(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        program = shutil.which("connector", path=str(Path(sys.executable).parent))
        assert program is not None
        environment = {
            **os.environ,
            "CONNECTOR_VAR": str(self.var),
            "HF_HUB_OFFLINE": "1",
            "FETCH_PRIVATE": "true",
        }
        environment.pop("DIRECTORY_DATABASE_URL", None)
        return subprocess.run(
            [program, "directory", *arguments],
            env=environment,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )


@pytest.fixture(scope="module")
def command(
    encoder: Encoder,  # noqa: ARG001, it must have been prepared
    tmp_path_factory: pytest.TempPathFactory,
) -> Command:
    return Command(tmp_path_factory.mktemp("command") / "var")
