"""Small files of every form, as sources send them, and the beginnings of the real feeds."""

import io
import json
import zipfile
from collections.abc import Mapping
from functools import cache
from typing import Any

from bot.settings import ROOT
from tests.support.shared_data import SHARED

Json = Any

SERVICE: dict[str, Json] = {
    "id": "s1",
    "name": "Tea & talk",
    "description": "<p>Tea, and <b>talk</b>.</p>&amp; cake",
    "url": "https://example.org/tea?a=b#c",
    "email": "jo@example.org",
    "status": "active",
    "fees": "Free",
    "minimum_age": 18,
    "maximum_age": "99",
    "assured_date": "2026-10-01",
    "organization": {"id": "o1", "name": "Friends", "website": "example.org"},
    "contacts": [{"email": "jo@example.org", "phones": [{"number": "01632 960001"}]}],
    "phones": [{"number": "01632 960002"}],
    "schedules": [
        {
            "freq": "WEEKLY",
            "interval": 2,
            "byday": "TU,TH",
            "bymonthday": "1,15",
            "dtstart": "2026-10-01",
            "valid_from": "2026-11-01",
            "valid_to": "2027-01-01",
            "opens_at": "10:00",
            "closes_at": "12:00",
        }
    ],
    "cost_options": [{"option": "adult", "amount": 2.5}],
    "languages": [{"name": "Polish"}],
    "attributes": [
        {"taxonomy_term": {"name": "group", "taxonomy": "Community Connector kind"}},
        {"taxonomy_term": {"name": "tea", "taxonomy": "Topics"}},
    ],
    "service_areas": [{"name": "Town"}],
    "service_at_locations": [
        {
            "location": {
                "name": "Hall",
                "location_type": "physical",
                "latitude": 53.5,
                "longitude": 1.2,
                "addresses": [{"address_1": "1 High St", "city": "Town", "postal_code": "zy11aa"}],
                "accessibility": [{"description": "step-free"}],
            },
            "schedules": [{"freq": "MONTHLY", "byday": "1MO"}],
        }
    ],
    "volunteering": {"role": True, "skills_wanted": ["driving"], "commitment": "2 hours"},
}
OLDER: dict[str, Json] = {
    "id": "s2",
    "name": "Choir",
    "description": "Singing.",
    "eligibilitys": [{"eligibility": "Adults"}],
    "regular_schedules": [{"freq": "WEEKLY", "byday": "MO", "opens_at": "10:00:00"}],
    "service_taxonomys": [{"taxonomy_term": {"name": "Music"}}],
    "pc_targetAudience": [{"audienceType": "Parents>Grandparents"}],
    "service_at_locations": [{"location": {"physical_addresses": [{"postal_code": "ZY1 1AA"}]}}],
}
ACTIVITY: dict[str, Json] = {
    "id": 1,
    "type": "Activity",
    "label": "Digger",
    "description": "Dig.",
    "organisation": "o1",
    "requirement": [{"label": "+18"}],
    "skill": [{"label": "digging"}],
    "email": "jo@example.org",
    "phone": "01632 960001",
    "session": [
        {
            "applyLink": "https://example.org",
            "location": [{"address": "1 High St, ZY1 1AA", "latitude": 53.5, "longitude": 1.2}],
            "time": [
                {"begining": "2026-10-01T10:00:00", "end": "2026-10-01T12:00:00"},
                {"beginning": "2026-10-08T10:00:00", "end": "2026-10-08T12:00:00"},
            ],
        }
    ],
}
DO_IT: dict[str, Json] = {
    "_id": {"$oid": "a1"},
    "startDate": {"$date": "2026-10-01T00:00:00Z"},
    "endDate": {"$date": "2026-12-01T00:00:00Z"},
    "externalApplyLink": "https://example.org",
    "address": {"street": "1 High St, ZY1 1AA, UK", "location": {"coordinates": [1.2, 53.5]}},
    "regions": [{"displayName": "England", "type": "Nation"}],
    "activityDefinitionSubDocument": {
        "title": "Digger",
        "description": "Dig.",
        "durationInHours": 1.5,
        "causeOptions": [{"displayName": "Nature"}],
        "requirementOptions": [{"displayName": "Over 18"}],
        "volunteerRequirements": ["driving", "You are kind."],
        "organizationSubDocument": {"name": "Friends", "contactEmail": "jo@example.org"},
    },
}
JSON_SOURCES: list[Json] = [
    [SERVICE, OLDER],
    {"total_pages": 1, "contents": [SERVICE, OLDER]},
    [{"id": "o1", "name": "Friends", "services": [SERVICE, OLDER]}],
    [{"id": "l1", "service": SERVICE, "location": {"name": "Hall"}}] * 2,
    [ACTIVITY, {"type": "Organisation", "id": "o1", "label": "Friends"}],
    [DO_IT],
]
SHEET = "".join((ROOT / "examples" / "larkhaven.csv").read_text().splitlines(keepends=True)[:5])
CALENDAR = """BEGIN:VCALENDAR
VERSION:2.0
X-WR-CALNAME:The Library
BEGIN:VTIMEZONE
TZID:Ours
BEGIN:STANDARD
DTSTART:16010101T020000
RRULE:FREQ=YEARLY;BYDAY=-1SU;BYMONTH=10
TZOFFSETFROM:+0100
TZOFFSETTO:+0000
END:STANDARD
BEGIN:DAYLIGHT
DTSTART:16010101T010000
RRULE:FREQ=YEARLY;BYDAY=-1SU;BYMONTH=3
TZOFFSETFROM:+0000
TZOFFSETTO:+0100
END:DAYLIGHT
END:VTIMEZONE
BEGIN:VEVENT
UID:tea
SUMMARY:Tea
DESCRIPTION:Tea\\, talk and
  cake
DTSTART;TZID=Ours:20261005T100000
DTEND;TZID=Ours:20261005T120000
RRULE:FREQ=WEEKLY;INTERVAL=2;BYDAY=MO,WE;COUNT=20
EXDATE;TZID=Ours:20261228T100000
RDATE:20261229T100000Z
LOCATION:The Hall\\, 1 High St\\, Town ZY1 1AA
GEO:53.5;1.2
CATEGORIES:tea,talk
ORGANIZER;CN=Jo:mailto:jo@example.org
CLASS:PUBLIC
END:VEVENT
BEGIN:VEVENT
UID:tea
RECURRENCE-ID;TZID=Ours:20261019T100000
SUMMARY:Tea
DTSTART;TZID=Ours:20261020T100000
DURATION:PT2H
STATUS:CONFIRMED
END:VEVENT
BEGIN:VEVENT
UID:choir
SUMMARY:Choir
DTSTART;VALUE=DATE:20261005
RRULE:FREQ=MONTHLY;BYMONTHDAY=5;UNTIL=20271231
URL:https://example.org
END:VEVENT
END:VCALENDAR
"""
TABLES = {
    "services.csv": "id,organization_id,name,description,minimum_age\n"
    's1,o1,Tea,"Tea, and talk.",18\ns2,o1,Choir,Singing.,\n',
    "organizations.csv": "id,name,website\no1,Friends,https://example.org\n",
    "locations.csv": "id,name,latitude,longitude\nl1,Hall,53.5,1.2\n",
    "service_at_location.csv": "id,service_id,location_id\nat1,s1,l1\n",
    "schedule.csv": "id,service_id,freq,byday,opens_at\nx1,s1,WEEKLY,TU,10:00\n",
    "datapackage.json": json.dumps(
        {
            "resources": [
                {"name": name, "path": f"{name}.csv"}
                for name in (
                    "services organizations locations service_at_location schedule funding".split()
                )
            ]
        }
    ),
}


def write_zip(tables: Mapping[str, str | bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in tables.items():
            archive.writestr(zipfile.ZipInfo(name), text, zipfile.ZIP_DEFLATED)
    return buffer.getvalue()


@cache
def read_real_files() -> list[bytes]:
    """The first services and activities of the real feeds, where they are."""
    files = []
    for path in (
        "feeds/bristol.json",
        "feeds/north-lincolnshire.json",
        "volunteering/teamkinetic-activity.json",
        "volunteering/doit-activities.json",
    ):
        if (SHARED / path).is_file():
            content = json.loads((SHARED / path).read_text("utf-8-sig"))
            rows = content if isinstance(content, list) else content["content"]
            files.append(json.dumps(rows[:3]).encode())
    return files


FILES = [
    *(json.dumps(source).encode() for source in JSON_SOURCES),
    SHEET.encode(),
    CALENDAR.encode(),
    write_zip(TABLES),
]
