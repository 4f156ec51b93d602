"""The pages for people: what every one of them keeps to."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from urllib.parse import urljoin

import httpx
import pytest

from tests.contract.conftest import each_once
from tests.contract.making import make, make_author, make_book, make_tag, marker, new_isbn, new_isbn_10, refused
from tests.support.markup import Page

pytestmark = each_once

POLICY = (
    "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data:; connect-src 'self';"
    " form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)

LISTS = ["/ui/books", "/ui/authors", "/ui/publishers", "/ui/series", "/ui/tags"]
PAGES = [
    "/ui/",
    *LISTS,
    "/ui/statistics",
    "/ui/search",
    "/ui/search?q=x",
    "/ui/sign-in",
    "/ui/sign-out",
    "/ui/first-account",
]


@pytest.mark.parametrize("path", PAGES)
def test_a_page_loads_nothing_from_elsewhere_and_can_be_framed_by_nobody(api: httpx.Client, path: str):
    response = api.get(path)

    assert (response.status_code, response.headers["Content-Type"]) == (200, "text/html; charset=utf-8")
    assert response.headers["Content-Security-Policy"] == POLICY
    assert response.headers["Referrer-Policy"] == "same-origin"
    page = Page.of(response.text)
    assert page.tags.isdisjoint({"iframe", "object", "base", "style"})
    assert not {"style", "onclick", "onload", "onsubmit"} & page.attributes
    assert len(set(page.ids)) == len(page.ids)


@pytest.mark.parametrize("path", PAGES)
def test_every_link_of_a_page_is_relative_and_leads_somewhere(api: httpx.Client, path: str):
    page = Page.of(api.get(path).text)

    assert page.links
    for link in page.links:
        assert not re.match(r"[a-z]+:|/", link)
        assert api.get(urljoin(path, link)).status_code == 200, link


def test_a_page_is_asked_for_again_and_sent_again_only_when_it_has_changed(api: httpx.Client):
    response = api.get("/ui/")

    assert response.headers["Cache-Control"] == "no-cache"
    assert response.headers["Vary"] == "Accept-Encoding, Cookie"
    again = api.get("/ui/", headers={"If-None-Match": response.headers["ETag"]})
    assert (again.status_code, again.content) == (304, b"")
    assert again.headers["Content-Security-Policy"] == POLICY


@pytest.mark.parametrize("path", ["/", "/ui"])
def test_the_root_leads_to_the_first_page_wherever_a_proxy_puts_it(api: httpx.Client, path: str):
    for response in (api.get(path), api.get(path, params={"utm_source": "x"}), api.head(path)):
        assert (response.status_code, response.headers["Location"]) == (303, "ui/")


def test_a_file_of_the_pages_never_changes(api: httpx.Client):
    page = Page.of(api.get("/ui/").text)

    assert page.files
    for link in page.files:
        response = api.get(urljoin("/ui/", link))
        assert response.status_code == 200
        assert response.headers["Cache-Control"] == "public, max-age=31536000, immutable"
        assert "Cookie" not in response.headers.get("Vary", "")
    assert api.get("/ui/assets/style.0000000000000000.css").status_code == 404
    assert api.get("/favicon.ico").headers["Content-Type"] == "image/vnd.microsoft.icon"
    robots = api.get("/robots.txt").text
    assert "Allow: /docs\n" in robots
    assert "Disallow: /ui/search" in robots


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/ui/nothing", 404),
        ("GET", "/ui/books/", 404),
        ("GET", "/ui/assets/none", 404),
        ("DELETE", "/ui/", 405),
        ("GET", "/ui/password", 401),
        ("POST", "/ui/password", 401),
        ("POST", "/ui/sign-in", 415),
    ],
)
def test_an_error_below_ui_is_a_page_for_people(api: httpx.Client, method: str, path: str, status: int):
    response = api.request(method, path)

    assert (response.status_code, response.headers["Content-Type"]) == (status, "text/html; charset=utf-8")
    assert response.headers["Cache-Control"] == "no-store"
    assert response.headers["Content-Security-Policy"] == POLICY
    page = Page.of(response.text)
    assert urljoin(path, page.links[0]) == "/ui/"
    assert ("Allow" in response.headers) == (status == 405)
    assert ("WWW-Authenticate" in response.headers) == (status == 401)


def test_an_error_elsewhere_stays_a_problem(api: httpx.Client):
    refused(api.get("/nothing", headers={"Accept": "text/html"}), 404)
    refused(api.get("/uix", headers={"Accept": "text/html"}), 404)


def test_who_has_to_sign_in_comes_back_to_the_page(api: httpx.Client):
    page = Page.of(api.get("/ui/password?x=1&y=%22%3Cb%3E").text)

    assert page.fields["next"] == "ui/password?x=1&y=%22%3Cb%3E"
    assert page.fields.keys() == {"q", "name", "password", "code", "next"}


def test_a_refused_form_keeps_everything_but_the_password(api: httpx.Client):
    typed = {"name": '"><script>', "password": "secret \"'<", "next": "ui/books?q=%22"}

    response = api.post("/ui/sign-in", data=typed)

    assert response.status_code == 422
    page = Page.of(response.text)
    assert "secret" not in response.text
    assert "script" not in page.tags
    assert {name: page.fields[name] for name in ("name", "next")} == {name: typed[name] for name in ("name", "next")}


@pytest.mark.parametrize("away", ["//evil.example", "https://evil.example", "ui/\r\nX: 1", "ui/é", "../evil", "ui"])
def test_nobody_is_sent_to_another_site_after_signing_in(api: httpx.Client, away: str):
    response = api.post("/ui/sign-in", data={"name": "tove", "password": "x", "next": away})

    assert response.status_code == 422
    assert "next" in response.text


# Reading


def page_of(api: httpx.Client, path: str, **params: str) -> Page:
    response = api.get(path, params=params or None)
    assert response.status_code == 200, response.text
    return Page.of(response.text)


def test_a_book_leads_to_everything_that_belongs_to_it(api: httpx.Client):
    author, translator = make_author(api, name=f"<i>{marker()}"), make_author(api)
    publisher, series = make(api, "publishers"), make(api, "series")
    book = make_book(
        api, author_id=author["id"], title=f'Sommar <b>&" {marker()}', subtitle="<script>", isbn=new_isbn(), year=-44,
        language="sv-FI", description="One.\n\n<b>Two", publisher_id=publisher["id"], format="ebook", pages=1234,
        url="https://example.org/x?a=1&b=2",
    )  # fmt: skip
    people = [{"author_id": author["id"], "role": "author"}, {"author_id": translator["id"], "role": "translator"}]
    api.put(f"/books/{book['id']}/contributors", json={"items": people}).raise_for_status()
    tags = api.put(f"/books/{book['id']}/tags", json={"items": [f"a/b {marker()}"]}).raise_for_status().json()["items"]
    api.put(f"/books/{book['id']}/series", json={"items": [{"series_id": series["id"], "position": "2"}]})
    api.put(f"/books/{book['id']}/identifiers", json={"items": [{"scheme": "oclc", "value": "7"}]})

    page = page_of(api, f"/ui/book/{book['slug']}")

    for words in (book["title"], "<script>", author["name"], "<b>Two", "44 BC", "Swedish (FI)", "E-book", "1,234",
                  "Translator", book["isbn"], "OCLC", tags[0]["name"], "More about it at example.org"):  # fmt: skip
        assert words in page.text
    assert page.tags.isdisjoint({"script", "b", "i"})
    leading = {urljoin("/ui/book/x", link) for link in page.links}
    for there in (f"/ui/author/{author['slug']}", f"/ui/author/{translator['slug']}", f"/ui/tag/{tags[0]['id']}",
                  f"/ui/publisher/{publisher['slug']}", f"/ui/in-series/{series['slug']}"):  # fmt: skip
        assert there in leading
        assert book["title"] in page_of(api, there).text or translator["slug"] in there
    assert f"/ui/record/{book['id']}.bib" in leading
    assert "No. 2" in page_of(api, f"/ui/in-series/{series['slug']}").text


def test_a_book_knows_its_other_editions_and_what_else_its_author_wrote(api: httpx.Client):
    author, work = make_author(api), marker()
    make_book(api, author_id=author["id"], title=work)
    translation = make_book(api, author_id=author["id"], title=marker(), original_title=work)
    other = make_book(api, author_id=author["id"])
    make_book(api, title=work)

    page = page_of(api, f"/ui/book/{translation['slug']}")

    editions, others = page.text.split("Other editions")[1].split("More by the same author")
    assert editions.count(work) == 1
    assert other["title"] not in editions
    assert other["title"] in others
    assert work not in others


def test_a_list_keeps_its_filters_and_its_order_from_page_to_page(api: httpx.Client):
    author = make_author(api)
    titles = [make_book(api, author_id=author["id"], title=f"{word} {marker()}", year=1888)["title"] for word in "cab"]
    asked = {"authorIdIn": author["id"], "yearIn": "1888", "languageIn": "", "utm_source": "x", "pageSize": "2"}

    first = page_of(api, "/ui/books", **asked, orderBy="title", sortOrder="asc")
    assert [title for title in titles if title in first.text] == [titles[1], titles[2]]
    assert "3 books" in first.text
    assert "Page 1 of 2" in first.text
    assert first.fields == {
        "q": "", "languageIn": "", "yearIn": "1888", "tagsIn": "",
        "authorIdIn": author["id"], "pageSize": "2", "orderBy": "title", "sortOrder": "asc",
    }  # fmt: skip
    (following,) = [link for link in first.links if "currentPage=2" in link]
    second = page_of(api, urljoin("/ui/books", following))
    assert [title for title in titles if title in second.text] == [titles[0]]
    assert any("currentPage=1" in link for link in second.links)


def test_the_rows_beyond_those_that_have_a_page_number_are_reached_too(api: httpx.Client):
    words = marker()
    for number in range(3):
        make_tag(api, name=f"{words} {number}")
    listed = api.get("/tags", params={"q": words, "orderBy": "name", "sortOrder": "asc", "pageSize": "1"}).json()

    page = page_of(api, "/ui/tags", q=words, orderBy="name", sortOrder="asc", pageSize="1", cursor=listed["next"])

    assert f"{words} 1" in page.text
    beyond = [link for link in page.links if "cursor=" in link]
    assert len(beyond) == 2
    assert f"{words} 2" in page_of(api, urljoin("/ui/tags", beyond[1])).text


def test_a_value_that_is_wrong_is_told_at_its_field_and_everything_typed_stays(api: httpx.Client):
    asked = {"q": '"><b>', "yearIn": "next", "tagsIn": "war", "decadeIn": "1990", "orderBy": "title"}
    response = api.get("/ui/books", params={**asked, "currentPage": "x", "pageSize": "many"})

    assert response.status_code == 422
    page = Page.of(response.text)
    assert {name: page.fields[name] for name in asked} == asked
    assert not {"currentPage", "pageSize"} & {*page.fields}, "they would be refused again"
    assert "yearIn-mistake" in page.ids
    assert "currentPage" in page.text
    assert api.get("/ui/books?q=%FF").status_code == 400
    assert api.get("/ui/search?q=a*").status_code == 422


def test_a_page_past_the_end_of_a_list_says_so_and_leads_back(api: httpx.Client):
    words = f"end {marker()}"
    author = make_author(api, name=words)
    make_book(api, author_id=author["id"])

    for path, query in (("/ui/authors", {"q": words}), (f"/ui/author/{author['slug']}", {})):
        page = page_of(api, path, **query, currentPage="9")
        assert "The list has no such page" in page.text
        assert "Nothing matches" not in page.text
        assert "Page 9" not in page.text
        (back,) = [link for link in page.links if "currentPage=1" in link]
        assert words in page_of(api, urljoin(path, back)).text


@pytest.mark.parametrize("path", ["/ui/book/none", "/ui/author/none", "/ui/in-series/none", "/ui/tag/none"])
def test_what_is_not_there_is_a_page_that_can_be_searched_from(api: httpx.Client, path: str):
    response = api.get(path)

    assert (response.status_code, response.headers["Content-Type"]) == (404, "text/html; charset=utf-8")
    assert "q" in Page.of(response.text).fields


def test_the_search_understands_an_isbn_a_title_and_an_author(api: httpx.Client):
    ten, isbn = new_isbn_10()
    name, title = f"Zoë {marker()}", f"Été {marker()}"
    author = make_author(api, name=name)
    book = make_book(api, author_id=author["id"], title=title, isbn=isbn)
    there = f"book/{book['slug']}"

    for typed in (isbn, ten, f"ISBN {isbn[:3]}-{isbn[3:]}"):
        response = api.get("/ui/search", params={"q": typed})
        assert (response.status_code, urljoin("/ui/search", response.headers["Location"])) == (303, f"/ui/{there}")
    assert f"../ui/{there}" in page_of(api, "/ui/search", q=title.upper()).links
    found = page_of(api, "/ui/search", q=name.replace("ë", "e"))
    assert {f"../ui/{there}", f"../ui/author/{author['slug']}"} <= set(found.links)
    assert isbn[:-1] not in page_of(api, "/ui/search", q=new_isbn()).links
    assert "There is no book with the ISBN" in page_of(api, "/ui/search", q=new_isbn()).text


def test_who_has_mistyped_is_told_of_what_there_is(api: httpx.Client):
    name = f"qz{marker()[:8]}"
    make_author(api, name=name.upper())

    page = page_of(api, "/ui/search", q=f"{name[:-2]}{name[-1]}{name[-2]}{name[-1]}")

    assert f"Did you mean {name}?" in " ".join(page.text.split())
    assert "Did you mean" not in page_of(api, "/ui/search", q="zqzqzqzq").text


def test_the_feed_has_the_newest_books_first(api: httpx.Client):
    old, new = make_book(api), make_book(api, title=f"<&> {marker()}\ufffe", description="Été <b>")

    response = api.get("/ui/feed.atom")

    assert response.headers["Content-Type"] == "application/atom+xml; charset=utf-8"
    feed = ET.fromstring(response.content)  # noqa: S314 - our own
    atom = "{http://www.w3.org/2005/Atom}"
    entries = feed.findall(f"{atom}entry")
    assert [entry.findtext(f"{atom}id") for entry in entries[:2]] == [f"urn:uuid:{row['id']}" for row in (new, old)]
    assert entries[0].findtext(f"{atom}title") == new["title"].replace("\ufffe", "\ufffd")
    assert feed.findtext(f"{atom}updated") == entries[0].findtext(f"{atom}updated")
    (link,) = entries[0].findall(f"{atom}link")
    assert new["title"].replace("\ufffe", "") in page_of(api, urljoin("/ui/feed.atom", link.get("href"))).text
    again = api.get("/ui/feed.atom", headers={"If-None-Match": response.headers["ETag"]})
    assert again.status_code == 304


def test_a_list_of_books_shows_two_authors_of_each(api: httpx.Client):
    authors = [make_author(api, name=f"{name} {marker()}") for name in ("Terry", "Neil", "Tove")]
    book = make_book(api, author_id=authors[0]["id"])
    people = [{"author_id": each["id"], "role": "author"} for each in authors]
    for number, further in ((2, False), (3, True)):
        given = [*people[:number], {"author_id": authors[0]["id"], "role": "other"}]
        api.put(f"/books/{book['id']}/contributors", json={"items": given}).raise_for_status()
        text = page_of(api, "/ui/books", authorIdIn=authors[0]["id"]).text
        shown = text.split(book["title"])[1].split("Narrow down")[0]
        assert [each["name"] in shown for each in authors] == [True, True, False]
        assert ("and 1 more" in shown) == further


def test_a_value_of_a_facet_is_added_to_the_filters_and_removed_from_them(api: httpx.Client):
    tag, author = marker(), make_author(api)
    for language, year in (("sv", 1969), ("sv", 1972), ("fi", 1972)):
        book = make_book(api, author_id=author["id"], language=language, year=year, title=f"{tag} {marker()}")
        api.put(f"/books/{book['id']}/tags", json={"items": [tag]}).raise_for_status()

    page = page_of(api, "/ui/books", tagsIn=tag)
    assert f"{author['name']} 3" in " ".join(page.text.split())
    assert "Swedish 2" in " ".join(page.text.split())
    (swedish,) = [link for link in page.links if "languageIn=sv" in link]
    narrowed = page_of(api, urljoin("/ui/books", swedish))
    assert "2 books" in narrowed.text
    assert "Language: Swedish" in narrowed.text
    (decade,) = [link for link in narrowed.links if "decadeIn=1970" in link]
    both = page_of(api, urljoin("/ui/books", decade))
    assert "1 book" in both.text
    assert "Decade: 1970s" in both.text
    without = [link for link in both.links if "decadeIn=1970" in link and "languageIn=sv" not in link]
    assert "2 books" in page_of(api, urljoin("/ui/books", without[0])).text
    found = page_of(api, "/ui/search", q=tag)
    assert any(f"q={tag}" in link and "decadeIn=1960" in link and "/ui/books" in link for link in found.links)


def test_ids_in_filters_are_shown_as_names(api: httpx.Client):
    author, publisher = make_author(api), make(api, "publishers")

    page = page_of(api, "/ui/books", contributorsIn=author["id"], publisherIdIn=publisher["id"])

    assert f"By: {author['name']}" in page.text
    assert f"Publisher: {publisher['name']}" in page.text


def test_words_of_an_author_and_of_a_title_find_a_book_together(api: httpx.Client):
    first, last, writer, omens = marker(), marker(), marker(), marker()
    author, second = make_author(api, name=f"{first} {last}"), make_author(api, name=writer)
    book = make_book(api, author_id=second["id"], title=f"Good {omens}")
    people = [{"author_id": each["id"], "role": "author"} for each in (second, author)]
    api.put(f"/books/{book['id']}/contributors", json={"items": people}).raise_for_status()

    of_one = (f"{last} {omens}", f"good {omens} {first}", f"{first} {last} {omens[:9]}*", f"{omens} {last} {first}")
    for q in (*of_one, f"{last} {writer} {omens}", f"{omens} {writer} {last}"):
        page = page_of(api, "/ui/search", q=q)
        assert book["title"] in page.text, q
        assert author["name"] in page.text
        with_filters = min((link for link in page.links if "/ui/books?" in link), key=len)
        assert book["title"] in page_of(api, urljoin("/ui/search", with_filters)).text
    assert book["title"] not in page_of(api, "/ui/search", q=f"{last} {marker()}").text
    empty = page_of(api, "/ui/books", q=f"{last} {omens}")
    assert f"../ui/search?q={last}%20{omens}" in empty.links


def test_the_statistics_have_the_same_numbers_in_a_plot_and_in_a_table(api: httpx.Client):
    make_book(api, language="sv", year=1972)

    response = api.get("/ui/statistics")

    page = Page.of(response.text)
    assert {"svg", "table", "caption"} <= page.tags
    assert any("decadeIn=1970" in link for link in page.links)
    assert any("languageIn=sv" in link for link in page.links)


def test_what_a_list_shows_is_exported_in_other_formats(api: httpx.Client):
    author = make_author(api)
    title = make_book(api, author_id=author["id"], year=1889)["title"]
    make_book(api, author_id=author["id"], year=1890)
    page = page_of(api, "/ui/books", authorIdIn=author["id"], yearIn="1889", orderBy="title", sortOrder="asc")

    exports = [urljoin("/ui/books", link) for link in page.links if "export?" in link]

    assert len(exports) == 6
    for path in exports:
        ours, of_api = api.get(path), api.get(f"/books.csv?authorIdIn={author['id']}&yearIn=1889")
        assert ours.status_code == 200
        assert title in ours.text
        assert ours.headers["Content-Disposition"].startswith('attachment; filename="books.')
        assert ours.content == of_api.content or "format=csv" not in path
    assert api.get("/ui/export?format=nothing").status_code == 422
    assert api.get("/ui/export?format=csv&yearIn=x").status_code == 422
