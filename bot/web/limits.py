"""A rate limit for each client, in memory and for this process only.

Keeps nothing that identifies a client: it stores a hash under a key that ends with the process, and
forgets it a minute after the client's last request. Must never log or store a client's address.
"""

import hashlib
import secrets
import threading
import time
from collections.abc import Callable

from fastapi import Request

from bot.connections import find_network

_MINUTE = 60.0
# More clients than one process could answer in a minute.
_MAX_CLIENTS = 50_000


class RateLimit:
    """A leaky bucket for each client: `per_minute` requests at once, refilled evenly.

    A limit of 0 allows everything. `clock` returns monotonic seconds. Thread-safe.
    """

    def __init__(self, per_minute: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._per_minute = per_minute
        self._clock = clock
        self._key = secrets.token_bytes(32)
        self._lock = threading.Lock()
        # The time at which each client's bucket is full again, in the order of last use.
        self._full_at: dict[bytes, float] = {}

    def count_request(self, client: str) -> float:
        """Count a request from `client`, an IP address, and return the seconds to wait.

        They are 0 if the request is allowed. A request that must wait is not counted.
        """
        if not self._per_minute:
            return 0.0
        interval = _MINUTE / self._per_minute
        hashed = self._hash(client)
        with self._lock:
            now = self._clock()
            full_at = max(self._full_at.pop(hashed, now), now)
            wait = full_at + interval - now - _MINUTE
            is_refused = wait > 1e-9
            self._full_at[hashed] = full_at if is_refused else full_at + interval
            self._forget_clients(now)
        return wait if is_refused else 0.0

    def __len__(self) -> int:
        """The number of clients in memory."""
        return len(self._full_at)

    def _forget_clients(self, now: float) -> None:
        for hashed, full_at in list(self._full_at.items()):
            if full_at > now and len(self._full_at) <= _MAX_CLIENTS:
                break
            del self._full_at[hashed]

    def _hash(self, client: str) -> bytes:
        network = find_network(client)
        return hashlib.blake2b(network.encode(), key=self._key, digest_size=16).digest()


def get_client_address(request: Request) -> str:
    """The IP address that a request came from, for `RateLimit.count_request`."""
    return request.client.host if request.client else ""
