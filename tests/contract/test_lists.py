"""Lists: pages, filters, search and order."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import Any

import httpx
import pytest

from tests.contract.making import (
    NAMED_BY,
    RESOURCES,
    Row,
    ids,
    make,
    make_author,
    make_book,
    make_tag,
    marker,
    new_id,
    new_isbn,
    read,
    refused,
)

everywhere = pytest.mark.parametrize("resource", RESOURCES)


def named(api: httpx.Client, resource: str, *names: str) -> list[Row]:
    """Create one row for each name, in order."""
    items: list[Row] = [{NAMED_BY[resource]: name} for name in names]
    if resource == "books":
        items = [{**item, "author_id": author["id"]} for author in [make_author(api)] for item in items]
    created = api.post(f"/{resource}/batch", json={"items": items})
    assert created.status_code == 201, created.text
    return created.json()["items"]


# Pages


@everywhere
def test_a_list_shows_twenty_rows_of_all_there_are(api: httpx.Client, resource: str):
    word = marker()
    named(api, resource, *(f"{word} {n}" for n in range(23)))

    page = read(api, f"/{resource}", searchString=word)

    assert page.keys() == {"items", "limit", "offset", "total", "next", "previous"}
    assert len(page["items"]) == 20
    assert (page["limit"], page["offset"], page["total"]) == (20, 0, 23)


@everywhere
def test_the_pages_of_a_list_hold_each_row_once(api: httpx.Client, resource: str):
    word = marker()
    rows = named(api, resource, *(f"{word} {n}" for n in range(23)))

    pages = [read(api, f"/{resource}", searchString=word, pageSize=10, currentPage=n) for n in (1, 2, 3, 4)]

    assert [len(page["items"]) for page in pages] == [10, 10, 3, 0]
    assert [page["offset"] for page in pages] == [0, 10, 20, 30]
    assert {(page["limit"], page["total"]) for page in pages} == {(10, 23)}
    assert sorted(row["id"] for page in pages for row in page["items"]) == sorted(ids(rows))


@everywhere
def test_a_page_may_be_as_large_as_a_thousand_and_skip_ten_thousand_rows(api: httpx.Client, resource: str):
    row = make(api, resource)

    large = read(api, f"/{resource}", ids=row["id"], pageSize=1000)
    far = read(api, f"/{resource}", ids=row["id"], pageSize=1000, currentPage=11)

    assert large == {"items": [row], "limit": 1000, "offset": 0, "total": 1, "next": None, "previous": None}
    assert far == {"items": [], "limit": 1000, "offset": 10_000, "total": 1, "next": None, "previous": None}
    for size, page in ((1000, 12), (20, 502), (1, 10_002), (1000, 1_000_000)):
        problem = refused(api.get(f"/{resource}", params={"pageSize": size, "currentPage": page}), 422, "currentPage")
        assert "cursor" in problem["errors"][0]["detail"]


@everywhere
def test_the_rows_of_a_list_are_as_they_are_read_one_by_one(api: httpx.Client, resource: str):
    rows = [make(api, resource) for _ in range(3)]

    items = read(api, f"/{resource}", ids=ids(rows), sortOrder="asc")["items"]

    assert items == rows == [read(api, f"/{resource}/{row['id']}") for row in rows]


@pytest.mark.parametrize(
    ("parameter", "value"),
    [
        ("pageSize", "0"),
        ("pageSize", "1001"),
        ("pageSize", "-1"),
        ("pageSize", "ten"),
        ("pageSize", ""),
        ("pageSize", "1.5"),
        ("pageSize", "1e2"),
        ("pageSize", "٣"),
        ("pageSize", "99999999999999999999"),
        ("currentPage", "0"),
        ("currentPage", "-1"),
        ("currentPage", "x"),
        ("currentPage", "9223372036854775808"),
        ("ids", "nobody"),
        ("ids", ""),
        ("ids", "{00000000-0000-0000-0000-000000000000}"),
        ("orderBy", "password"),
        ("orderBy", "search_text"),
        ("orderBy", "created_at desc"),
        ("orderBy", ""),
        ("sortOrder", "up"),
        ("sortOrder", "DESC"),
        ("searchIgnoreCase", "yes"),
        ("searchIgnoreCase", "1"),
        ("searchIgnoreCase", "True"),
        ("searchString", "x" * 1001),
        ("searchString", "\x00"),
        ("searchString", "a\nb"),
        ("createdBefore", "yesterday"),
        ("createdBefore", "2026-01-31T12:00:00"),
        ("createdAfter", "2026-01-31"),
        ("createdAfter", "2026-02-30T12:00:00Z"),
        ("updatedBefore", "2026-01-31T25:00:00Z"),
        ("updatedBefore", "2026-01-31 12:00:00"),
        ("updatedBefore", "0001-01-01T00:00:00+14:00"),
        ("updatedAfter", "9999-12-31T23:59:59-14:00"),
        ("updatedAfter", "1769860800"),
        ("updatedAfter", ""),
        ("nameLike", "x"),
        ("name", "x"),
        ("page_size", "5"),
        ("PageSize", "5"),
        ("limit", "5"),
        ("'; DROP TABLE book --", "5"),
        ("é", "5"),
    ],
)
def test_a_bad_parameter_is_named(api: httpx.Client, parameter: str, value: str):
    for resource in RESOURCES:
        refused(api.get(f"/{resource}", params={parameter: value}), 422, parameter)


@everywhere
def test_every_bad_parameter_is_named_at_once(api: httpx.Client, resource: str):
    parameters = {"pageSize": "0", "currentPage": "x", "orderBy": "x", "ids": ["x", "y"], "nobody": "x"}

    refused(api.get(f"/{resource}", params=parameters), 422, *parameters)


@pytest.mark.parametrize(
    ("parameter", "value"),
    [
        ("pageSize", "5"),
        ("currentPage", "1"),
        ("searchString", "x"),
        ("searchIgnoreCase", "true"),
        ("orderBy", "id"),
        ("sortOrder", "asc"),
        ("createdBefore", "2026-01-31T12:00:00Z"),
        ("updatedAfter", "2026-01-31T12:00:00Z"),
    ],
)
def test_a_scalar_parameter_given_twice_is_named(api: httpx.Client, parameter: str, value: str):
    for resource in RESOURCES:
        refused(api.get(f"/{resource}", params={parameter: [value, value]}), 422, parameter)


@pytest.mark.parametrize(
    ("parameter", "value"),
    [
        ("authorIdIn", "nobody"),
        ("authorIdNotIn", ""),
        ("languageIn", "english"),
        ("languageNotIn", "x"),
        ("yearIn", "MCMXC"),
        ("yearIn", "3001"),
        ("yearNotIn", "-4001"),
        ("isbnIn", "123"),
        ("isbnNotIn", "9780306406158"),
        ("tagsIn", " "),
        ("tagsNotIn", "x" * 101),
        ("contributorsIn", "nobody"),
        ("titleIn", "x"),
        ("tagIn", "x"),
    ],
)
def test_a_bad_filter_of_books_is_named(api: httpx.Client, parameter: str, value: str):
    book = make_book(api)

    refused(api.get("/books", params={parameter: value}), 422, parameter)
    refused(api.get(f"/authors/{book['author_id']}/books", params={parameter: value}), 422, parameter)


@pytest.mark.parametrize(
    "query", ["searchString=%", "searchString=%zz", "searchString=%ff", "searchString=%ED%A0%80", "%ff=1"]
)
def test_a_query_that_cannot_be_decoded_is_a_400(api: httpx.Client, query: str):
    for resource in RESOURCES:
        refused(api.get(f"/{resource}?{query}"), 400)


# ids and times


@everywhere
def test_ids_narrow_a_list_to_those_that_are_there(api: httpx.Client, resource: str):
    first, second, _ = rows = [make(api, resource) for _ in range(3)]

    page = read(api, f"/{resource}", ids=[first["id"], second["id"].upper(), new_id(), first["id"]])

    assert sorted(ids(page["items"])) == sorted(ids(rows[:2]))
    assert page["total"] == 2


@everywhere
def test_a_list_can_be_narrowed_to_rows_made_before_or_after_a_moment(api: httpx.Client, resource: str):
    first, second, third = rows = [make(api, resource) for _ in range(3)]
    moment = second["created_at"]

    before = read(api, f"/{resource}", ids=ids(rows), createdBefore=moment)
    after = read(api, f"/{resource}", ids=ids(rows), createdAfter=moment)
    between = read(
        api, f"/{resource}", ids=ids(rows), createdAfter=first["created_at"], createdBefore=third["created_at"]
    )

    assert ids(before["items"]) == [first["id"]]
    assert ids(after["items"]) == [third["id"]]
    assert ids(between["items"]) == [second["id"]]


@everywhere
def test_a_list_can_be_narrowed_to_rows_changed_before_or_after_a_moment(api: httpx.Client, resource: str):
    first, second, third = rows = [make(api, resource) for _ in range(3)]
    changed = api.patch(f"/{resource}/{first['id']}", json={NAMED_BY[resource]: marker()})
    assert changed.status_code == 200

    after = read(api, f"/{resource}", ids=ids(rows), updatedAfter=third["updated_at"])
    before = read(api, f"/{resource}", ids=ids(rows), updatedBefore=third["updated_at"])

    assert ids(after["items"]) == [first["id"]]
    assert ids(before["items"]) == [second["id"]]


@everywhere
@pytest.mark.parametrize("hours", [-11, 0, 5.5, 14])
def test_a_moment_may_be_given_with_any_offset(api: httpx.Client, resource: str, hours: float):
    first, second = rows = [make(api, resource) for _ in range(2)]
    moment = datetime.fromisoformat(second["created_at"]).astimezone(timezone(timedelta(hours=hours))).isoformat()

    assert ids(read(api, f"/{resource}", ids=ids(rows), createdBefore=moment)["items"]) == [first["id"]]


@everywhere
@pytest.mark.parametrize("moment", ["0001-01-01T00:00:00Z", "1969-12-31t23:59:59.999999z", "9999-12-31T23:59:59Z"])
def test_a_moment_may_be_long_ago_or_far_away(api: httpx.Client, resource: str, moment: str):
    row = make(api, resource)
    past = moment < "2000"

    assert read(api, f"/{resource}", ids=row["id"], createdAfter=moment)["total"] == int(past)
    assert read(api, f"/{resource}", ids=row["id"], updatedBefore=moment)["total"] == int(not past)


# Search


@everywhere
@pytest.mark.parametrize(
    ("kept", "sought"),
    [
        ("École", "école"),
        ("École", "ECOLE"),
        ("ecole", "ÉCOLE"),
        ("E\u0301cole", "\u00e9cole"),
        ("École", "E\u0301COLE"),
        ("Straße", "STRASSE"),
        ("strasse", "straße"),
        ("Œuvres", "oeuvres"),
        ("Ærø", "aero"),
        ("Łódź", "lodz"),
        ("ΣΊΣΥΦΟΣ", "σίσυφος"),
        ("Άνθρωπος", "ανθρωποσ"),
        ("ВОЙНА И МИР", "война и мир"),
        ("İstanbul", "istanbul"),
        ("Ⅷ ﬁn", "viii FIN"),
        ("戦争と平和", "争と平"),
        ("ﾊﾝｶｸ", "ハンカク"),
        ("مدن الملح", "الملح"),
        ("a 🦄 b", "🦄"),
        ("Nguyễn Du", "nguyen du"),
    ],
)
def test_a_search_ignores_case_and_accents(api: httpx.Client, resource: str, kept: str, sought: str):
    word = marker()
    row, other = named(api, resource, f"{word} {kept} end", f"{word} other")

    page = read(api, f"/{resource}", searchString=sought, ids=[row["id"], other["id"]])

    assert page["items"] == [row]
    assert page["total"] == 1


@everywhere
@pytest.mark.parametrize(
    "part", ["%", "_", "\\", "'", '"', "*", "?", "[a-z]", "%_%", "\\%", "100%", "--", ";", "+", "&"]
)
def test_every_character_of_a_search_stands_for_itself(api: httpx.Client, resource: str, part: str):
    word = marker()
    row, *_ = named(api, resource, f"{word} {part} end", f"{word} x end", f"{word}  100 end")

    for ignore_case in ("true", "false"):
        page = read(api, f"/{resource}", searchString=f"{word} {part}", searchIgnoreCase=ignore_case)
        assert ids(page["items"]) == [row["id"]]


@pytest.mark.parametrize("resource", ["authors", "books"])
def test_an_exact_search_minds_case_and_accents(api: httpx.Client, resource: str):
    word = marker()
    row, *_ = named(api, resource, f"École {word}", f"école {word}", f"Ecole {word}", f"ECOLE {word}")
    path = f"/{resource}"

    assert ids(read(api, path, searchString=f"École {word}", searchIgnoreCase="false")["items"]) == [row["id"]]
    decomposed = read(api, path, searchString=f"E\u0301cole {word}", searchIgnoreCase="false")
    assert ids(decomposed["items"]) == [row["id"]]
    assert read(api, path, searchString=f"École {word.upper()}", searchIgnoreCase="false")["total"] == 0
    assert read(api, path, searchString=f"École {word}", searchIgnoreCase="true")["total"] == 4


@everywhere
def test_an_empty_search_finds_everything(api: httpx.Client, resource: str):
    row = make(api, resource)

    assert read(api, f"/{resource}", searchString="", ids=row["id"])["total"] == 1
    assert read(api, f"/{resource}", searchString="  ", ids=row["id"])["total"] == 1


@everywhere
def test_a_search_finds_the_name_a_row_has_now(api: httpx.Client, resource: str):
    before, after = marker(), marker()
    row, *_ = named(api, resource, f"{before} é")

    assert api.patch(f"/{resource}/{row['id']}", json={NAMED_BY[resource]: f"{after} È"}).status_code == 200

    assert read(api, f"/{resource}", searchString=before)["total"] == 0
    assert ids(read(api, f"/{resource}", searchString=f"{after} e")["items"]) == [row["id"]]


# Order


@everywhere
def test_a_list_begins_with_the_newest_row(api: httpx.Client, resource: str):
    rows = [make(api, resource) for _ in range(3)]

    assert ids(read(api, f"/{resource}", ids=ids(rows))["items"]) == ids(rows)[::-1]
    assert ids(read(api, f"/{resource}", ids=ids(rows), sortOrder="asc")["items"]) == ids(rows)
    assert ids(read(api, f"/{resource}", ids=ids(rows), orderBy="created_at")["items"]) == ids(rows)[::-1]


@everywhere
def test_a_list_can_be_ordered_by_when_rows_were_changed(api: httpx.Client, resource: str):
    first, second, third = rows = [make(api, resource) for _ in range(3)]
    assert api.patch(f"/{resource}/{first['id']}", json={NAMED_BY[resource]: marker()}).status_code == 200

    items = read(api, f"/{resource}", ids=ids(rows), orderBy="updated_at")["items"]

    assert ids(items) == ids([first, third, second])


@everywhere
def test_names_are_ordered_without_regard_to_case_and_accents(api: httpx.Client, resource: str):
    word = marker()
    order = ["10", "9", "apple", "Banana", "Éclair", "eclipse", "élan", "zebra", "война", "戦争"]
    named(api, resource, *(f"{word} {name}" for name in reversed(order)))

    def names(direction: str) -> list[str]:
        items = read(api, f"/{resource}", searchString=word, orderBy=NAMED_BY[resource], sortOrder=direction)["items"]
        return [row[NAMED_BY[resource]].removeprefix(f"{word} ").lower() for row in items]

    assert names("asc") == [name.lower() for name in order]
    assert names("desc") == [name.lower() for name in reversed(order)]


@everywhere
def test_rows_that_are_equal_in_the_order_are_ordered_by_their_ids(api: httpx.Client, resource: str):
    word = marker()
    spellings = ("e", "é", "è", "ê", "ë") if resource == "tags" else ("Same",) * 5
    rows = named(api, resource, *(f"{word} {spelling}" for spelling in spellings))
    parameters = {"searchString": word, "orderBy": NAMED_BY[resource], "pageSize": 1}

    for direction, order in (("asc", sorted(ids(rows))), ("desc", sorted(ids(rows), reverse=True))):
        pages = [read(api, f"/{resource}", **parameters, sortOrder=direction, currentPage=n) for n in range(1, 6)]
        assert [page["items"][0]["id"] for page in pages] == order


@pytest.mark.parametrize(
    ("resource", "field", "values"),
    [
        ("authors", "dob", ["0800-01-01", "1929-10-21", "2001-01-01"]),
        ("books", "year", [-750, 0, 1888, 2001]),
        ("books", "language", ["en", "en-GB", "fr", "zh-Hant"]),
        ("books", "isbn", sorted(new_isbn() for _ in range(3))),
    ],
)
def test_rows_without_a_value_come_last_in_both_directions(
    api: httpx.Client, resource: str, field: str, values: list[Any]
):
    if field == "isbn":
        values = sorted(new_isbn() for _ in values)
    create = {"authors": make_author, "books": make_book}[resource]
    author = {"author_id": make_author(api)["id"]} if resource == "books" else {}
    rows = [create(api, **author, **({} if value is None else {field: value})) for value in (None, *values[::-1], None)]

    for direction, order in (("asc", values), ("desc", values[::-1])):
        items = read(api, f"/{resource}", ids=ids(rows), orderBy=field, sortOrder=direction)["items"]
        assert [row[field] for row in items] == [*order, None, None]


@pytest.mark.parametrize(
    ("resource", "field"), [(each, "id") for each in RESOURCES] + [("authors", "slug"), ("books", "slug")]
)
def test_ids_and_slugs_are_ordered_character_by_character(api: httpx.Client, resource: str, field: str):
    word = marker()
    rows = named(api, resource, *(f"{name} {word}" for name in ("b", "Ç", "война", "a", "戦争", "Z9", "z-10")))

    for direction, order in (("asc", False), ("desc", True)):
        items = read(api, f"/{resource}", searchString=word, orderBy=field, sortOrder=direction)["items"]
        assert [row[field] for row in items] == sorted((row[field] for row in rows), reverse=order)


# Filters


def test_books_can_be_filtered_by_the_values_they_have(api: httpx.Client):
    first, second = make_author(api), make_author(api)
    shelf = [
        make_book(api, author_id=first["id"], year=1888, language="fr", isbn=new_isbn()),
        make_book(api, author_id=first["id"], year=-750, language="grc"),
        make_book(api, author_id=second["id"], year=1888, isbn=new_isbn()),
        make_book(api, author_id=second["id"]),
    ]

    def places(**parameters: Any) -> list[int]:
        items = read(api, "/books", ids=ids(shelf), sortOrder="asc", **parameters)["items"]
        return [ids(shelf).index(row["id"]) for row in items]

    assert places() == [0, 1, 2, 3]
    assert places(authorIdIn=first["id"]) == [0, 1]
    assert places(authorIdIn=[first["id"], second["id"]]) == [0, 1, 2, 3]
    assert places(authorIdNotIn=first["id"]) == [2, 3]
    assert places(authorIdIn=new_id()) == []
    assert places(yearIn=1888) == [0, 2]
    assert places(yearIn=[1888, -750]) == [0, 1, 2]
    assert places(yearNotIn=1888) == [1, 3]
    assert places(yearNotIn=[1888, -750]) == [3]
    assert places(languageIn="FR") == [0]
    assert places(languageIn=["fra", "grc"]) == [0, 1]
    assert places(languageNotIn="fr") == [1, 2, 3]
    assert places(isbnIn=[shelf[0]["isbn"], shelf[2]["isbn"]]) == [0, 2]
    assert places(isbnNotIn=shelf[0]["isbn"]) == [1, 2, 3]
    assert places(yearIn=1888, authorIdIn=second["id"]) == [2]
    assert places(yearIn=1888, yearNotIn=1888) == []
    assert places(yearIn=1888, languageNotIn="fr", searchString="book") == [2]


def test_books_can_be_filtered_by_the_tags_they_carry(api: httpx.Client):
    red, blue = f"rouge é {marker()}", marker()
    shelf = [make_book(api) for _ in range(4)]
    for book, tags in zip(shelf, ([red], [blue], [red, blue], []), strict=True):
        assert api.put(f"/books/{book['id']}/tags", json={"items": tags}).status_code == 200

    def places(**parameters: Any) -> list[int]:
        page = read(api, "/books", ids=ids(shelf), sortOrder="asc", **parameters)
        assert page["total"] == len(page["items"])
        return [ids(shelf).index(row["id"]) for row in page["items"]]

    assert places(tagsIn=red) == [0, 2]
    assert places(tagsIn=f"  {red.upper()} ") == [0, 2]
    assert places(tagsIn=[red, blue]) == [0, 1, 2]
    assert places(tagsNotIn=red) == [1, 3]
    assert places(tagsNotIn=[red, blue]) == [3]
    assert places(tagsIn=red, tagsNotIn=blue) == [0]
    assert places(tagsIn=marker()) == []
    assert places(tagsNotIn=marker()) == [0, 1, 2, 3]


def test_books_can_be_filtered_by_their_contributors_in_any_role(api: httpx.Client):
    writer, editor, nobody = (make_author(api) for _ in range(3))
    shelf = [make_book(api, author_id=writer["id"]), make_book(api, author_id=writer["id"]), make_book(api)]
    items = [{"author_id": writer["id"], "role": "author"}, {"author_id": editor["id"], "role": "editor"}]
    assert api.put(f"/books/{shelf[1]['id']}/contributors", json={"items": items}).status_code == 200

    def places(**parameters: Any) -> list[int]:
        items = read(api, "/books", ids=ids(shelf), sortOrder="asc", **parameters)["items"]
        return [ids(shelf).index(row["id"]) for row in items]

    assert places(contributorsIn=editor["id"]) == [1]
    assert places(contributorsIn=writer["id"]) == [0, 1]
    assert places(contributorsIn=[editor["id"], nobody["id"]]) == [1]
    assert places(contributorsNotIn=editor["id"]) == [0, 2]
    assert places(contributorsNotIn=writer["id"]) == [2]
    assert places(authorIdIn=editor["id"]) == []
    assert places(contributorsIn=writer["id"], contributorsNotIn=editor["id"]) == [0]


def test_tags_can_be_filtered_by_name(api: httpx.Client):
    word = marker()
    shelf = [make_tag(api, name=f"{name} {word}") for name in ("école", "fog", "zebra")]

    def places(**parameters: Any) -> list[int]:
        items = read(api, "/tags", searchString=word, sortOrder="asc", **parameters)["items"]
        return [ids(shelf).index(row["id"]) for row in items]

    assert places(nameIn=f"E\u0301COLE {word}") == [0]
    assert places(nameIn=[f"fog {word}", f"zebra {word}", marker()]) == [1, 2]
    assert places(nameNotIn=f"Fog {word}") == [0, 2]
    assert places(nameNotIn=marker()) == [0, 1, 2]
