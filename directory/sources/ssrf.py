"""Protection against server-side request forgery: feeds may lead to the public internet only.

A host name is resolved once, each of its addresses is checked, and the connection goes to an
address that was checked: a name that resolves differently a moment later gains nothing. Redirects
are checked too, since each is a request of its own.
"""

import ipaddress
import socket
from functools import partial

import httpx
from anyio import to_thread

_MAX_ADDRESSES_TRIED = 4
# The only IPv6 block from which IANA hands out public unicast addresses.
_IPV6_UNICAST = ipaddress.ip_network("2000::/3")
# Where no feed can be: IANA's special-purpose registries, as updated on 9 October 2025, and the
# blocks for multicast and later use. `ipaddress` knows those of its release, and Python 3.11 lacks
# several. Blocks for protocols are refused whole, with the few addresses that can be reached.
# https://www.iana.org/assignments/iana-ipv4-special-registry
# https://www.iana.org/assignments/iana-ipv6-special-registry (without those outside 2000::/3)
_REFUSED = tuple(
    ipaddress.ip_network(block)
    for block in (
        *("0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16"),
        *("172.16.0.0/12", "192.0.0.0/24", "192.0.2.0/24", "192.31.196.0/24", "192.52.193.0/24"),
        *("192.88.99.0/24", "192.168.0.0/16", "192.175.48.0/24", "198.18.0.0/15"),
        *("198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/4", "240.0.0.0/4"),
        *("2001::/23", "2001:db8::/32", "2002::/16", "2620:4f:8000::/48", "3fff::/20"),
        # Azure's host, which only its own machines reach. Other clouds use blocks from above.
        # https://learn.microsoft.com/azure/virtual-network/what-is-ip-address-168-63-129-16
        "168.63.129.16/32",
    )
)
# IPv6 addresses of NAT64, each with an IPv4 address inside that may lead anywhere.
_NAT64 = ipaddress.ip_network("64:ff9b::/96")


class PrivateAddressError(httpx.RequestError):
    """A host name resolves to an address outside the public internet."""


def is_public_address(address: str) -> bool:
    """Whether an IP address is on the public internet, not on this machine or its network."""
    try:
        # A link-local address may end with the name of its interface.
        parsed = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return False
    if isinstance(parsed, ipaddress.IPv6Address):
        embedded = parsed.ipv4_mapped
        if parsed in _NAT64:
            embedded = ipaddress.IPv4Address(int(parsed) & 0xFFFFFFFF)
        if embedded is not None:
            return is_public_address(str(embedded))
        if parsed not in _IPV6_UNICAST:
            return False
    return not any(parsed in block for block in _REFUSED)


class CheckedTransport(httpx.AsyncBaseTransport):
    """An httpx transport that connects to checked addresses only, or to any if `allow_private`.

    Proxies of the environment are not used: they would choose the address themselves.
    """

    def __init__(self, *, allow_private: bool) -> None:
        self._allow_private = allow_private
        # One per host name: hosts that share an address must not share a connection, because its
        # certificate was checked for one name only.
        self._transports: dict[str, httpx.AsyncHTTPTransport] = {}

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send a request, as httpx requires. Raises PrivateAddressError, or httpx's own errors."""
        host = request.url.host
        failure: httpx.ConnectError | httpx.ConnectTimeout | None = None
        for address in (await self._resolve(request))[:_MAX_ADDRESSES_TRIED]:
            # The Host header keeps the name, and the certificate must be for it.
            checked_request = httpx.Request(
                request.method,
                request.url.copy_with(host=address),
                headers=request.headers,
                stream=request.stream,
                extensions={**request.extensions, "sni_hostname": host},
            )
            try:
                return await self._get_transport(host).handle_async_request(checked_request)
            except (httpx.ConnectError, httpx.ConnectTimeout) as error:
                failure = error
        raise failure or httpx.ConnectError("no address", request=request)

    async def aclose(self) -> None:
        """Close every connection."""
        for transport in self._transports.values():
            await transport.aclose()

    def _get_transport(self, host: str) -> httpx.AsyncHTTPTransport:
        if host not in self._transports:
            self._transports[host] = httpx.AsyncHTTPTransport()
        return self._transports[host]

    async def _resolve(self, request: httpx.Request) -> list[str]:
        url = request.url
        port = url.port or (443 if url.scheme == "https" else 80)
        look_up = partial(socket.getaddrinfo, url.host, port, type=socket.SOCK_STREAM)
        try:
            # A name server that does not answer can hold up the thread, but not the caller.
            results = await to_thread.run_sync(look_up, abandon_on_cancel=True)
        except (OSError, UnicodeError) as error:
            raise httpx.ConnectError(str(error), request=request) from None
        addresses = list(dict.fromkeys(str(result[4][0]) for result in results))
        # One private address among several would still be a way in.
        if not self._allow_private and not all(map(is_public_address, addresses)):
            raise PrivateAddressError(url.host, request=request)
        return addresses
