"""What every answer carries, so that a browser trusts it with as little as can be."""

# Of anything: it is what it says it is.
LEAST_HEADERS = {"X-Content-Type-Options": "nosniff"}
SECURITY_HEADERS = {
    **LEAST_HEADERS,
    "Referrer-Policy": "no-referrer",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Content-Security-Policy": (
        "default-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'self'; "
        "object-src 'none'"
    ),
}
