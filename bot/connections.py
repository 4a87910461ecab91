"""The connections of a web server: the largest head of a request, the time a request may take to
arrive, and how many connections there may be.

uvicorn has a setting for none of the three. Must never log or store a client's address.
"""

import asyncio
import enum
import ipaddress
from dataclasses import dataclass
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol


@dataclass(frozen=True)
class ConnectionLimits:
    """What one connection may take, and how many there may be.

    `head_bytes` is for the request line and the headers together. A request has `request_seconds`
    to arrive, and another second for each `bytes_per_second` that have arrived. `per_client` is
    for one client that is not a trusted proxy.
    """

    head_bytes: int = 32_768
    request_seconds: float = 20
    bytes_per_second: int = 16_384
    connections: int = 500
    per_client: int = 100


class _Progress(enum.Enum):
    """How much of a request has arrived."""

    NOTHING = enum.auto()
    PART_OF_HEAD = enum.auto()
    HEAD = enum.auto()
    ALL = enum.auto()


class BoundedProtocol(HttpToolsProtocol):
    """uvicorn's protocol, within limits.

    When there are too many connections, those end first whose requests have the least time left to
    arrive: a connection that only waits makes room for the next client.
    """

    def __init__(self, *args: Any, limits: ConnectionLimits, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._limits = limits
        self._network = ""
        self._progress = _Progress.NOTHING
        self._head_bytes = 0
        self._deadline = 0.0
        self._clock: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        # uvicorn has wrapped the app in its middleware for proxies.
        if self.client and self.client[0] not in self.app.trusted_hosts:
            self._network = find_network(self.client[0])
        self._watch_request()
        self._make_room()

    def data_received(self, data: bytes) -> None:
        while data and not self.transport.is_closing():
            has_head = self._progress is _Progress.HEAD
            room = len(data) if has_head else self._limits.head_bytes - self._head_bytes
            piece, data = data[:room], data[room:]
            # What comes after the response earns no time: it is thrown away.
            if not (has_head and self.cycle.response_complete):
                self._deadline += len(piece) / self._limits.bytes_per_second
            super().data_received(piece)
            if self._progress is _Progress.PART_OF_HEAD:
                self._head_bytes += len(piece)
                if self._head_bytes >= self._limits.head_bytes:
                    self.send_400_response("The head of this request is too large.")
        self._watch_request()

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self._progress = _Progress.PART_OF_HEAD
        self._head_bytes = 0

    def on_headers_complete(self) -> None:
        super().on_headers_complete()
        self._progress = _Progress.HEAD
        self._head_bytes = 0

    def on_message_complete(self) -> None:
        super().on_message_complete()
        self._progress = _Progress.ALL

    def on_response_complete(self) -> None:
        super().on_response_complete()
        self._watch_request()

    def connection_lost(self, exc: Exception | None) -> None:
        super().connection_lost(exc)
        self._stop_clock()

    @property
    def _awaits_request(self) -> bool:
        """Whether the next bytes are the client's to send."""
        is_answered = self.cycle is None or self.cycle.response_complete
        return self._progress is not _Progress.ALL or (is_answered and not self.pipeline)

    def _watch_request(self) -> None:
        """Start the clock when a request is awaited, and stop it once all of it has arrived."""
        if not self._awaits_request or self.transport.is_closing():
            self._stop_clock()
        elif self._clock is None:
            self._deadline = self.loop.time() + self._limits.request_seconds
            self._set_clock()

    def _set_clock(self) -> None:
        self._clock = self.loop.call_at(self._deadline, self._check_clock)

    def _check_clock(self) -> None:
        if self.flow.read_paused:
            # It is the app that does not read.
            self._deadline = self.loop.time() + self._limits.request_seconds
        if self._deadline > self.loop.time():
            self._set_clock()
        else:
            self.transport.abort()

    def _stop_clock(self) -> None:
        if self._clock is not None:
            self._clock.cancel()
            self._clock = None

    def _make_room(self) -> None:
        """End the connection that waits with the least time left, if there are too many."""
        if len(self.connections) <= min(self._limits.per_client, self._limits.connections):
            return
        peers = [
            peer
            for peer in self.connections
            if isinstance(peer, BoundedProtocol) and not peer.transport.is_closing()
        ]
        own = [peer for peer in peers if self._network and peer._network == self._network]
        if len(own) > self._limits.per_client:
            peers = own
        elif len(peers) <= self._limits.connections:
            return
        # This one waits as well, and is the last resort.
        waiting = [peer for peer in peers if peer._clock is not None]
        min(waiting, key=lambda peer: peer._deadline).transport.abort()


def find_network(client: str) -> str:
    """The network of one household: an IPv4 address, or the /64 of an IPv6 address."""
    try:
        address = ipaddress.ip_address(client)
    except ValueError:
        return client
    if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped:
        address = address.ipv4_mapped
    if address.version == 4:
        return str(address)
    return str(ipaddress.ip_network((address, 64), strict=False))
