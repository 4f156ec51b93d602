"""A conversation with the API that uses every operation at least once."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import httpx

from tests.support.answers import Told, neutral, told

BOOKS: list[dict[str, Any]] = [
    {"title": "Sommarboken", "author": "Tove Jansson", "year": 1972, "language": "sv", "tags": ["islands", "summer"]},
    {"title": "The Summer Book", "author": "Tove Jansson", "translator": "Thomas Teal", "isbn": "9781590172681"},
    {
        "title": "銀河鉄道の夜",
        "author": "宮沢賢治",
        "year": 1934,
        "description": "Ночь на галактической железной дороге",
    },
    {"title": "Пикник на обочине", "authors": ["Аркадий Стругацкий", "Борис Стругацкий"], "tags": ["zone"]},
]
"""Rows to import before."""

PICTURE = (
    b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\1\0\0\0\1\b\0\0\0\0:~\x9bU\0\0\0\nIDATx\x9cc`\0\0\0\2\0\1"
    b"H\xaf\xa4q\0\0\0\0IEND\xaeB`\x82"
)
"""A PNG image of one black pixel."""

NOT_ASKED = (
    *("health", "openapi.json", "docs", "problems", "metrics"),
    *("accounts", "tokens", "me", "changes", "security-events"),
)
"""First segments of paths that use no table, or are an administrator's."""


def conversation(api: httpx.Client, work: Callable[[], None]) -> list[Told]:
    """Run the conversation, and return the API's responses. work: does the jobs that wait.

    Errors: AssertionError when the document has an operation that the conversation does not use.
    """
    talk = Talk(api)
    talk.read()
    talk.write()
    talk.relate()
    talk.name()
    talk.do_many()
    talk.bring_in(work)
    talk.export(work)
    talk.store_files(work)
    talk.count()
    talk.list_for_readers()
    talk.delete()
    talk.everything_was_asked()
    return talk.answers


class Talk:
    """The parts of the conversation, in their order."""

    def __init__(self, api: httpx.Client) -> None:
        self.answers: list[Told] = []
        self._api = api
        self._asked: set[tuple[str, str]] = set()
        self._ids: dict[str, str] = {}

    def ask(self, method: str, path: str, body: Any = None) -> Any:
        """Send a request, record the response, and return its JSON, if any."""
        content = {"content": body} if isinstance(body, bytes) else {"json": body}
        response = self._api.request(method, path, **content)
        self._asked.add((method.lower(), path.partition("?")[0]))
        self.answers.append({"request": neutral(f"{method} {path}"), **told(response)})
        one = response.headers.get("Content-Type") in ("application/json", "application/problem+json")
        return response.json() if one else {}

    def read(self) -> None:
        """Read what was imported."""
        for kind, name in (("authors", "name"), ("books", "title"), ("tags", "name")):
            rows = self.ask("GET", f"/{kind}?orderBy={name}&sortOrder=asc").get("items", [])
            self._ids |= {row[name]: row["id"] for row in rows}
        jansson, book = self._id("Tove Jansson"), self._id("The Summer Book")
        for path in (
            f"/authors/{jansson}",
            f"/books/{book}",
            f"/tags/{self._id('zone')}",
            f"/authors/{jansson}/books?orderBy=title&sortOrder=asc",
            f"/tags/{self._id('zone')}/books",
            "/books?searchString=summer&include=tags,contributors&orderBy=title&sortOrder=asc",
            "/books?languageIn=sv&languageIn=en&yearIn=1972",
            *(f"/books?orderBy={name}&searchString=summer" for name in ("title", "isbn", "slug", "updated_at")),
            *(f"/authors?orderBy={name}&searchString=jansson" for name in ("name", "dob", "slug", "created_at")),
            "/health/ready",
        ):
            self.ask("GET", path)

    def write(self) -> None:
        """Write one row of each kind, valid and invalid."""
        author = self._made("/authors", {"name": "Ursula K. Le Guin", "dob": "1929-10-21"})
        self.ask("GET", "/authors/slug/ursula-k-le-guin")
        self.ask("PATCH", f"/authors/{author}", {"dob": None})
        self.ask("PUT", f"/authors/{author}", {"name": "U. K. Le Guin", "dob": "1929-10-21"})
        body = {"title": "The Dispossessed", "author_id": author, "isbn": "9780060512750", "year": 1974}
        book = self._made("/books", body)
        self.ask("POST", "/books", body)
        self.ask("POST", "/books", {"title": "Only a title", "author_id": author})
        self.ask("POST", "/books", {"title": "", "author_id": author, "year": "1974"})
        self.ask("GET", "/books/slug/the-dispossessed")
        self.ask("PATCH", f"/books/{book}", {"description": "An ambiguous utopia", "language": "en"})
        self.ask("PUT", f"/books/{book}", {**body, "year": 1975})
        tag = self._made("/tags", {"name": "utopia", "description": "No place"})
        self.ask("POST", "/tags", {"name": "utopia"})
        self.ask("PATCH", f"/tags/{tag}", {"description": None})
        self.ask("PUT", f"/tags/{tag}", {"name": "utopias"})
        self._ids |= {"author": author, "book": book, "tag": tag}

    def relate(self) -> None:
        """Set a book's tags and contributors."""
        book, author = self._id("book"), self._id("author")
        people = [{"author_id": author, "role": "author"}]
        people += [{"author_id": self._id("Tove Jansson"), "role": role} for role in ("illustrator", "translator")]
        self.ask("PUT", f"/books/{book}/tags", {"items": ["utopias", "anarres"]})
        self.ask("GET", f"/books/{book}/tags")
        self.ask("PUT", f"/books/{book}/contributors", {"items": people})
        self.ask("GET", f"/books/{book}/contributors")
        self.ask("GET", f"/tags/{self._id('tag')}/books")
        self.ask("DELETE", f"/authors/{author}")

    def name(self) -> None:
        """Write publishers and series, name books by them, and give rows other names."""
        book = self._id("book")
        for kind, name, other in (("publishers", "Sort of Books", "Sort of"), ("series", "Hainish Cycle", "Hainish")):
            row, second = self._made(f"/{kind}", {"name": name}), self._made(f"/{kind}", {"name": other})
            self._ids |= {kind: row, f"other {kind}": second}
            self.ask("GET", f"/{kind}?orderBy=name&sortOrder=asc")
            self.ask("GET", f"/{kind}/{row}")
            self.ask("GET", f"/{kind}/slug/hainish-cycle")
            self.ask("PATCH", f"/{kind}/{row}", {"name": f"{name}!"})
            self.ask("PUT", f"/{kind}/{row}", {"name": name})
        self.ask("PATCH", f"/books/{book}", {"publisher_id": self._id("other publishers")})
        self.ask("PUT", f"/books/{book}/series", {"items": [{"series_id": self._id("series"), "position": "5"}]})
        self.ask("GET", f"/books/{book}/series")
        self.ask("PUT", f"/books/{book}/identifiers", {"items": [{"scheme": "oclc", "value": "7"}]})
        self.ask("GET", f"/books/{book}/identifiers")
        self.ask("PUT", f"/authors/{self._id('author')}/names", {"items": ["Ursula Kroeber"]})
        twins = {"authors": "Le Guin", "tags": "nowhere"}
        for kind, row in (("authors", "author"), ("tags", "tag"), ("publishers", "publishers")):
            other = self._made(f"/{kind}", {"name": twins[kind]}) if kind in twins else self._id("other publishers")
            self.ask("POST", f"/{kind}/{self._id(row)}/merge", {"ids": [other]})
            self.ask("PUT", f"/{kind}/{self._id(row)}/names", {"items": ["another name", "one more"]})
            self.ask("GET", f"/{kind}/{self._id(row)}/names")
        self.ask("GET", f"/publishers/{self._id('publishers')}/books")
        self.ask("GET", f"/series/{self._id('series')}/books")
        for suffix in ("bib", "csv", "jsonl", "marcxml", "mrc", "ris"):
            self.ask("GET", f"/books.{suffix}?isbnIn=9780060512750")
        self.ask("DELETE", f"/publishers/{self._id('publishers')}")
        self.ask("DELETE", f"/series/{self._id('other series')}")

    def do_many(self) -> None:
        """Send batches."""
        for kind, body in (
            ("authors", {"name": "Batched"}),
            ("books", {"title": "Batched", "author_id": self._id("author")}),
            ("tags", {"name": "batched"}),
            ("publishers", {"name": "Batched"}),
            ("series", {"name": "Batched"}),
        ):
            made = self.ask("POST", f"/{kind}/batch", {"items": [body]}).get("items", [{"id": "none"}])[0]["id"]
            self.ask("PATCH", f"/{kind}/batch", {"items": [{"id": made, **body}]})
            self.ask("PUT", f"/{kind}/batch", {"items": [{"id": made, **body}]})
            self.ask("DELETE", f"/{kind}/batch", {"ids": [made]})

    def bring_in(self, work: Callable[[], None]) -> None:
        """Import a file by jobs."""
        row = self._made("/imports?name=books.csv", b"title,author\nBrought in,Brought Author\n,\n")
        work()
        self.ask("GET", "/imports")
        self.ask("GET", f"/imports/{row}")
        for which in ("preview", "start"):
            job = self._made(f"/imports/{row}/{which}", {})
            work()
            self.ask("GET", f"/jobs/{job}")
        self.ask("GET", f"/imports/{row}/rejects.csv")
        self.ask("GET", "/books?searchString=brought")
        self.ask("POST", f"/imports/{row}/undo", {})
        self.ask("DELETE", f"/imports/{row}")
        self._made("/imports", b"title\nNever\n")
        waiting = self.ask("GET", "/jobs?stateIn=queued")["items"]
        self.ask("POST", f"/jobs/{waiting[0]['id'] if waiting else 'none'}/cancel")
        self.ask("GET", "/jobs")

    def export(self, work: Callable[[], None]) -> None:
        """Export books by a job."""
        job = self._made("/exports?format=csv&isbnIn=9780060512750", {})
        self.ask("GET", f"/exports/{job}/file")
        work()
        self.ask("GET", f"/exports/{job}/file")

    def store_files(self, work: Callable[[], None]) -> None:
        """Send, read, replace and delete a cover."""
        files = f"/books/{self._id('book')}/files"
        file = self._made(f"{files}?kind=cover&name=cover.png", PICTURE)
        work()
        for path in ("", f"/{file}", f"/{file}/details", f"/{file}/copies/small.jpg"):
            self.ask("GET", f"{files}{path}")
        self.ask("PUT", f"{files}/{file}?kind=cover", PICTURE)
        self.ask("POST", f"{files}?kind=cover", b"neither an image nor a book")
        self.ask("DELETE", f"{files}/{file}")

    def count(self) -> None:
        """Count the values of a selection: those of the whole catalogue are as old as a worker has them."""
        self.ask("GET", "/books/facets?yearIn=1974&yearIn=1975")

    def list_for_readers(self) -> None:
        """Read the feeds of what can be acquired."""
        for path in ("", "/books", "/authors", "/search.xml"):
            self.ask("GET", f"/opds{path}")
        for path in ("", "/books", f"/books/{self._id('book')}", "/authors", "/search?query=zone"):
            self.ask("GET", f"/opds/v2{path}")

    def delete(self) -> None:
        """Delete rows, and what depends on them."""
        for path in (f"/books/{self._id('Sommarboken')}", f"/tags/{self._id('tag')}"):
            self.ask("DELETE", path)
            self.ask("GET", path)
        self.ask("DELETE", f"/authors/{self._made('/authors', {'name': 'Nobody'})}")
        self.ask("GET", "/tags?orderBy=name&sortOrder=asc")
        self.ask("GET", "/books?include=tags,contributors&orderBy=title&sortOrder=asc")

    def everything_was_asked(self) -> None:
        """Compare the operations used with the OpenAPI document."""
        for path, methods in self.ask("GET", "/openapi.json")["paths"].items():
            if path.split("/")[1] not in NOT_ASKED and not path.endswith("/changes"):
                asked = {method for method, one in self._asked if re.fullmatch(re.sub(r"{\w+}", "[^/]+", path), one)}
                assert asked >= methods.keys() - {"parameters"}, path

    def _made(self, path: str, body: dict[str, Any] | bytes) -> str:
        return self.ask("POST", path, body).get("id", "none")

    def _id(self, name: str) -> str:
        """Return a row's id; without one, later responses differ, which the comparison then shows."""
        return self._ids.get(name, "none")
