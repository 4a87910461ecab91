"""Import of files at the desk, and the rows with errors."""

import html
import re

from tests.support.desk_forms import HEADER, read_form, send

GOOD = "a,Chess in the park,group,Bring a board.,Park,\n"
WRONG = "b,Whist drive,gruop,Cards on Friday.,Parish Hall,\n"


def find_row_path(page: str, name: str) -> str:
    """The path of the form that fixes the row of this name."""
    label = f'Fix row<span class="visually-hidden"> {name}'
    return re.search(rf'href="(/desk/imports/\d+)">{re.escape(label)}', page)[1]


def test_good_rows_are_imported_and_the_others_fixed_by_hand(navigator, admin):
    response = send(navigator, HEADER + GOOD + WRONG)
    assert response.status_code == 200
    page = html.unescape(response.text)
    assert "clubs: 1 added, 0 changed, 0 unchanged, 0 closed, 1 with errors." in page
    assert "column 'kind' says 'gruop'" in page
    path = find_row_path(page, "Whist")
    form = navigator.read(path)
    assert 'value="Whist drive"' in form
    # Its location may be private, so it was not stored.
    assert "Parish Hall" not in form
    fields = read_form(form.replace('action="/desk/imports/', 'action="/desk/listings/'))
    refused = navigator.client.post(path, data={**fields, "kind": ""})
    assert refused.status_code == 422
    preview = navigator.client.post(path, data={**fields, "kind": "group", "do": "look"})
    assert "Nothing is saved yet." in preview.text
    fixed = navigator.client.post(path, data={**fields, "kind": "group", "venue": "Parish Hall"})
    assert fixed.status_code == 303, fixed.text
    assert "Parish Hall" in navigator.read(fixed.headers["location"])
    assert "Whist" not in navigator.read("/desk/imports")
    assert navigator.get(path).status_code == 404
    audit = admin.read("/desk/audit")
    assert "<td>imported</td><td>Chess in the park</td>" in audit
    assert "<td>row fixed</td><td>Whist drive</td>" in audit


def test_a_row_with_errors_is_removed(navigator, admin):
    page = send(navigator, HEADER + "c,Left out,gruop,Words.,,\n", source="others").text
    path = find_row_path(page, "Left out")
    assert navigator.post(f"{path}/drop", page="/desk/imports").status_code == 303
    assert "Left out" not in navigator.read("/desk/imports").partition("Rows with errors")[2]
    audit = admin.read("/desk/audit")
    assert "<td>row removed</td><td>Left out, of others</td>" in audit


def test_rows_with_errors_are_paged_and_counted(navigator):
    rows = [f"{number},Row {number:03},gruop,Words.,,\n" for number in range(120)]
    send(navigator, HEADER + "".join(rows), source="z, a long one")
    total = int(re.search(r"Rows with errors \((\d+)\)", navigator.read("/desk/imports"))[1])
    path, names, ranges = "/desk/imports", [], []
    while path:
        page = navigator.read(path)
        assert f"of {total}." in page
        ranges += re.findall(r"This page shows (\d+) to (\d+) of", page)
        names += re.findall(r'<th scope="row">(Row \d+)', page)
        next_page = re.search(r'href="([^"]+)">Next page', page)
        path = html.unescape(next_page[1]) if next_page else ""
    assert sorted(names) == [f"Row {number:03}" for number in range(120)]
    assert ranges[:2] == [("1", "50"), ("51", "100")]
    assert ranges[-1][1] == str(total)
    # The next page is also linked from the page that answers an import.
    assert 'href="/desk/imports?page=2">Next page' in send(navigator, HEADER + GOOD).text


def test_only_the_name_of_a_private_row_is_stored(navigator):
    secret = "77 Hidden Lane"
    header = "id,name,kind,description,how_to_join,email,covers,confidential\n"
    row = f"p,Safe place,gruop,We are at {secret}.,Ring at {secret},ask at {secret},{secret},Yes\n"
    page = send(navigator, header + row, source="safe ones").text
    path = find_row_path(page, "Safe")
    form = navigator.read(path)
    assert secret not in page
    assert secret not in form
    assert "only its name was stored" in form
    assert re.search(r'name="confidential"[^>]*checked|value="yes" selected', form)


def test_closing_most_of_a_source_needs_confirmation(navigator, admin):
    rows = [f"{number},Walk {number},group,Words.,,\n" for number in range(12)]
    send(navigator, HEADER + "".join(rows), source="long walks")
    response = send(navigator, HEADER + rows[0], source="long walks", whole="yes")
    assert response.status_code == 409
    assert "would close most of the listings from long walks" in response.text
    assert "--" not in response.text.replace("<!--", "").partition("<main")[2]
    assert 'name="source" value="long walks"' in response.text
    response = send(navigator, HEADER + rows[0], source="long walks", whole="yes", loss="yes")
    assert "11 closed" in response.text
    assert "<td>closed: no longer in the import</td><td>Walk 3</td>" in admin.read("/desk/audit")


def test_only_a_complete_list_closes_missing_listings(navigator):
    send(navigator, HEADER + "d,First one,group,Words.,,\n", source="walks")
    page = send(navigator, HEADER + "e,Second one,group,Words.,,\n", source="walks").text
    assert "1 added, 0 changed, 0 unchanged, 0 closed" in page
    page = send(
        navigator, HEADER + "e,Second one,group,Words.,,\n", source="walks", whole="yes"
    ).text
    assert "0 added, 0 changed, 1 unchanged, 1 closed" in page


def test_an_unreadable_file_shows_one_sentence(navigator):
    response = send(navigator, "not a sheet at all")
    assert response.status_code == 409
    assert "Nothing was changed" in response.text
    response = send(navigator, HEADER + GOOD, source="navigators")
    assert "Choose another name." in response.text
    assert "--source" not in response.text
    response = send(navigator, HEADER + "".join(f"{n},N,group,W.,,\n" for n in range(2_001)))
    assert response.status_code == 413
    assert "Split it into files" in response.text
    assert "connector directory" not in response.text
    response = send(navigator, HEADER + GOOD * 1, name="")
    assert response.status_code == 422
    response = send(navigator, HEADER + "x" * 5_300_000)
    assert response.status_code == 413
