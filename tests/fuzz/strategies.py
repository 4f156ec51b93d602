"""Hypothesis strategies: valid, nearly valid and hostile requests about rows that earlier ones created."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from hypothesis import strategies as st

from tests.fuzz import odd
from tests.fuzz.steps import Members, Place, Row, Step
from tests.fuzz.stock import AUTHORS, BOOKS, ISBNS, TAGS

RESOURCES = ("authors", "books", "tags")
IDS = {"authors": AUTHORS, "books": BOOKS, "tags": TAGS}
ROLES = ("author", "editor", "translator", "illustrator", "narrator", "foreword", "compiler", "other")
METHODS = ("GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE", "TRACE", "PROPFIND", "X-Y")

# Values


def _mostly(good: st.SearchStrategy[Any], bad: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """Draw bad values rarely: a body whose every member is wrong tests only validation."""
    return st.integers(0, 15).flatmap(lambda number: bad if number == 15 else good)


fine_texts = (
    st.sampled_from(odd.PLAIN)
    | st.sampled_from(odd.TEXTS)
    | st.text(st.characters(categories=["L", "M", "N", "P", "S"]), min_size=1, max_size=6)
    | st.sampled_from([*"é\ufdfa\u0344", "x" * 100, "x" * 200])
)
odd_texts = (
    st.sampled_from(odd.HOSTILE_TEXTS)
    | st.text(max_size=8)
    | st.sampled_from(odd.of_length(100, 101, 200, 201, 255, 256, 999, 1000, 1001, 10_000, 10_001))
)
texts = _mostly(fine_texts, odd_texts)
dates = _mostly(st.sampled_from(odd.DATES), st.sampled_from(odd.ODD_DATES))
instants = _mostly(st.sampled_from(odd.INSTANTS), st.sampled_from(odd.ODD_INSTANTS))
isbns = _mostly(st.sampled_from([*ISBNS, *odd.WRITTEN_ISBNS]), st.sampled_from(odd.ODD_ISBNS))
languages = _mostly(st.sampled_from(odd.LANGUAGES), st.sampled_from(odd.ODD_LANGUAGES))
years = _mostly(st.sampled_from(odd.YEARS), st.sampled_from(odd.ODD_YEARS))
written_years = _mostly(st.sampled_from(odd.YEARS).map(str), st.sampled_from(odd.WRITTEN_YEARS))

scalars: st.SearchStrategy[Any] = (
    st.none() | st.booleans() | years | texts | st.floats(allow_nan=False, allow_infinity=False) | st.integers()
)
anything = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=5,
)

# Rows

strange_names = texts | st.sampled_from(["id", "slug", "created_at", "updated_at", "author", "a/b", "~"])


def ids(resource: str) -> st.SearchStrategy[Any]:
    """Draw ids of rows: those of the stock, and created ones."""
    return st.builds(Row, st.just(resource), st.integers(0, 7))


def odd_ids(resource: str) -> st.SearchStrategy[Any]:
    """Draw ids of other resources, ids in other spellings, and invalid ones."""
    plain = IDS[resource][0]
    spellings = [plain.upper(), plain.replace("-", ""), f"{{{plain}}}", f"urn:uuid:{plain}", f" {plain}", plain[:-1]]
    others = [other for key in RESOURCES for other in (IDS[key][0], IDS[key][-1])]
    return st.sampled_from([*others, *spellings, *odd.IDS])


def places(resource: str) -> st.SearchStrategy[Any]:
    """Draw ids at which PUT creates or replaces a row."""
    return st.sampled_from(IDS[resource])


def _member(good: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return _mostly(good, anything)


FIELDS: dict[str, dict[str, st.SearchStrategy[Any]]] = {
    "authors": {"name": _member(texts), "dob": _member(st.none() | dates)},
    "books": {
        "title": _member(texts),
        "author_id": _member(_mostly(ids("authors"), odd_ids("authors"))),
        "isbn": _member(st.none() | isbns),
        "year": _member(st.none() | years),
        "language": _member(st.none() | languages),
        "description": _member(st.none() | texts),
    },
    "tags": {"name": _member(texts), "description": _member(st.none() | texts)},
}
KEYED = FIELDS | {"books": FIELDS["books"] | {"isbn": _member(isbns)}}
REQUIRED = {"authors": ["name"], "books": ["title", "author_id"], "tags": ["name"]}
KEYS = {"authors": ["name", "dob"], "books": ["isbn", "title", "author_id"], "tags": ["name"]}


@st.composite
def objects(draw: st.DrawFn, fields: dict[str, st.SearchStrategy[Any]], required: list[str]) -> Any:
    """Draw an object with most of its required members, some of the others, and rarely an unknown one."""
    names = [name for name in required if draw(st.integers(0, 19)) < 19]
    names += draw(st.lists(st.sampled_from(sorted(fields)), max_size=3, unique=True))
    found = {name: draw(fields[name]) for name in dict.fromkeys(names)}
    trouble = draw(st.integers(0, 19))
    if trouble == 19:
        found[draw(strange_names)] = draw(anything)
    if trouble == 18 and found:
        return Members((*found.items(), next(iter(found.items()))))
    return found


def rows_of(resource: str, required: list[str]) -> st.SearchStrategy[Any]:
    return objects(FIELDS[resource], required)


def patches_of(resource: str) -> st.SearchStrategy[Any]:
    return objects({"id": _mostly(ids(resource), odd_ids(resource)), **FIELDS[resource]}, ["id"])


def items(of: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """Draw the body of a batch."""
    lists = st.lists(of, min_size=1, max_size=4)
    same = st.builds(lambda one, times: [one] * times, of, st.sampled_from([2, 101, 1001]))
    found = _mostly(lists, st.just([]) | anything | same)
    return _mostly(found.map(lambda several: {"items": several}), anything)


# Query strings

includes = st.sampled_from(["tags", "contributors", "tags,contributors", "author", "", "tags,", "Tags"])

ORDERS = {
    "authors": ["id", "created_at", "updated_at", "name", "dob", "slug"],
    "books": ["id", "created_at", "updated_at", "title", "year", "isbn", "language", "slug"],
    "tags": ["id", "created_at", "updated_at", "name"],
}


def _times() -> st.SearchStrategy[Any]:
    return instants | st.builds(
        Row, st.sampled_from(RESOURCES), st.integers(0, 7), st.sampled_from(["created_at", "updated_at"])
    )


def _numbers() -> st.SearchStrategy[Any]:
    return _mostly(st.sampled_from(["1", "2", "3"]), st.sampled_from(odd.NUMBERS))


def _filters(resource: str) -> dict[str, st.SearchStrategy[Any]]:
    common = {
        "ids": ids(resource) | odd_ids(resource),
        "createdBefore": _times(),
        "createdAfter": _times(),
        "updatedBefore": _times(),
        "updatedAfter": _times(),
        "currentPage": _numbers(),
        "cursor": _mostly(st.builds(Place, st.integers(0, 3)), texts),
        "total": _mostly(st.sampled_from(["true", "false"]), st.sampled_from(["0", ""])),
        "pageSize": _numbers(),
        "searchString": texts | st.sampled_from(["e", "left", "o"]),
        "q": texts | st.sampled_from(["e", "left*", "o'", "*", "a b"]),
        "searchIgnoreCase": _mostly(st.sampled_from(["true", "false"]), st.sampled_from(["True", "1", "", "no"])),
        "orderBy": _mostly(st.sampled_from(ORDERS[resource]), st.sampled_from(["nobody", "", "Name", "author_id"])),
        "sortOrder": _mostly(st.sampled_from(["asc", "desc"]), st.sampled_from(["ASC", "", "up"])),
    }
    own: dict[str, st.SearchStrategy[Any]] = {}
    if resource == "books":
        own = {"authorId": ids("authors"), "contributors": ids("authors"), "language": languages, "isbn": isbns}
        own |= {"tags": texts, "year": written_years}
        common["include"] = includes
    if resource == "tags":
        own = {"name": texts}
    return common | {f"{name}{ending}": kind for name, kind in own.items() for ending in ("In", "NotIn")}


FILTERS = {resource: _filters(resource) for resource in RESOURCES}


def queries(resource: str) -> st.SearchStrategy[Any]:
    """Draw valid and invalid query parameters of a list."""
    pairs = st.sampled_from(sorted(FILTERS[resource])).flatmap(
        lambda name: st.tuples(st.just(name), FILTERS[resource][name])
    )
    some = st.lists(pairs, max_size=4, unique_by=lambda pair: pair[0]).map(tuple)
    strange = st.lists(pairs | st.tuples(texts, texts), max_size=5).map(tuple) | st.sampled_from(odd.QUERIES)
    return _mostly(some, strange)


# Requests


def _path(resource: str, *rest: str) -> st.SearchStrategy[tuple[Any, ...]]:
    return _mostly(ids(resource), odd_ids(resource)).map(lambda item: (resource, item, *rest))


def _place(resource: str) -> st.SearchStrategy[tuple[Any, ...]]:
    return _mostly(places(resource), odd_ids(resource)).map(lambda item: (resource, item))


def lists_of_books() -> st.SearchStrategy[Step]:
    return st.sampled_from(["authors", "tags"]).flatmap(
        lambda owner: st.builds(Step, st.sampled_from(["GET", "HEAD"]), _path(owner, "books"), queries("books"))
    )


def slugs(resource: str) -> st.SearchStrategy[Step]:
    of_rows = st.builds(Row, st.just(resource), st.integers(0, 7), st.just("slug"))
    return st.builds(Step, st.just("GET"), (of_rows | texts).map(lambda slug: (resource, "slug", slug)))


keys = st.sampled_from(["a", '"a"', "b", "c"]).map(lambda key: (("Idempotency-Key", key),))


def _for(resource: str) -> list[st.SearchStrategy[Step]]:
    """Return every operation of a resource; writes are listed several times, so that there is something to read."""
    required, body = REQUIRED[resource], rows_of(resource, REQUIRED[resource])
    listed, batch, item = st.just((resource,)), st.just((resource, "batch")), _path(resource)
    reading = st.sampled_from(["GET", "HEAD"])
    create = st.builds(Step, st.just("POST"), listed, body=body)
    keyed = st.builds(Step, st.just("POST"), listed, body=body, headers=keys)
    keyed_batch = st.builds(Step, st.just("POST"), batch, body=items(body), headers=keys)
    put = st.builds(Step, st.just("PUT"), _place(resource), body=body)
    change = st.builds(Step, st.just("PATCH"), item, body=rows_of(resource, []))
    remove = st.builds(Step, st.just("DELETE"), item)
    several_ids = st.lists(_mostly(ids(resource), odd_ids(resource)), min_size=1, max_size=3)
    return [
        *(create, create, keyed, keyed_batch, put, put, change, change, remove),
        st.builds(Step, reading, item),
        *[st.builds(Step, reading, listed, queries(resource))] * 4,
        st.builds(Step, st.just("POST"), batch, body=items(rows_of(resource, required))),
        st.builds(Step, st.just("PATCH"), batch, body=items(patches_of(resource))),
        *[st.builds(Step, st.just("PUT"), batch, body=items(objects(KEYED[resource], KEYS[resource])))] * 2,
        st.builds(Step, st.just("DELETE"), batch, body=several_ids.map(lambda found: {"ids": found})),
        st.builds(Step, st.just("DELETE"), batch, several_ids.map(lambda found: tuple(("ids", one) for one in found))),
    ]


contributors = objects(
    {"author_id": ids("authors"), "role": _member(st.sampled_from(("author", *ROLES)))}, ["author_id", "role"]
)
belonging = [
    *[st.builds(Step, st.just("PUT"), _path("books", "contributors"), body=items(contributors))] * 2,
    *[st.builds(Step, st.just("PUT"), _path("books", "tags"), body=items(_member(texts)))] * 2,
    st.builds(Step, st.just("GET"), _path("books"), includes.map(lambda include: (("include", include),))),
    *[st.builds(Step, st.just("GET"), _path("books", name)) for name in ("tags", "contributors")],
    lists_of_books(),
    *(slugs("authors"), slugs("books")),
]
ordinary = st.one_of(*(kind for resource in RESOURCES for kind in _for(resource)), *belonging)


@st.composite
def spoilt(draw: st.DrawFn) -> Step:
    """Draw an ordinary request with one part made invalid."""
    step = draw(ordinary)
    match draw(st.integers(0, 4)):
        case 0:
            return replace(step, method=draw(st.sampled_from(METHODS)))
        case 1:
            return replace(step, path=draw(st.sampled_from(odd.PATHS)))
        case 2:
            return replace(step, query=draw(st.sampled_from(odd.QUERIES)))
        case 3:
            return replace(step, body=draw(st.sampled_from(odd.BODIES) | st.binary(max_size=20)))
    return replace(
        step, body={} if step.body is None else step.body, content_type=draw(st.sampled_from(odd.MEDIA_TYPES))
    )


tags_of_rows = st.builds(Row, st.sampled_from(RESOURCES), st.integers(0, 7), st.just("etag"))
headers = st.sampled_from(odd.HEADERS) | st.tuples(st.sampled_from(["If-None-Match", "If-Match"]), tags_of_rows)


@st.composite
def with_headers(draw: st.DrawFn) -> Step:
    """Draw an ordinary request with additional headers."""
    return replace(draw(ordinary), headers=tuple(draw(st.lists(headers, max_size=3, unique_by=lambda pair: pair[0]))))


steps = _mostly(_mostly(ordinary, with_headers()), spoilt())
_few = st.lists(steps, min_size=1, max_size=12)


def _with_repetitions(sequence: list[Step]) -> list[Step]:
    """Append a repetition of all requests that had a key."""
    return sequence + [step for step in sequence if step.key is not None]


sequences = st.builds(list.__add__, _few, st.just([]) | _few).map(_with_repetitions)
