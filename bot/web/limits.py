"""How often one client may write. In memory, for this process alone.

Keeps nothing that tells who wrote: a client is a hash under a key that ends with the process,
and is forgotten a minute after it last wrote. Must never log a client, nor keep its address.
"""

import hashlib
import ipaddress
import secrets
import threading
import time
from collections.abc import Callable

from fastapi import Request

_MINUTE = 60.0
# More at once than one process could answer in that minute.
_MOST_CLIENTS = 50_000


class RateLimit:
    """A bucket for each client: `a_minute` messages at once, refilled evenly. 0 lets all in.

    `clock` tells seconds that never go back. Safe to call from several threads.
    """

    def __init__(self, a_minute: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._most = a_minute
        self._clock = clock
        self._key = secrets.token_bytes(32)
        self._lock = threading.Lock()
        # By client, in the order of last use: when its bucket will be full again.
        self._full_at: dict[bytes, float] = {}

    def wait(self, client: str) -> float:
        """Count one message of `client`, an IP address. Seconds to wait; 0 if it may go at once."""
        if not self._most:
            return 0.0
        each = _MINUTE / self._most
        hashed = self._hash(client)
        with self._lock:
            now = self._clock()
            full_at = max(self._full_at.pop(hashed, now), now)
            wait = full_at + each - now - _MINUTE
            refused = wait > 1e-9
            self._full_at[hashed] = full_at if refused else full_at + each
            self._forget(now)
        return wait if refused else 0.0

    def __len__(self) -> int:
        """How many clients are remembered."""
        return len(self._full_at)

    def _forget(self, now: float) -> None:
        for hashed, full_at in list(self._full_at.items()):
            if full_at > now and len(self._full_at) <= _MOST_CLIENTS:
                break
            del self._full_at[hashed]

    def _hash(self, client: str) -> bytes:
        return hashlib.blake2b(_network(client).encode(), key=self._key, digest_size=16).digest()


def name_client(request: Request) -> str:
    """The address that a request came from, for `RateLimit.wait`."""
    return request.client.host if request.client else ""


def _network(client: str) -> str:
    """One home has one IPv4 address, and as many IPv6 addresses as it likes within a /64."""
    try:
        address = ipaddress.ip_address(client)
    except ValueError:
        return client
    if address.version == 4:
        return str(address)
    return str(ipaddress.ip_network((address, 64), strict=False))
