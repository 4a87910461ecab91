"""Finding the services in JSON, whatever they are wrapped in.

Handles lists, pages of version 3 and of older versions, single services, organisations that contain
their services, and services at locations. Must never read a service itself.
"""

import json
from typing import Any

Json = dict[str, Any]

_PAGE_FIELDS = ("contents", "content")
# Fields that only organisations and terms have, and fields that only services have: a list of
# organisations looks much like a list of services.
_OTHER_FIELDS = (
    "logo uri website parent_organization_id organization_identifiers legal_status "
    "year_incorporated tax_status taxonomy_terms taxonomy term term_uri parent_id"
).split()
_SERVICE_FIELDS = (
    "status url fees accreditations minimum_age maximum_age assured_date alert schedules "
    "service_at_locations cost_options organization organization_id"
).split()


def find_services(content: Any) -> list[Json] | None:
    """The services in a list, a page, or a single service; None if `content` is something else.

    Services inside organisations get their organisation, and those at locations their locations.
    """
    if isinstance(content, dict):
        for name in _PAGE_FIELDS:
            if isinstance(content.get(name), list):
                return find_services(content[name])
        if isinstance(content.get("services"), list) and "name" not in content:
            return find_services(content["services"])
        return find_services([content]) if _is_entity(content) else None
    if not isinstance(content, list) or not all(isinstance(item, dict) for item in content):
        return None
    services = _join_locations([service for item in content for service in _unwrap(item)])
    if content and not services:
        return None
    return services


def is_page(content: Any) -> bool:
    """Whether `content` is one page of a list, which may have more."""
    return isinstance(content, dict) and any(
        isinstance(content.get(field), list) for field in _PAGE_FIELDS
    )


def _is_entity(content: Json) -> bool:
    return "id" in content and ("name" in content or "service" in content)


def _unwrap(item: Json) -> list[Json]:
    """The services in a service, an organisation or a service at a location."""
    services = item.get("services")
    if isinstance(services, list):
        organisation = {name: value for name, value in item.items() if name != "services"}
        return [
            {"organization": organisation} | service
            for service in services
            if isinstance(service, dict)
        ]
    if isinstance(service := item.get("service"), dict):
        service_at_location = {name: value for name, value in item.items() if name != "service"}
        return [service | {"service_at_locations": [service_at_location]}]
    has_other_fields = any(name in item for name in _OTHER_FIELDS)
    has_service_fields = any(name in item for name in _SERVICE_FIELDS)
    return [] if has_other_fields and not has_service_fields else [item]


def _join_locations(services: list[Json]) -> list[Json]:
    """Merge services that are repeated for each of their locations."""
    joined: dict[str, Json] = {}
    first_fields: dict[str, Json] = {}
    seen: dict[str, set[str]] = {}
    for number, service in enumerate(services):
        value = service.get("service_at_locations")
        locations = value if isinstance(value, list) else []
        key = str(service["id"]) if service.get("id") and isinstance(value, list) else ""
        fields = _remove_locations(service)
        if key and first_fields.get(key) == fields:
            earlier = joined[key]["service_at_locations"]
            if key not in seen:
                seen[key] = set(map(_write_sorted, earlier))
            for location in locations:
                if (text := _write_sorted(location)) not in seen[key]:
                    seen[key].add(text)
                    earlier.append(location)
        elif key and key not in joined:
            first_fields[key] = fields
            joined[key] = service | {"service_at_locations": [*locations]}
        else:
            # Different services with one id stay apart: the import reports them.
            joined[f"{number} of {key}"] = service
    return list(joined.values())


def _write_sorted(location: Any) -> str:
    """The same text for equal locations: comparing each with each would take far too long."""
    return json.dumps(location, sort_keys=True)


def _remove_locations(service: Json) -> Json:
    return {name: value for name, value in service.items() if name != "service_at_locations"}
