"""Listings at the desk: search, add, preview, change, confirm and close."""

import html
import re

import pytest

from tests.support.desk_forms import NEW, add, change, read_form, read_version


def test_listings_are_found_by_words_and_status(navigator):
    page = navigator.read("/desk/listings?q=larkhaven+shed")
    assert "Larkhaven Men&#39;s Shed" in page
    assert "last checked on 20 October 2026" in page
    assert "0 listings found" in navigator.read("/desk/listings?q=larkhaven+shed&status=closed")
    for words in ("mens+shed", "men’s+shed", "LARKHAVEN+MENS"):
        assert "Larkhaven Men&#39;s Shed" in navigator.read(f"/desk/listings?q={words}")
    first, second = navigator.read("/desk/listings"), navigator.read("/desk/listings?page=2")
    assert "Next page" in first
    assert "Previous page" in second
    links = re.compile(r'href="(/desk/listings/\d+)"')
    assert not set(links.findall(first)) & set(links.findall(second))


def test_an_added_listing_is_shown_with_its_history(navigator):
    listing_id = add(navigator)
    page = navigator.read(f"/desk/listings/{listing_id}?done=added")
    assert "Residents can find it now." in page
    assert "Every Monday and Thursday, 19:00" in page
    assert "Harbour Hall, Harbourside" in page
    assert "<strong>Added</strong> by Nadia" in page
    assert "Navigators added this listing." in page
    assert "Ukulele evening" in navigator.read("/desk/listings?q=ukulele+evening")


def test_an_unchanged_form_saves_nothing(navigator):
    page = navigator.read("/desk/listings?q=larkhaven+shed")
    listing_id = int(re.search(r"/desk/listings/(\d+)", page)[1])
    response = change(navigator, listing_id)
    assert response.headers["location"] == f"/desk/listings/{listing_id}?done=same"
    assert "No changes at the desk yet." in navigator.read(f"/desk/listings/{listing_id}")


def test_a_change_is_previewed_before_it_is_saved(navigator):
    listing_id = add(navigator)
    preview = change(navigator, listing_id, description="We grow carrots.", do="look")
    assert preview.status_code == 200
    assert "Nothing is saved yet." in preview.text
    assert "We grow carrots." in preview.text
    assert "carrots" in preview.text.partition("Words that find it")[2]
    assert "We grow carrots." not in navigator.read(f"/desk/listings/{listing_id}")
    saved = navigator.client.post(
        f"/desk/listings/{listing_id}/edit", data=read_form(preview.text) | {"do": "save"}
    )
    assert saved.headers["location"] == f"/desk/listings/{listing_id}?done=changed"
    page = navigator.read(f"/desk/listings/{listing_id}")
    assert "We grow carrots." in page
    assert "Description was: Bring a ukulele" in page


def test_errors_are_shown_at_their_field_and_no_input_is_lost(navigator):
    response = navigator.post(
        "/desk/listings/new",
        page="/desk/listings/new",
        **{**NEW, "name": "", "start_time": "half past", "minimum_age": "-1", "website": "none"},
    )
    assert response.status_code == 422
    page = html.unescape(response.text)
    assert "<title>Error: " in page
    assert '<a href="#name">Name: is empty</a>' in page
    assert "Start time: says 'half past'; write a time such as 09:30" in page
    assert 'aria-describedby="start_time-hint start_time-error" aria-invalid="true"' in page
    assert 'href="#minimum_age"' in page
    assert "Bring a ukulele, or borrow one." in page
    assert 'value="Harbour Hall"' in page


def test_further_places_and_times_are_kept(desk, navigator):
    listing_id = add(navigator)
    record = desk.desk_services.editor.read(listing_id)
    listing = record.stored.listing
    doubled = listing.__class__(
        **{
            **vars(listing),
            "places": (*listing.places, *listing.places),
            "schedules": (*listing.schedules, *listing.schedules),
        }
    )
    desk.desk_services.editor.change(listing_id, doubled, "Omar", version=record.version)
    assert "1 more place. Saving does not change it." in navigator.read(
        f"/desk/listings/{listing_id}/edit"
    )
    change(navigator, listing_id, venue="Old Chapel", start_time="18:30")
    listing = desk.desk_services.editor.read(listing_id).stored.listing
    assert [place.venue for place in listing.places] == ["Old Chapel", "Harbour Hall"]
    assert [f"{schedule.opens_at:%H:%M}" for schedule in listing.schedules] == ["18:30", "19:00"]


def test_a_form_for_an_older_version_is_refused(navigator):
    listing_id = add(navigator)
    path = f"/desk/listings/{listing_id}/edit"
    older_form = read_form(navigator.read(path))
    change(navigator, listing_id, phone="01632 960124")
    response = navigator.client.post(path, data={**older_form, "phone": "01632 960125"})
    assert response.status_code == 409
    assert "Somebody else has changed this listing" in response.text
    assert "01632 960124" in navigator.read(f"/desk/listings/{listing_id}")


@pytest.mark.parametrize(
    ("status", "sentence", "label"),
    [
        ("closed", "This listing is closed.", "Reopen listing"),
        ("temporarily closed", "This listing is temporarily closed.", "Reopen listing"),
    ],
)
def test_a_listing_is_closed_and_reopened(navigator, status, sentence, label):
    listing_id = add(navigator)
    path = f"/desk/listings/{listing_id}"
    version = re.search(r'name="version" value="(\w+)"', navigator.read(path))[1]
    response = navigator.post(f"{path}/state", page=path, status=status, version=version)
    assert response.status_code == 303
    page = navigator.read(path)
    assert sentence in page
    assert label in page
    version = re.search(r'name="version" value="(\w+)"', page)[1]
    navigator.post(f"{path}/state", page=path, status="open", version=version)
    assert sentence not in navigator.read(path)


def test_a_listing_is_confirmed(navigator):
    listing_id = add(navigator)
    path = f"/desk/listings/{listing_id}"
    assert "Never checked." in navigator.read(path)
    version = read_version(navigator.read(path))
    # Confirming an older version does not confirm the current one.
    change(navigator, listing_id, phone="01632 960199")
    response = navigator.post(f"{path}/assure", page=path, version=version)
    assert response.headers["location"] == f"{path}?done=changed-meanwhile"
    page = navigator.read(response.headers["location"])
    assert "Somebody changed this listing after you opened it" in page
    assert "01632 960199" in page
    assert "Never checked." in page
    response = navigator.post(f"{path}/assure", page=path, version=read_version(page))
    assert response.headers["location"] == f"{path}?done=assured"
    assert "Last checked on" in navigator.read(path)


def test_making_a_listing_confidential_deletes_its_place(navigator):
    listing_id = add(navigator)
    change(navigator, listing_id, confidential="yes")
    page = navigator.read(f"/desk/listings/{listing_id}")
    assert "Its place is private." in page
    assert "Harbour Hall" not in page
    assert "Harbourside" not in page.partition("What residents see")[2]


def test_admins_read_the_audit_log(navigator, admin):
    listing_id = add(navigator)
    change(navigator, listing_id, phone="01632 960199")
    page = admin.read("/desk/audit")
    assert "<td>Nadia</td><td>changed: phone</td>" in page
    assert "01632" not in page


def test_an_analyst_cannot_change_listings(analyst, navigator):
    listing_id = add(navigator)
    for path in (f"/desk/listings/{listing_id}/assure", "/desk/listings/new"):
        assert analyst.post(path, page="/desk").status_code == 403
    assert "Never checked" in navigator.read(f"/desk/listings/{listing_id}")


@pytest.mark.parametrize("path", ["0", "99999999999", "x", "123456", "123456/edit"])
def test_an_unknown_listing_is_an_error(navigator, path):
    assert navigator.get(f"/desk/listings/{path}").status_code in (404, 422)
