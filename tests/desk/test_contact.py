"""A group's own contact, who has a link and no account."""

import html
import re
from datetime import UTC, datetime, timedelta

import pytest
from itsdangerous import URLSafeTimedSerializer

from bot.web.desk.contact import MAX_CHANGES_PER_DAY
from bot.web.desk.signed_links import LINK_DAYS
from tests.support.desk_forms import add, change, read_form, read_version
from tests.support.desk_server import SECRET, Person


@pytest.fixture
def number(navigator) -> int:
    return add(navigator, email="ukulele@larkhaven.example")


@pytest.fixture
def path(navigator, number) -> str:
    link = read_link(navigator, number)
    assert link.startswith("/desk/contact/")
    return link


def read_link(navigator: Person, number: int) -> str:
    """The link that the navigator is shown, as an address on this server."""
    page = html.unescape(navigator.read(f"/desk/listings/{number}"))
    return re.search(r'readonly value="([^"]+)"', page)[1].removeprefix(navigator.url)


def test_the_contact_confirms_the_listing(navigator, stranger, number, path):
    page = stranger.read(path)
    assert "Ukulele evening" in page
    answer = stranger.post(path, page=path, do="confirm", version=read_version(page))
    assert answer.headers["location"] == f"{path}?done=confirmed"
    assert "Thank you." in stranger.read(answer.headers["location"])
    page = navigator.read(f"/desk/listings/{number}")
    assert "Last checked on" in page
    assert "<strong>Confirmed</strong> by its own contact" in page


def test_the_contact_changes_only_its_own_fields(desk, stranger, number, path):
    page = stranger.read(path)
    assert 'name="confidential"' not in page
    assert 'name="kind"' not in page
    fields = read_form(page.replace('action="/desk/contact/', 'action="/desk/listings/'))
    sent = {**fields, "phone": "01632 960555", "kind": "service", "confidential": "yes"}
    assert stranger.client.post(path, data=sent).status_code == 303
    listing = desk.desk_services.editor.read(number).stored.listing
    assert listing.phone == "01632 960555"
    assert listing.kind == "group"
    assert not listing.confidential
    assert listing.assured_date is not None
    assert "phone" in [
        field
        for one in desk.desk_services.history.read_listing_entries(number)
        for field in one.fields
    ]


def test_errors_in_the_contacts_form_change_nothing(desk, stranger, number, path):
    page = stranger.read(path)
    fields = read_form(page.replace('action="/desk/contact/', 'action="/desk/listings/'))
    answer = stranger.client.post(path, data={**fields, "name": ""})
    assert answer.status_code == 422
    assert "Name: is empty" in answer.text
    assert desk.desk_services.editor.read(number).stored.listing.name == "Ukulele evening"


@pytest.mark.parametrize("fields", [{"do": "confirm"}, {"do": "save"}, {"do": "save", "name": ""}])
def test_a_listing_changed_meanwhile_is_shown_and_not_confirmed(
    desk, navigator, stranger, number, path, fields
):
    page = stranger.read(path)
    sent = read_form(page.replace('action="/desk/contact/', 'action="/desk/listings/'))
    change(navigator, number, phone="01632 960777")
    answer = stranger.client.post(path, data={**sent, "phone": "01632 960111", **fields})
    assert answer.headers["location"] == f"{path}?done=changed-meanwhile"
    page = stranger.read(answer.headers["location"])
    assert "Somebody changed this listing after you opened it" in page
    assert "01632 960777" in page
    listing = desk.desk_services.editor.read(number).stored.listing
    assert listing.phone == "01632 960777"
    assert listing.assured_date is None


def test_a_link_can_change_a_listing_ten_times_a_day(desk, navigator, stranger, number, path):
    page = stranger.read(path)
    form = read_form(page.replace('action="/desk/contact/', 'action="/desk/listings/'))
    for time in range(MAX_CHANGES_PER_DAY):
        version = desk.desk_services.editor.read(number).version
        sent = {**form, "phone": f"01632 9601{time:02}", "version": version}
        assert stranger.client.post(path, data=sent).status_code == 303
    version = desk.desk_services.editor.read(number).version
    for more in ({"do": "confirm"}, {"do": "save", "phone": "01632 960999"}):
        answer = stranger.client.post(path, data={**form, **more, "version": version})
        assert answer.status_code == 429
        assert "Nothing more was saved." in answer.text
    assert desk.desk_services.editor.read(number).version == version
    # Navigators are not held up by it.
    assert change(navigator, number, phone="01632 960999").status_code == 303


def test_withdrawing_links_affects_one_listing_only(navigator, stranger, number, path):
    other = read_link(navigator, add(navigator))
    answer = navigator.post(f"/desk/listings/{number}/withdraw", page=f"/desk/listings/{number}")
    page = navigator.read(answer.headers["location"])
    assert "All links sent so far were withdrawn." in page
    assert "<strong>Links withdrawn</strong> by Nadia" in page
    for answer in (stranger.get(path), stranger.post(path, page=other, do="confirm")):
        assert answer.status_code == 410
        assert "This link was withdrawn" in answer.text
    assert "Ukulele evening" in stranger.read(other)
    assert "Ukulele evening" in stranger.read(read_link(navigator, number))


def test_the_contacts_form_needs_a_csrf_token(stranger, path):
    assert stranger.client.post(path, data={"do": "confirm"}).status_code == 403


def test_a_forged_link_does_not_work(stranger, path):
    for wrong in (path[:-1], path + "x", "/desk/contact/nonsense", "/desk/contact/" + "x" * 3_000):
        answer = stranger.get(wrong)
        assert answer.status_code == 404
        assert "This link does not work" in answer.text
    # Nor does one that was made for something else.
    other = URLSafeTimedSerializer(SECRET, salt="desk link: shared").dumps([1])
    assert stranger.get(f"/desk/contact/{other}").status_code == 404


def test_a_link_expires(stranger, number):
    class Earlier(URLSafeTimedSerializer):
        class default_signer(URLSafeTimedSerializer.default_signer):  # noqa: N801
            def get_timestamp(self) -> int:
                then = datetime.now(UTC) - timedelta(days=LINK_DAYS, minutes=1)
                return int(then.timestamp())

    old = Earlier(SECRET, salt="desk link: contact").dumps([number])
    answer = stranger.get(f"/desk/contact/{old}")
    assert answer.status_code == 410
    assert "Ask for a new one." in answer.text


def test_the_email_to_the_contact_is_a_mailto_link(navigator, number, path):
    page = html.unescape(navigator.read(f"/desk/listings/{number}"))
    assert 'href="mailto:ukulele@larkhaven.example?subject=Is%20this%20still%20right%3F' in page
    assert path.rpartition("/")[2] in page.partition("mailto:")[2]
