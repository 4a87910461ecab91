"""Sign-in, sessions, CSRF protection and permissions of the desk, over HTTP."""

import re
import threading
import time
from pathlib import Path

import httpx
import pytest

from bot.web.desk.permissions import ACCOUNTS, EVERYBODY, SECTIONS
from directory.desk.accounts import MAX_ATTEMPTS
from directory.encoder import Encoder
from tests.support.desk_routes import list_required_roles
from tests.support.desk_server import PASSWORD, DeskServer, Person


def test_sign_in_returns_to_the_requested_page(desk, stranger):
    desk.make_person("Olga", "analyst").close()
    response = stranger.get("/desk/releases?page=2")
    assert response.status_code == 303
    assert response.headers["location"] == "/desk/sign-in?to=/desk/releases%3Fpage%3D2"
    page = stranger.read(response.headers["location"])
    assert 'value="/desk/releases?page=2"' in page
    sent = stranger.post(
        "/desk/sign-in",
        page=response.headers["location"],
        name="olga",
        password=PASSWORD,
        to="/desk/releases?page=2",
    )
    assert sent.headers["location"] == "/desk/releases?page=2"
    assert "Sign out" in stranger.read("/desk/releases")


@pytest.mark.parametrize(
    "to",
    [
        *("https://evil.example/", "//evil.example", "/desk//evil.example", "/\\evil", "/deskjet"),
        "",
        *("/desk/../chat/leave", "/desk/..", "/desk/x/../../chat", "/desk/./listings"),
        *("/desk/%2e%2e/chat", "/desk/.%2E/%2e%2e%2fchat"),
    ],
)
def test_sign_in_never_redirects_to_anything_but_the_desk(desk, stranger, to):
    desk.make_person("Olga", "analyst").close()
    sent = stranger.post("/desk/sign-in", name="Olga", password=PASSWORD, to=to)
    assert sent.headers["location"] == "/desk"


def test_sign_in_fails_with_the_same_page_for_every_reason(desk, stranger):
    desk.make_person("Olga", "analyst").close()
    pages = set()
    for name, password in (("Olga", "wrong"), ("Nobody", "wrong"), ("Nobody", "")):
        response = stranger.sign_in(name, password)
        assert response.status_code == 422
        pages.add(response.text)
    for _ in range(MAX_ATTEMPTS):
        pages.add(stranger.sign_in("Olga", "wrong").text)
    # The name is barred now, even with the right password, and the page does not show it.
    pages.add(stranger.sign_in("Olga", PASSWORD).text)
    assert len(pages) == 1
    desk.desk_services.accounts.reset_password("Olga", PASSWORD)


def test_sign_in_attempts_are_limited_for_each_client(desk, encoder, ledger):
    strict = DeskServer(desk.engine, encoder, ledger, sign_in_attempts_per_minute=2)
    strict.start()
    person = Person(strict.url)
    for name in ("One", "Another"):
        assert person.sign_in(name, "wrong").status_code == 422
    response = person.sign_in("A third", "wrong")
    assert response.status_code == 429
    assert "Wait a minute, then try again." in response.text
    assert 1 <= int(response.headers["retry-after"]) <= 30
    # Reading pages is not limited.
    assert 'name="password"' in person.read("/desk/sign-in")
    person.close()
    strict.stop()


def test_parallel_sign_in_attempts_do_not_block_other_requests(desk, stranger, monkeypatch):
    release = threading.Event()
    monkeypatch.setattr(desk.desk_services.accounts, "_verify", lambda *_: not release.wait(30))
    token = stranger.read("/desk/sign-in").partition('name="token" value="')[2].partition('"')[0]
    request = {
        "data": {"token": token, "name": "Olga", "password": "wrong"},
        "headers": {"Origin": desk.url},
        "cookies": dict(stranger.client.cookies),
        "timeout": 60,
    }
    responses: list[httpx.Response] = []

    def sign_in() -> None:
        responses.append(httpx.post(f"{desk.url}/desk/sign-in", **request))

    # More requests than the server has threads.
    threads = [threading.Thread(target=sign_in) for _ in range(60)]
    for thread in threads:
        thread.start()
    deadline = time.monotonic() + 30
    while len(responses) < 59 and time.monotonic() < deadline:
        time.sleep(0.01)
    assert {response.status_code for response in responses} == {503}
    assert all("Try again in a few seconds." in response.text for response in responses)
    assert responses[0].headers["retry-after"]
    assert stranger.client.get("/desk/style.css", timeout=5).status_code == 200
    release.set()
    for thread in threads:
        thread.join()
    assert sorted(response.status_code for response in responses) == [422] + [503] * 59


def test_a_known_browser_can_sign_in_while_others_are_barred(desk, stranger):
    person = desk.make_person("Olga", "analyst")
    person.post("/desk/sign-out", page="/desk")
    for _ in range(MAX_ATTEMPTS):
        stranger.sign_in("Olga", "wrong")
    assert stranger.sign_in("Olga", PASSWORD).status_code == 422
    assert person.sign_in("Olga", PASSWORD).status_code == 303
    person.close()
    desk.desk_services.accounts.reset_password("Olga", PASSWORD)


@pytest.mark.parametrize("role", ["stranger", "navigator", "analyst", "admin"])
def test_each_role_can_open_only_its_sections(role, request):
    person: Person = request.getfixturevalue(role)
    home = person.get("/desk").text
    for section in SECTIONS:
        response = person.get(f"/desk/{section.name}")
        if role == "stranger":
            assert response.status_code == 303
        elif role in section.required.roles:
            assert response.status_code == 200
            assert f'href="/desk/{section.name}"' in home
        else:
            assert response.status_code == 403
            assert "Your account cannot open this page" in response.text
            assert f'href="/desk/{section.name}"' not in home


def test_every_route_needs_one_role(desk):
    required = list_required_roles(desk)
    assert len(required) > 30
    assert {route for route, roles in required.items() if len(roles) != 1} == set()
    # Listed here, so that nobody opens another route without noticing.
    assert {path for (_, path), roles in required.items() if roles == [EVERYBODY]} == {
        "/desk/style.css",
        "/desk/sign-in",
        "/desk/contact/{token}",
        "/desk/shared/{token}",
    }
    assert {path for (_, path), roles in required.items() if roles == [ACCOUNTS]} == {
        "/desk",
        "/desk/sign-out",
    }


def test_a_stranger_is_asked_to_sign_in_on_every_other_page(desk, stranger):
    paths = {
        path
        for (method, path), roles in list_required_roles(desk).items()
        if method == "GET" and roles != [EVERYBODY]
    }
    for path in paths:
        response = stranger.get(re.sub(r"{\w+}", "1", path))
        assert response.status_code == 303, path
        assert response.headers["location"].startswith("/desk/sign-in?to=/desk"), path


def test_unknown_pages_are_not_found(analyst):
    assert analyst.get("/desk/releases/x/y/z").status_code == 404
    assert analyst.get("/desk/nothing").status_code == 404


def test_a_form_needs_its_csrf_token_and_origin(desk, navigator):
    page = navigator.read("/desk")
    token = page.partition('name="token" value="')[2].partition('"')[0]
    assert len(token) == 64
    stranger = Person(desk.url)
    foreign = stranger.read("/desk/sign-in").partition('name="token" value="')[2].partition('"')[0]
    for sent_token, origin in (
        ("", desk.url),
        (foreign, desk.url),
        (token, "https://evil.example"),
        (token, "null"),
        (token, ""),
    ):
        response = navigator.client.post(
            "/desk/sign-out", data={"token": sent_token}, headers={"Origin": origin}
        )
        assert response.status_code == 403
        assert "Nothing was changed" in response.text
    assert navigator.get("/desk").status_code == 200
    stranger.close()


def test_a_form_that_a_browser_calls_foreign_is_refused(navigator):
    page = navigator.read("/desk/listings/1")
    form = {"token": re.search(r'name="token" value="(\w+)"', page)[1]}
    for site, status in (("cross-site", 403), ("same-site", 403), ("same-origin", 303)):
        headers = {"Sec-Fetch-Site": site}
        response = navigator.client.post("/desk/listings/1/withdraw", data=form, headers=headers)
        assert response.status_code == status


def test_with_a_public_address_forms_come_from_there_alone(sqlite_engine, ledger):
    desk = DeskServer(sqlite_engine, Encoder(Path("none")), ledger, base_url="https://c.example")
    desk.start()
    person = Person(desk.url)
    try:
        page = person.read("/desk/sign-in")
        form = {"token": re.search(r'name="token" value="(\w+)"', page)[1], "name": "Olga"}
        cookie = {"Cookie": f"connector-desk={person.client.cookies['connector-desk']}"}
        for origin, status in (
            ("https://c.example", 422),  # the password is missing, but the form is heard
            ("http://c.example", 403),
            (desk.url, 403),  # what the request calls its host
            ("http://[", 403),
        ):
            headers = {"Origin": origin, **cookie}
            response = person.client.post("/desk/sign-in", data=form, headers=headers)
            assert response.status_code == status, origin
        assert "The desk is at https://c.example/desk." in response.text
    finally:
        person.close()
        desk.stop()


def test_sign_in_needs_a_csrf_token_and_sets_a_new_cookie(desk, stranger):
    desk.make_person("Olga", "analyst").close()
    bare = stranger.client.post("/desk/sign-in", data={"name": "Olga", "password": PASSWORD})
    assert bare.status_code == 403
    stranger.get("/desk/sign-in")
    before = stranger.client.cookies["connector-desk"]
    response = stranger.sign_in("Olga", PASSWORD)
    assert stranger.client.cookies["connector-desk"] != before
    session, device = (cookie.lower() for cookie in response.headers.get_list("set-cookie"))
    assert session.startswith("connector-desk=")
    assert "httponly" in session
    assert "samesite=lax" in session
    assert "path=/desk" in session
    assert "max-age" not in session
    assert "secure" not in session
    # The device cookie is sent to the sign-in page only, and does not sign anybody in.
    assert device.startswith("connector-desk-known=")
    assert "httponly" in device
    assert "samesite=lax" in device
    assert "path=/desk/sign-in;" in device
    assert "max-age=15724800" in device


def test_the_cookie_is_secure_behind_tls(desk):
    response = httpx.get(f"{desk.url}/desk/sign-in", headers={"X-Forwarded-Proto": "https"})
    assert "secure" in response.headers["set-cookie"].lower()


def test_sign_out_ends_the_session_in_the_database(desk):
    person = desk.make_person("Olga", "analyst")
    session = person.client.cookies["connector-desk"]
    assert (
        person.post("/desk/sign-out", page="/desk").headers["location"].startswith("/desk/sign-in")
    )
    again = httpx.get(f"{desk.url}/desk", cookies={"connector-desk": session})
    assert again.status_code == 303
    assert "You are signed out." in person.read("/desk/sign-in?done=signed-out")
    person.close()


def test_every_response_has_security_headers(stranger, analyst):
    for response in (
        stranger.get("/desk"),
        stranger.get("/desk/sign-in"),
        analyst.get("/desk/nothing"),
        analyst.get("/desk/no%0Athing"),
        analyst.get("/desk/releases"),
    ):
        policy = response.headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "frame-ancestors 'none'" in policy
        assert "script" not in policy
        assert "unsafe" not in policy
        assert response.headers["cache-control"] == "no-store"
        assert response.headers["referrer-policy"] == "same-origin"
        assert "access-control-allow-origin" not in response.headers
        assert "<script" not in response.text
        assert "style=" not in response.text


def test_a_form_that_is_too_large_is_refused(analyst):
    response = analyst.client.post("/desk/sign-out", data={"token": "x" * 300_000})
    assert response.status_code == 413
    assert "Send less at once" in response.text
    response = analyst.client.post(
        "/desk/sign-out",
        content=(b"%d=%s&" % (number, b"x" * 60_000) for number in range(6)),
        headers={"Content-Type": "application/x-www-form-urlencoded"},
    )
    assert response.status_code == 413


def test_a_server_error_is_shown_and_logged_without_its_text(desk, admin, monkeypatch, caplog):
    def fail(*_: object) -> None:
        raise RuntimeError("words that nobody should read")

    monkeypatch.setattr(desk.desk_services.audit_log, "read_entries", fail)
    response = admin.get("/desk/audit")
    assert response.status_code == 500
    assert "Something went wrong on our side." in response.text
    assert "default-src 'none'" in response.headers["content-security-policy"]
    assert "RuntimeError" in caplog.text
    assert "nobody should read" not in response.text + caplog.text


@pytest.mark.parametrize("number", [-1, 0, 2**31, 2**63, 10**30])
@pytest.mark.parametrize(
    "path",
    [
        "shortlist?listing={}",
        "shortlist?listing=1&listing={}",
        "listings?page={}",
        "listings/{}",
        "listings/{}/edit",
        "freshness?page={}",
        "imports?page={}",
        "imports/{}",
        "audit?page={}",
    ],
)
def test_an_invalid_id_shows_an_error_page(admin, path, number):
    response = admin.get(f"/desk/{path.format(number)}")
    assert response.status_code == 422
    assert "This could not be read" in response.text


@pytest.mark.parametrize("number", [-1, 2**63, 10**30])
@pytest.mark.parametrize(
    "path",
    [
        "listings/{}/edit",
        "listings/{}/state",
        "listings/{}/assure",
        "listings/{}/withdraw",
        "listings/{}/give-back",
        "imports/{}",
        "imports/{}/drop",
        "review/notes/{}",
        "review/pairs/{}/1",
        "review/pairs/1/{}",
    ],
)
def test_posting_to_an_unknown_id_changes_nothing(admin, path, number):
    assert admin.post(f"/desk/{path.format(number)}", page="/desk").status_code == 422


def test_other_paths_are_passed_on_untouched(desk: DeskServer):
    for path in ("/", "/deskjet", "/api/chat"):
        response = httpx.get(f"{desk.url}{path}")
        assert response.status_code == 404
        assert "content-security-policy" not in response.headers
