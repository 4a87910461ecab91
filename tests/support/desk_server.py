"""The desk on a real server, and a person who uses it over HTTP without a browser."""

import re
import socket
import threading
import time
from dataclasses import dataclass, field

import httpx
import uvicorn
from sqlalchemy import Engine

from bot.web.app import compose_app
from bot.web.desk.app import create_desk
from checkins.errors import ReleaseError
from directory.desk.import_process import ImportProcess
from directory.desk.services import DeskServices
from directory.encoder import Encoder
from directory.search.service import SearchService

SECRET = b"a secret of the tests' own"
PASSWORD = "correct horse battery"


@dataclass(frozen=True)
class Release:
    period: str
    policy: str
    files: tuple[str, ...]
    digest: str


@dataclass
class Releases:
    """Releases with their files, with the interface of `Ledger`."""

    releases: dict[str, dict[str, bytes]] = field(default_factory=dict)

    def list_entries(self) -> list[Release]:
        return [
            Release(period, "counts of 1 to 7 suppressed", tuple(sorted(files)), "0f" * 32)
            for period, files in sorted(self.releases.items())
        ]

    def read_file(self, period: str, name: str) -> bytes:
        try:
            return self.releases[period][name]
        except KeyError:
            raise ReleaseError(f"The release of {period} has no file {name!r}.") from None


class DeskServer:
    """A real server on loopback that serves only the desk. People open it at `base_url`."""

    def __init__(
        self,
        engine: Engine,
        encoder: Encoder,
        ledger: Releases,
        sign_in_attempts_per_minute: int = 0,
        base_url: str = "",
        import_process: ImportProcess | None = None,
    ) -> None:
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._socket.getsockname()[1]}"
        self.engine = engine
        self.desk_services = DeskServices(
            engine, encoder, SECRET, fetch_private=True, import_process=import_process
        )
        search_service = SearchService(engine, encoder)
        self.app = create_desk(
            self.desk_services,
            search_service,
            ledger,
            SECRET,
            base_url or self.url,
            sign_in_attempts_per_minute=sign_in_attempts_per_minute,
        )
        app = compose_app(desk=self.app)
        config = uvicorn.Config(app, log_level="error", access_log=False, lifespan="off")
        config.timeout_graceful_shutdown = 1
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(
            target=self._server.run, args=([self._socket],), daemon=True
        )

    def start(self) -> None:
        self._thread.start()
        deadline = time.monotonic() + 30
        while not self._server.started:
            assert time.monotonic() < deadline
            time.sleep(0.01)

    def stop(self) -> None:
        self.desk_services.close()
        self._server.should_exit = True
        self._thread.join(30)

    def make_person(self, name: str, role: str) -> "Person":
        """A signed-in person with this role. Adds the account if it is missing."""
        names = {account.name for account in self.desk_services.accounts.list_all()}
        if name not in names:
            self.desk_services.accounts.add(name, role, PASSWORD)
        person = Person(self.url)
        response = person.sign_in(name, PASSWORD)
        assert response.status_code == 303, response.text
        return person


class Person:
    """An HTTP client that keeps cookies and sends the CSRF token of a page with its forms."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.client = httpx.Client(
            base_url=url, timeout=120, trust_env=False, headers={"Origin": url}
        )

    def get(self, path: str) -> httpx.Response:
        return self.client.get(path)

    def read(self, path: str) -> str:
        """The page's HTML."""
        response = self.get(path)
        assert response.status_code == 200, response.text
        return response.text

    def post(
        self, path: str, page: str = "/desk/sign-in", **fields: str | list[str]
    ) -> httpx.Response:
        """Send a form with the CSRF token of `page`."""
        token = re.search(r'name="token" value="(\w+)"', self.get(page).text)
        assert token, f"{page} has no form"
        return self.client.post(path, data={"token": token[1], **fields})

    def sign_in(self, name: str, password: str) -> httpx.Response:
        return self.post("/desk/sign-in", name=name, password=password)

    def close(self) -> None:
        self.client.close()


REPORT = b"<!doctype html><title>Report</title><style>h1{color:teal}</style><h1>Belonging</h1>"
