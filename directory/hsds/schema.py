"""Open Referral UK 3.0 as pydantic types, for the API's responses and for checking records.

They follow the standard's schemas and keep its names, American spelling included. Additional
members are allowed everywhere, as in the standard. Validation must never change a value.
"""

import re
from typing import Annotated, Literal

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field, TypeAdapter

from directory.hsds.ids import is_uuid

_CHARACTER = r"(?:[A-Za-z0-9\-._~!$&'()*+,;=:@]|%[0-9A-Fa-f]{2})"
_HOST = r"(?:[A-Za-z0-9\-._~!$&'()*+,;=]|%[0-9A-Fa-f]{2})*"
_URI = re.compile(
    rf"[A-Za-z][A-Za-z0-9+.\-]*:(?://(?:{_HOST}(?::{_HOST})*@)?{_HOST}(?::[0-9]*)?(?:/{_CHARACTER}*)*"
    rf"|/?(?:{_CHARACTER}+(?:/{_CHARACTER}*)*)?)"
    rf"(?:\?(?:{_CHARACTER}|[/?])*)?(?:#(?:{_CHARACTER}|[/?])*)?"
)
_MOMENT: TypeAdapter[AwareDatetime] = TypeAdapter(AwareDatetime)
# RFC 3339 requires the T and the seconds, which are optional in ISO 8601.
_RFC3339 = re.compile(r"\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(\.\d+)?([Zz]|[+-]\d\d:\d\d)")


def is_uri(text: str) -> bool:
    """Whether this is an absolute URI in ASCII, by RFC 3986."""
    return bool(_URI.fullmatch(text))


def _uuid(text: str) -> str:
    if not is_uuid(text):
        raise ValueError("not a UUID")
    return text


def _uri(text: str) -> str:
    if not is_uri(text):
        raise ValueError("not a URI")
    return text


def _email(text: str) -> str:
    if "@" not in text:
        raise ValueError("not an email address")
    return text


def _moment(text: str) -> str:
    if not _RFC3339.fullmatch(text):
        raise ValueError("not a date-time")
    _MOMENT.validate_python(text)
    return text


Uuid = Annotated[str, AfterValidator(_uuid), Field(json_schema_extra={"format": "uuid"})]
Uri = Annotated[str, AfterValidator(_uri), Field(json_schema_extra={"format": "uri"})]
Email = Annotated[str, AfterValidator(_email), Field(json_schema_extra={"format": "email"})]
Moment = Annotated[str, AfterValidator(_moment), Field(json_schema_extra={"format": "date-time"})]
Where = Literal["physical", "postal", "virtual"]


class _Part(BaseModel):
    model_config = ConfigDict(extra="allow", strict=True)
    id: Uuid


class TaxonomyTerm(_Part):
    name: str
    description: str
    parent_id: Uuid = ""
    taxonomy: str = ""
    taxonomy_id: Uuid = ""
    term_uri: Uri = ""
    term: str = ""


class Taxonomy(_Part):
    name: str
    description: str
    uri: Uri = ""
    version: str = ""


class TaxonomyWithTerms(Taxonomy):
    taxonomy_terms: list[TaxonomyTerm] = []


class Attribute(_Part):
    """A term of a service. `proposed` is our extension: the directory, not the source, added it."""

    link_id: Uuid = ""
    taxonomy_term_id: Uuid = ""
    link_type: str = ""
    taxonomy_term: TaxonomyTerm = None  # type: ignore[assignment]
    proposed: bool = False


class _Described(_Part):
    attributes: list[Attribute] = []


class Identifier(_Described):
    organization_id: Uuid = ""
    identifier_scheme: str = ""
    identifier_type: str
    identifier: str


class OrganizationInList(_Part):
    name: str
    description: str
    email: Email = ""
    website: Uri = ""
    logo: str = ""
    uri: Uri = ""
    parent_organization_id: Uuid = ""


class Organization(OrganizationInList):
    organization_identifiers: list[Identifier] = []
    attributes: list[Attribute] = []


class Address(_Described):
    location_id: Uuid = ""
    attention: str = ""
    address_1: str
    city: str
    region: str = ""
    state_province: str
    postal_code: str
    country: str
    address_type: Where


class Accessibility(_Described):
    location_id: Uuid = ""
    description: str = ""
    details: str = ""
    url: Uri = ""
    accessibility: str = ""


class LocationInList(_Part):
    location_type: Where
    name: str = ""
    description: str = ""
    latitude: float = 0
    longitude: float = 0
    external_identifier: str = ""
    external_identifier_type: str = ""


class Location(LocationInList):
    addresses: list[Address] = []
    accessibility: list[Accessibility] = []
    attributes: list[Attribute] = []


class Schedule(_Part):
    service_id: Uuid = ""
    service_at_location_id: Uuid = ""
    valid_from: str = ""
    valid_to: str = ""
    dtstart: str = ""
    freq: Literal["WEEKLY", "MONTHLY"] = ""  # type: ignore[assignment]
    interval: float = 0
    byday: str = ""
    bymonthday: str = ""
    description: str = ""
    opens_at: str = ""
    closes_at: str = ""
    schedule_link: Uri = ""
    attending_type: str = ""
    notes: str = ""


class Language(_Part):
    service_id: Uuid = ""
    phone_id: Uuid = ""


class Phone(_Part):
    contact_id: Uuid = ""
    number: str
    description: str = ""
    languages: list[Language] = []


class Contact(_Described):
    service_id: Uuid = ""
    name: str = ""
    title: str = ""
    phones: list[Phone] = []


class ServiceArea(_Part):
    service_id: Uuid = ""
    name: str = ""
    extent: str = ""
    extent_type: str = ""
    uri: str = ""
    service_area: str = ""


class Funding(_Part):
    service_id: Uuid = ""
    source: str = ""


class CostOption(_Part):
    service_id: Uuid = ""
    valid_from: str = ""
    valid_to: str = ""
    option: str = ""
    amount: float = 0
    amount_description: str = ""


class Volunteering(BaseModel):
    """Our extension for volunteering. `role` is true if the service is itself a volunteer role."""

    model_config = ConfigDict(extra="allow", strict=True)
    role: bool
    skills_wanted: list[str]
    commitment: str
    remote: bool


class ServiceInList(_Part):
    """A service without its lists. `volunteering` and `confidential` are our extensions."""

    organization_id: Uuid = ""
    name: str
    description: str = ""
    url: Uri = ""
    email: Email = ""
    status: Literal["active", "inactive", "defunct", "temporarily closed"]
    fees: str = ""
    accreditations: str = ""
    minimum_age: float = 0
    maximum_age: float = 0
    assured_date: str = ""
    assurer_email: Email = ""
    alert: str = ""
    last_modified: Moment = ""
    organization: OrganizationInList = None  # type: ignore[assignment]
    volunteering: Volunteering = None  # type: ignore[assignment]
    confidential: bool = False


class ServiceWithoutPlaces(ServiceInList):
    organization: Organization = None  # type: ignore[assignment]
    schedules: list[Schedule] = []
    service_areas: list[ServiceArea] = []
    languages: list[Language] = []
    funding: list[Funding] = []
    cost_options: list[CostOption] = []
    contacts: list[Contact] = []
    attributes: list[Attribute] = []


class AtLocation(_Part):
    service_id: Uuid = ""
    location_id: Uuid = ""
    location: Location = None  # type: ignore[assignment]


class Service(ServiceWithoutPlaces):
    service_at_locations: list[AtLocation] = []


class ServiceAtLocationInList(_Part):
    service_id: Uuid = ""
    location_id: Uuid = ""
    location: LocationInList = None  # type: ignore[assignment]
    service: ServiceInList = None  # type: ignore[assignment]


class ServiceAtLocation(AtLocation):
    service: ServiceWithoutPlaces = None  # type: ignore[assignment]


class OrganizationWithServices(Organization):
    services: list[Service] = []
