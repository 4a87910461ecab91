"""Clients as rate limits count them. Must never log or store one."""

from fastapi import Request

from bot.connections import find_network


def get_client_network(request: Request) -> str:
    """The network of the household that a request came from; empty if it is not known."""
    return find_network(request.client.host) if request.client else ""
