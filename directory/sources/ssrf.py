"""Which machines a feed's address may lead to, and connecting to those alone.

A name is resolved once, every address it has is looked at, and the connection goes to one that was
looked at: a name that changes its mind in between gains nothing. Holds for redirects too, since
each is a request of its own.
"""

import ipaddress
import socket
import threading

import httpx

_MOST_TRIED = 4
# Addresses of IPv6 that carry one of IPv4 inside, which may lead anywhere.
_TRANSLATED = ipaddress.ip_network("64:ff9b::/96")


class PrivateAddressError(httpx.RequestError):
    """A name leads to an address that is not part of the public internet."""


def is_public_address(address: str) -> bool:
    """Whether an IP address is one of the public internet: not of this machine or its network."""
    try:
        # A link-local address may name its interface.
        parsed = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return False
    if isinstance(parsed, ipaddress.IPv6Address):
        inside = parsed.ipv4_mapped or parsed.sixtofour
        if parsed in _TRANSLATED:
            inside = ipaddress.IPv4Address(int(parsed) & 0xFFFFFFFF)
        if inside is not None:
            return is_public_address(str(inside))
        if parsed.teredo is not None or parsed.is_site_local:
            return False
    return parsed.is_global and not parsed.is_multicast and not parsed.is_reserved


class CheckedTransport(httpx.BaseTransport):
    """Sends requests to addresses that were looked at; `allow_private` lets every one pass.

    Proxies of the environment are not used: they would choose the address in our place.
    """

    def __init__(self, *, allow_private: bool) -> None:
        self._allow_private = allow_private
        self._lock = threading.Lock()
        # One for each name: hosts that share an address must not share a connection, whose
        # certificate was checked for the one name only.
        self._transports: dict[str, httpx.HTTPTransport] = {}

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """As httpx asks of a transport. Raises PrivateAddressError, or httpx's own errors."""
        name = request.url.host
        failed: httpx.ConnectError | httpx.ConnectTimeout | None = None
        for address in self._resolve(request)[:_MOST_TRIED]:
            # The name still goes in the Host header, and is what the certificate must be for.
            checked = httpx.Request(
                request.method,
                request.url.copy_with(host=address),
                headers=request.headers,
                stream=request.stream,
                extensions={**request.extensions, "sni_hostname": name},
            )
            try:
                return self._transport(name).handle_request(checked)
            except (httpx.ConnectError, httpx.ConnectTimeout) as error:
                failed = error
        raise failed or httpx.ConnectError("no address", request=request)

    def close(self) -> None:
        """Close every connection."""
        for transport in self._transports.values():
            transport.close()

    def _transport(self, name: str) -> httpx.HTTPTransport:
        with self._lock:
            if name not in self._transports:
                self._transports[name] = httpx.HTTPTransport()
            return self._transports[name]

    def _resolve(self, request: httpx.Request) -> list[str]:
        url = request.url
        port = url.port or (443 if url.scheme == "https" else 80)
        try:
            found = socket.getaddrinfo(url.host, port, type=socket.SOCK_STREAM)
        except (OSError, UnicodeError) as error:
            raise httpx.ConnectError(str(error), request=request) from None
        addresses = list(dict.fromkeys(str(one[4][0]) for one in found))
        # One address of ours among several is still a way in.
        if not self._allow_private and not all(map(is_public_address, addresses)):
            raise PrivateAddressError(url.host, request=request)
        return addresses
