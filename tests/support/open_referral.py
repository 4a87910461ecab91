"""A directory to publish, an HTTP client of the app that publishes it, and the official schemas."""

import asyncio
import json
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from pathlib import Path
from typing import Any

import httpx
import numpy as np
from jsonschema import FormatChecker
from jsonschema.validators import Draft202012Validator
from referencing import Registry, Resource
from referencing.exceptions import NoSuchResource
from sqlalchemy import Engine, select, update
from sqlalchemy.orm import Session
from starlette.types import ASGIApp

from bot.web.app import compose_app
from bot.web.publishing import create_publishing_app
from directory.database import migrate, open_database
from directory.encoder import DIMENSIONS, Encoder
from directory.hsds.projection import write_services
from directory.importing.writer import (
    PreparedListing,
    announce_change,
    close_listings,
    set_notice,
    write_listings,
)
from directory.indexing.entries import make_entry
from directory.listing import Listing, withhold_place
from directory.models import ListingRow, SourceRow
from directory.publishing.repository import ServiceRepository
from directory.search.service import SearchService

Json = dict[str, Any]


def open_empty(folder: Path) -> Engine:
    engine = open_database(f"sqlite:///{folder / 'directory.db'}")
    migrate(engine)
    return engine


def fill(
    engine: Engine,
    source: str,
    listings: Iterable[Listing],
    *,
    notice: str = "",
    modified: datetime | None = None,
    gone: bool = False,
) -> list[int]:
    """Write the listings as an import does, with zero vectors, and return their ids.

    `modified` is the time of their last change; with `gone`, their source has dropped them.
    """
    vector = np.zeros(DIMENSIONS, dtype=np.float32)
    with Session(engine) as session:
        row = session.scalar(select(SourceRow).where(SourceRow.name == source))
        row = row or SourceRow(name=source)
        session.add(row)
        session.flush()
        set_notice(session, row, notice)
        keys = select(ListingRow.key, ListingRow.id).where(ListingRow.source_id == row.id)
        known_ids = dict(session.execute(keys).all())
        ids = write_listings(
            session,
            row.id,
            [
                PreparedListing(listing, make_entry(listing, vector), known_ids.get(listing.key))
                for listing in map(withhold_place, listings)
            ],
        )
        if gone:
            close_listings(session, ids)
        if modified:
            session.execute(
                update(ListingRow).where(ListingRow.id.in_(ids)).values(modified=modified)
            )
            write_services(session, ids)
        announce_change(session)
        session.commit()
    return ids


class Standard:
    """The official schemas, with formats checked."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def check(self, schema: str, document: Any) -> None:
        """Raises a ValidationError if the document is invalid. `schema` is the stem of a file."""
        compiled = self._folder / "compiled" / f"{schema}.json"
        path = compiled if compiled.exists() else self._folder / f"{schema}.json"
        self._make_validator(path).validate(document)

    def check_page(self, schema: str, page: Json) -> None:
        """Check the page's envelope, and every entity on it."""
        openapi = json.loads((self._folder / "openapi.json").read_text())
        envelope = openapi["components"]["schemas"]["Page"]
        assert set(envelope["properties"]) <= set(page)
        Draft202012Validator(envelope).validate(page)
        for entity in page["contents"]:
            self.check(schema, entity)

    def _make_validator(self, path: Path) -> Any:
        def retrieve(uri: str) -> Resource[Any]:
            schema_path = path.parent / uri.rpartition("/")[2]
            if not schema_path.exists():
                raise NoSuchResource(ref=uri)
            return Resource.opaque(json.loads(schema_path.read_text()))

        return Draft202012Validator(
            {"$id": f"https://standard.example/{path.name}", **json.loads(path.read_text())},
            registry=Registry(retrieve=retrieve),
            format_checker=FormatChecker(),
        )


class AppClient:
    """An HTTP client of an app in the same process."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    def get(self, path: str, headers: dict[str, str] | None = None) -> httpx.Response:
        return self.request("GET", path, headers)

    def request(
        self, method: str, path: str, headers: dict[str, str] | None = None
    ) -> httpx.Response:
        async def send() -> httpx.Response:
            transport = httpx.ASGITransport(app=self.app)
            async with httpx.AsyncClient(
                transport=transport, base_url="http://directory.example"
            ) as client:
                return await client.request(method, path, headers=headers)

        # In a separate thread, because a browser in the same test runs an event loop in this one.
        with ThreadPoolExecutor(1) as pool:
            return pool.submit(lambda: asyncio.run(send())).result()


def connect(
    engine: Engine,
    encoder: Encoder | None = None,
    base_url: str = "",
    chat: ASGIApp | None = None,
) -> AppClient:
    """A client of the publishing app, beside `chat`. Without an encoder, search uses words only."""
    search_service = SearchService(engine, encoder or Encoder(Path("none")))
    published = create_publishing_app(ServiceRepository(engine), search_service, base_url)
    return AppClient(compose_app(chat=chat, published=published))
