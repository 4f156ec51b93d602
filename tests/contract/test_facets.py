"""Facets of a list of books."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from tests.contract.making import Row, make, make_author, make_book, marker, read, refused


def tagged(api: httpx.Client, tag: str, **values: Any) -> Row:
    book = make_book(api, **values)
    api.put(f"/books/{book['id']}/tags", json={"items": [tag, f"{tag} too"]}).raise_for_status()
    return book


def facets(api: httpx.Client, **query: Any) -> dict[str, Row]:
    return {each["facet"]: each for each in read(api, "/books/facets", **query)["items"]}


def test_a_count_is_the_total_of_the_list_with_that_value_in_its_filter(api: httpx.Client):
    tag, publisher, author = marker(), make(api, "publishers"), make_author(api)
    for year, language, publisher_id in ((1969, "sv", publisher["id"]), (1970, "sv", None), (-44, "la", None)):
        tagged(
            api, tag, author_id=author["id"], year=year, language=language, publisher_id=publisher_id, format="ebook"
        )

    found = facets(api, tagsIn=tag, languageIn=["sv", "la"])

    assert [*found] == ["language", "decade", "tags", "contributors", "publisherId", "series", "format"]
    assert [(each["value"], each["count"]) for each in found["language"]["values"]] == [("sv", 2), ("la", 1)]
    assert {each["value"] for each in found["decade"]["values"]} == {"1960", "1970", "-50"}
    assert found["publisherId"]["values"] == [{"value": publisher["id"], "name": publisher["name"], "count": 1}]
    assert found["contributors"]["values"] == [{"value": author["id"], "name": author["name"], "count": 3}]
    for facet in found.values():
        assert facet["counted_at"] is None or facet["facet"] == "tags"
        for each in facet["values"]:
            if each["count"] is not None:
                own = {"tagsIn": tag, "languageIn": ["sv", "la"]} | {facet["filter"]: each["value"]}
                assert read(api, "/books", **own)["total"] == each["count"], each


def test_some_facets_and_some_values_can_be_asked_for(api: httpx.Client):
    tag = marker()
    for language in ("sv", "sv", "fi"):
        tagged(api, tag, language=language)

    (found,) = read(api, "/books/facets", tagsIn=tag, facet="language", facetSize=1)["items"]

    assert found["values"] == [{"value": "sv", "name": "sv", "count": 2}]
    assert [*facets(api, tagsIn=tag, facet="format,decade")] == ["format", "decade"]
    assert facets(api, q=marker())["language"]["values"] == []


@pytest.mark.parametrize(
    ("parameter", "value"),
    [("facet", "colour"), ("facet", ""), ("facet", "publisher_id"), ("facetSize", "0"), ("facetSize", "101"),
     ("decadeIn", "1975"), ("decadeIn", "-4010"), ("decadeIn", "x"), ("formatIn", "scroll"), ("pageSize", "1")],
)  # fmt: skip
def test_an_unknown_facet_or_value_is_refused(api: httpx.Client, parameter: str, value: str):
    refused(api.get("/books/facets", params={parameter: value}), 422, parameter)


def test_books_can_be_selected_by_decades_and_by_format(api: httpx.Client):
    tag = marker()
    old, new, none = (tagged(api, tag, year=year) for year in (1969, 1970, None))

    assert [row["id"] for row in read(api, "/books", tagsIn=tag, decadeIn=1960)["items"]] == [old["id"]]
    both = read(api, "/books", tagsIn=tag, decadeIn=[1960, 1970], orderBy="year", sortOrder="asc")["items"]
    assert [row["id"] for row in both] == [old["id"], new["id"]]
    others = read(api, "/books", tagsIn=tag, decadeNotIn=1960, formatNotIn="ebook", sortOrder="asc")["items"]
    assert [row["id"] for row in others] == [new["id"], none["id"]]
