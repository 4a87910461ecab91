"""The routes of the desk, with the role that each needs."""

from fastapi.routing import iter_route_contexts

from bot.web.desk.permissions import RequiredRole
from tests.support.desk_server import DeskServer


def list_required_roles(desk: DeskServer) -> dict[tuple[str, str], list[RequiredRole]]:
    """The roles that each route of the desk depends on, by method and path."""
    return {
        (method, route.path): [
            dependency.call
            for dependency in route.dependant.dependencies
            if isinstance(dependency.call, RequiredRole)
        ]
        for route in iter_route_contexts(desk.app.routes)
        for method in route.methods
    }
