"""Where a form comes from, as the browser says it and no page can change it.

`Sec-Fetch-Site` decides where a browser sends it (all current ones, over TLS or on loopback), and
else `Origin`: https://developer.mozilla.org/docs/Web/HTTP/Reference/Headers/Sec-Fetch-Site
"""

import ipaddress
from collections.abc import Mapping
from urllib.parse import urlsplit


def is_own_form(headers: Mapping[str, str], base_url: str = "") -> bool:
    """Whether a form comes from a page of ours: at `base_url`, or at the host of this request.

    True as well for old and text browsers, which say nothing.
    """
    if "sec-fetch-site" in headers:
        # "none" is a person who sends the form once more, such as by reloading.
        return headers["sec-fetch-site"] in ("same-origin", "none")
    own_origins = {*list_host_origins(headers), get_origin(base_url)}
    return "origin" not in headers or headers["origin"] in own_origins


def list_host_origins(headers: Mapping[str, str]) -> tuple[str, str]:
    """The origins of pages at the host that a request is for. Behind a proxy, TLS is not seen."""
    host = headers.get("host", "")
    return f"http://{host}", f"https://{host}"


def get_origin(base_url: str) -> str:
    """The origin of pages under an address, as browsers write it."""
    scheme, host, *_ = urlsplit(base_url)
    return f"{scheme}://{host}"


def is_loopback(base_url: str) -> bool:
    """Whether an address leads to this machine only, or is empty."""
    host = urlsplit(base_url).hostname or "localhost"
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
