"""Finding the services in JSON, however they are wrapped.

Knows lists, pages of version 3 and of the older form, single services, organisations with
their services inside, and services at locations. Must never read a service itself.
"""

from typing import Any

Json = dict[str, Any]

_PAGES = ("contents", "content")
# Only organisations and terms have these, and only services those: a list of organisations is
# no list of services, however alike the two look.
_OTHER = (
    "logo uri website parent_organization_id organization_identifiers legal_status "
    "year_incorporated tax_status taxonomy_terms taxonomy term term_uri parent_id"
).split()
_SERVICE = (
    "status url fees accreditations minimum_age maximum_age assured_date alert schedules "
    "service_at_locations cost_options organization organization_id"
).split()


def find_services(content: Any) -> list[Json] | None:
    """The services in a list, a page of either age, or a single service; None if it is neither.

    Services inside organisations get their organisation, those at locations their locations.
    """
    if isinstance(content, dict):
        for name in _PAGES:
            if isinstance(content.get(name), list):
                return find_services(content[name])
        if isinstance(content.get("services"), list) and "name" not in content:
            return find_services(content["services"])
        return find_services([content]) if _is_entity(content) else None
    if not isinstance(content, list) or not all(isinstance(one, dict) for one in content):
        return None
    services = _join_locations([service for one in content for service in _open(one)])
    if content and not services:
        return None
    return services


def is_page(content: Any) -> bool:
    """Whether `content` is one page of a list, of which there may be more."""
    return isinstance(content, dict) and any(isinstance(content.get(one), list) for one in _PAGES)


def _is_entity(content: Json) -> bool:
    return "id" in content and ("name" in content or "service" in content)


def _open(one: Json) -> list[Json]:
    """The services in a service, an organisation or a service at a location."""
    inside = one.get("services")
    if isinstance(inside, list):
        organisation = {name: value for name, value in one.items() if name != "services"}
        return [{"organization": organisation} | each for each in inside if isinstance(each, dict)]
    if isinstance(service := one.get("service"), dict):
        at = {name: value for name, value in one.items() if name != "service"}
        return [service | {"service_at_locations": [at]}]
    looks = any(name in one for name in _OTHER)
    return [] if looks and not any(name in one for name in _SERVICE) else [one]


def _join_locations(services: list[Json]) -> list[Json]:
    """One service for each that came once for every location it is at."""
    joined: dict[str, Json] = {}
    for number, service in enumerate(services):
        at = service.get("service_at_locations")
        key = str(service.get("id")) if service.get("id") and isinstance(at, list) else ""
        known = joined.get(key) if key else None
        if known is not None and _bare(known) == _bare(service):
            places = known["service_at_locations"]
            known["service_at_locations"] = places + [one for one in at or [] if one not in places]
        else:
            # What shares its id and nothing else is left apart, for the import to complain of.
            joined[key if key and known is None else f"{number} of {key}"] = dict(service)
    return list(joined.values())


def _bare(service: Json) -> Json:
    return {name: value for name, value in service.items() if name != "service_at_locations"}
