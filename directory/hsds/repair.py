"""Repairs a source's own record so that it is valid in the standard.

Valid parts stay exactly as they came. Must never add a fact: only missing ids are made, from what
is there, and invalid parts are removed.
"""

from typing import Any

from pydantic import BaseModel, ValidationError

from directory.hsds.ids import is_uuid, make_id

Json = dict[str, Any]


def repair(model: type[BaseModel], part: Json, *names: str) -> Json | None:
    """A copy of `part` that is valid as `model`, or None if a required member is missing.

    `names` identify the part; missing ids are made from them. Empty members are removed.
    """
    normalised: Json = _normalise(part, names)
    for _ in range(100):
        try:
            model.model_validate(normalised)
        except ValidationError as error:
            errors = error.errors(include_url=False, include_context=False, include_input=False)
            first = errors[0]
            if not _fix_error(normalised, first["loc"], first["type"] == "missing", names):
                return None
        else:
            return normalised
    return None


def _normalise(value: Any, names: tuple[str, ...]) -> Any:
    if isinstance(value, list):
        return [
            _normalise(item, (*names, str(number)))
            for number, item in enumerate(value)
            if item is not None
        ]
    if not isinstance(value, dict):
        return value
    normalised = {
        name: _normalise(item, (*names, name))
        for name, item in value.items()
        if item is not None and not (item == "" and name in _NO_EMPTY_TEXT)
    }
    # Objects of the standard have ids. A publisher's additions may have none.
    for name in [name for name in normalised if name == "id" or name in _LINKS]:
        if not is_uuid(normalised[name]):
            # Not made from the whole path: the same id elsewhere means the same object.
            normalised[name] = make_id("record", names[0] if names else "", str(normalised[name]))
    return normalised


_LINKS = (
    "organization_id service_id location_id service_at_location_id contact_id phone_id link_id "
    "taxonomy_term_id taxonomy_id parent_id parent_organization_id"
).split()
# Members whose empty text means that they are missing.
_NO_EMPTY_TEXT = {
    *_LINKS,
    *("id url uri email website term_uri assurer_email schedule_link last_modified freq").split(),
}


def _fix_error(
    root: Json, path: tuple[int | str, ...], missing: bool, names: tuple[str, ...]
) -> bool:
    """Make a missing id, or remove the invalid part. False if there is nothing to remove."""
    place = list(path[:-1] if missing else path)
    if missing and path[-1] == "id":
        holder: Any = root
        for step in place:
            holder = holder[step]
        holder["id"] = make_id("part", *names, *map(str, place))
        return True
    # In a union, the path may end with the name of a constraint, which is no member.
    while place:
        holder = root
        try:
            for step in place[:-1]:
                holder = holder[step]
            del holder[place[-1]]
        except (KeyError, IndexError, TypeError):
            place.pop()
        else:
            return True
    return False
