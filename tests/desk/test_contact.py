"""The page where a group's own contact confirms or changes its listing."""

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
def listing_id(navigator) -> int:
    return add(navigator, email="ukulele@larkhaven.example")


@pytest.fixture
def path(navigator, listing_id) -> str:
    link = read_link(navigator, listing_id)
    assert link.startswith("/desk/contact/")
    return link


def read_link(navigator: Person, listing_id: int) -> str:
    """The path of the contact's link on the listing's page."""
    page = html.unescape(navigator.read(f"/desk/listings/{listing_id}"))
    return re.search(r'readonly value="([^"]+)"', page)[1].removeprefix(navigator.url)


def test_the_contact_confirms_the_listing(navigator, stranger, listing_id, path):
    page = stranger.read(path)
    assert "Ukulele evening" in page
    response = stranger.post(path, page=path, do="confirm", version=read_version(page))
    assert response.headers["location"] == f"{path}?done=confirmed"
    assert "Thank you." in stranger.read(response.headers["location"])
    page = navigator.read(f"/desk/listings/{listing_id}")
    assert "Last checked on" in page
    assert "<strong>Confirmed</strong> by its own contact" in page


def test_the_contact_changes_only_its_own_fields(desk, stranger, listing_id, path):
    page = stranger.read(path)
    assert 'name="confidential"' not in page
    assert 'name="kind"' not in page
    fields = read_form(page.replace('action="/desk/contact/', 'action="/desk/listings/'))
    sent = {**fields, "phone": "01632 960555", "kind": "service", "confidential": "yes"}
    assert stranger.client.post(path, data=sent).status_code == 303
    listing = desk.desk_services.editor.read(listing_id).stored.listing
    assert listing.phone == "01632 960555"
    assert listing.kind == "group"
    assert not listing.confidential
    assert listing.assured_date is not None
    assert "phone" in [
        field
        for entry in desk.desk_services.audit_log.read_listing_entries(listing_id)
        for field in entry.fields
    ]


def test_errors_in_the_contacts_form_change_nothing(desk, stranger, listing_id, path):
    page = stranger.read(path)
    fields = read_form(page.replace('action="/desk/contact/', 'action="/desk/listings/'))
    response = stranger.client.post(path, data={**fields, "name": ""})
    assert response.status_code == 422
    assert "Name: is empty" in response.text
    assert desk.desk_services.editor.read(listing_id).stored.listing.name == "Ukulele evening"


@pytest.mark.parametrize("fields", [{"do": "confirm"}, {"do": "save"}, {"do": "save", "name": ""}])
def test_a_listing_changed_meanwhile_is_shown_and_not_confirmed(
    desk, navigator, stranger, listing_id, path, fields
):
    page = stranger.read(path)
    sent = read_form(page.replace('action="/desk/contact/', 'action="/desk/listings/'))
    change(navigator, listing_id, phone="01632 960777")
    response = stranger.client.post(path, data={**sent, "phone": "01632 960111", **fields})
    assert response.headers["location"] == f"{path}?done=changed-meanwhile"
    page = stranger.read(response.headers["location"])
    assert "Somebody changed this listing after you opened it" in page
    assert "01632 960777" in page
    listing = desk.desk_services.editor.read(listing_id).stored.listing
    assert listing.phone == "01632 960777"
    assert listing.assured_date is None


def test_a_link_can_change_a_listing_ten_times_a_day(desk, navigator, stranger, listing_id, path):
    page = stranger.read(path)
    form = read_form(page.replace('action="/desk/contact/', 'action="/desk/listings/'))
    for attempt in range(MAX_CHANGES_PER_DAY):
        version = desk.desk_services.editor.read(listing_id).version
        sent = {**form, "phone": f"01632 9601{attempt:02}", "version": version}
        assert stranger.client.post(path, data=sent).status_code == 303
    version = desk.desk_services.editor.read(listing_id).version
    for change_fields in ({"do": "confirm"}, {"do": "save", "phone": "01632 960999"}):
        response = stranger.client.post(path, data={**form, **change_fields, "version": version})
        assert response.status_code == 429
        assert "Nothing more was saved." in response.text
    assert desk.desk_services.editor.read(listing_id).version == version
    # The limit does not apply to navigators.
    assert change(navigator, listing_id, phone="01632 960999").status_code == 303


def test_withdrawing_links_affects_one_listing_only(navigator, stranger, listing_id, path):
    other = read_link(navigator, add(navigator))
    response = navigator.post(
        f"/desk/listings/{listing_id}/withdraw", page=f"/desk/listings/{listing_id}"
    )
    page = navigator.read(response.headers["location"])
    assert "All links sent so far were withdrawn." in page
    assert "<strong>Links withdrawn</strong> by Nadia" in page
    for response in (stranger.get(path), stranger.post(path, page=other, do="confirm")):
        assert response.status_code == 410
        assert "This link was withdrawn" in response.text
    assert "Ukulele evening" in stranger.read(other)
    assert "Ukulele evening" in stranger.read(read_link(navigator, listing_id))


def test_the_contacts_form_needs_a_csrf_token(stranger, path):
    assert stranger.client.post(path, data={"do": "confirm"}).status_code == 403


def test_a_forged_link_does_not_work(stranger, path):
    for forged in (path[:-1], path + "x", "/desk/contact/nonsense", "/desk/contact/" + "x" * 3_000):
        response = stranger.get(forged)
        assert response.status_code == 404
        assert "This link does not work" in response.text
    # A link for another page does not work either.
    other = URLSafeTimedSerializer(SECRET, salt="desk link: shared").dumps([1])
    assert stranger.get(f"/desk/contact/{other}").status_code == 404


def test_a_link_expires(stranger, listing_id):
    class EarlierSerializer(URLSafeTimedSerializer):
        class default_signer(URLSafeTimedSerializer.default_signer):  # noqa: N801
            def get_timestamp(self) -> int:
                signed = datetime.now(UTC) - timedelta(days=LINK_DAYS, minutes=1)
                return int(signed.timestamp())

    expired = EarlierSerializer(SECRET, salt="desk link: contact").dumps([listing_id])
    response = stranger.get(f"/desk/contact/{expired}")
    assert response.status_code == 410
    assert "Ask for a new one." in response.text


def test_the_email_to_the_contact_is_a_mailto_link(navigator, listing_id, path):
    page = html.unescape(navigator.read(f"/desk/listings/{listing_id}"))
    assert 'href="mailto:ukulele@larkhaven.example?subject=Is%20this%20still%20right%3F' in page
    assert path.rpartition("/")[2] in page.partition("mailto:")[2]
