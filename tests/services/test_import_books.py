"""Loading the records of files, and putting exported lines back."""

from __future__ import annotations

import json
import uuid
from datetime import timedelta
from typing import Any

import pytest
from msgspec import structs

from diptych.core.catalogue.authors.schemas import AuthorList
from diptych.core.catalogue.books.schemas import BookList
from diptych.core.catalogue.tags.schemas import TagList
from diptych.core.formats.record import BookRecord, Contributor, Reject, SeriesPosition, TagName
from diptych.core.http.json import encode
from diptych.core.import_export import import_job
from diptych.core.import_export.column_mapping import infer_columns
from diptych.core.import_export.defaults import Defaults
from diptych.core.import_export.export_rows import read_exported
from diptych.core.import_export.import_job import import_rows
from diptych.core.import_export.sources import table_entries
from tests.services.twins import Twin, author, book
from tests.support.databases import BACKENDS, Databases

# Imports and exports are synchronous only.
pytestmark = pytest.mark.parametrize("twin", ["sync"], indirect=True)

ISBNS = ["9780439554930", "9780306406157", "9783161484100"]


def record(title: str = "Iliad", *names: str, line: int = 1, **values: Any) -> BookRecord:
    people = tuple(Contributor(*reversed(name.split(":"))) if ":" in name else Contributor(name, "author") for name in names)  # fmt: skip # noqa: E501
    given = values | {"tags": tuple(map(TagName, values.get("tags", ())))}
    return BookRecord(line=line, title=title, contributors=people or (Contributor("Homer", "author"),), **given)


def counts(outcome: Any) -> tuple[int, int, int, int]:
    return outcome.created, outcome.updated, outcome.unchanged, len(outcome.rejects)


async def only_book(twin: Twin) -> Any:
    page = await twin.books.page_including(BookList.model_validate({"include": ["tags,contributors"]}))
    (found,) = page.items
    return found


def people(found: Any) -> list[tuple[str, str]]:
    return [(item.author.name, item.role) for item in found.contributors]


# --- records ---


async def test_a_record_becomes_a_book_with_everything_it_says(twin: Twin):
    given = record("Iliad", "Homer", "translator:Fagles", "Anon", isbn=ISBNS[0], year=-750, language="grc",
                   description="War.", tags=("war", "epic"))  # fmt: skip
    assert counts(await twin.load([given])) == (1, 0, 0, 0)
    found = await only_book(twin)
    assert (found.title, found.isbn, found.year, found.language, found.description) == (
        "Iliad", ISBNS[0], -750, "grc", "War.",
    )  # fmt: skip
    assert people(found) == [("Homer", "author"), ("Fagles", "translator"), ("Anon", "author")]
    assert [tag.name for tag in found.tags] == ["epic", "war"]


@pytest.mark.parametrize("isbn", [None, ISBNS[0]])
async def test_loading_twice_is_loading_once(twin: Twin, isbn: str | None):
    given = [
        record("Iliad", "Homer", "editor:Anon", isbn=isbn, year=-750, tags=("war",), line=1),
        record("Odyssey", "Homer", line=2),
        record("Iliad", "Homer", year=2000, line=3),
    ]
    assert counts(await twin.load(given)) == (3, 0, 0, 0)
    before = await twin.exported()
    assert counts(await twin.load(given)) == (0, 0, 3, 0)
    assert await twin.exported() == before


async def test_two_names_of_one_author_in_a_file_make_a_book_once(twin: Twin):
    kept, gone = await author(twin, "Mark Twain"), await author(twin, "Samuel Clemens")
    await twin.authors.merge(kept, [gone])
    given = [
        record("Roughing It", "Mark Twain", year=1872, line=1),
        record("Roughing It", "Samuel Clemens", year=1872, line=2),
        record("Roughing It", "Samuel Clemens", year=1872, description="Nevada", line=3),
        record("Roughing It", "Samuel Clemens", year=1880, line=4),
    ]
    for created, unchanged in ((2, 1), (0, 3)):
        outcome = await twin.load(given)
        assert counts(outcome) == (created, 0, unchanged, 1)
        (reject,) = outcome.rejects
        assert (reject.line, reject.reason) == (
            3, "line 1 says otherwise of the same book, by another name of its author",
        )  # fmt: skip


async def test_a_record_changes_what_it_says_and_leaves_what_it_does_not(twin: Twin):
    await twin.load([record("Iliad", isbn=ISBNS[0], year=1, language="grc", description="x", tags=("war",))])
    before = await only_book(twin)
    assert counts(await twin.load([record("The Iliad", isbn=ISBNS[0], year=2)])) == (0, 1, 0, 0)
    after = await only_book(twin)
    assert (after.title, after.year, after.language, after.description) == ("The Iliad", 2, "grc", "x")
    assert [tag.name for tag in after.tags] == ["war"]
    assert (after.id, after.slug) == (before.id, before.slug)
    assert after.updated_at > before.updated_at


async def test_a_record_that_names_only_authors_keeps_the_translators(twin: Twin):
    await twin.load([record("Iliad", "Homer", "translator:Fagles", "editor:Knox", isbn=ISBNS[0])])
    assert counts(await twin.load([record("Iliad", "Homer", isbn=ISBNS[0])])) == (0, 0, 1, 0)
    assert people(await only_book(twin)) == [("Homer", "author"), ("Fagles", "translator"), ("Knox", "editor")]
    assert counts(await twin.load([record("Iliad", "Virgil", "editor:New", isbn=ISBNS[0])])) == (0, 1, 0, 0)
    assert people(await only_book(twin)) == [("Virgil", "author"), ("New", "editor"), ("Fagles", "translator")]


async def test_two_authors_can_change_places(twin: Twin):
    await twin.load([record("Iliad", "A", "B", isbn=ISBNS[0])])
    assert counts(await twin.load([record("Iliad", "B", "A", isbn=ISBNS[0])])) == (0, 1, 0, 0)
    assert people(await only_book(twin)) == [("B", "author"), ("A", "author")]
    assert counts(await twin.load([record("Iliad", "B", "A", isbn=ISBNS[0])])) == (0, 0, 1, 0)


async def test_a_translator_who_stands_before_the_author_stays_there(twin: Twin):
    given = [record("Iliad", "translator:Fagles", "Homer", isbn=ISBNS[0])]
    await twin.load(given)
    assert people(await only_book(twin)) == [("Fagles", "translator"), ("Homer", "author")]
    assert counts(await twin.load(given)) == (0, 0, 1, 0)
    assert counts(await twin.load([record("Iliad", "Homer", isbn=ISBNS[0])])) == (0, 0, 1, 0)


async def test_tags_of_a_record_are_added_to_those_before(twin: Twin):
    await twin.load([record("Iliad", isbn=ISBNS[0], tags=("war", "epic"))])
    assert counts(await twin.load([record("Iliad", isbn=ISBNS[0], tags=("epic", "poem"))])) == (0, 1, 0, 0)
    assert [tag.name for tag in (await only_book(twin)).tags] == ["epic", "poem", "war"]
    assert counts(await twin.load([record("Iliad", isbn=ISBNS[0], tags=("epic",))])) == (0, 0, 1, 0)


async def test_on_conflict_a_book_keeps_what_it_has_is_filled_or_gets_what_the_file_has(twin: Twin):
    await twin.load([record("Iliad", "Homer", isbn=ISBNS[0], year=1, tags=("war",))])
    given = [record("The Iliad", "Virgil", "editor:E", isbn=ISBNS[0], year=2, language="grc", tags=("epic",))]
    assert counts(await twin.load(given, on_conflict="keep")) == (0, 0, 1, 0)
    assert counts(await twin.load(given, on_conflict="fill")) == (0, 1, 0, 0)
    found = await only_book(twin)
    assert (found.title, found.year, found.language) == ("Iliad", 1, "grc")
    assert people(found) == [("Homer", "author")]
    assert [tag.name for tag in found.tags] == ["epic", "war"]
    assert counts(await twin.load(given, on_conflict="fill")) == (0, 0, 1, 0)
    assert counts(await twin.load(given, on_conflict="replace")) == (0, 1, 0, 0)
    found = await only_book(twin)
    assert (found.title, found.year, people(found)) == ("The Iliad", 2, [("Virgil", "author"), ("E", "editor")])


async def test_filling_keeps_the_year_the_contributors_and_the_positions_that_a_book_has(twin: Twin):
    def series(position: str | None) -> dict[str, Any]:
        return {"series": (SeriesPosition("Works", position),)}

    await twin.load([record("Iliad", "editor:E", isbn=ISBNS[0], year=1900, **series("2"))])
    given = [record("Iliad", "Homer", isbn=ISBNS[0], published="1950-01-01", year=1950, **series("3"))]

    assert counts(await twin.load(given, on_conflict="fill")) == (0, 0, 1, 0)
    found = await only_book(twin)
    assert (found.year, found.published, people(found)) == (1900, None, [("E", "editor")])
    assert counts(await twin.load([record("Iliad", "editor:E", isbn=ISBNS[0], **series(None))])) == (0, 0, 1, 0)
    lines = await twin.exported()
    assert [each["position"] for line in lines for each in line.get("series", ())] == ["2"]


async def test_lives_that_exclude_each_other_are_two_authors(twin: Twin):
    lives = [
        Contributor("Jane Doe", "author", death_year=1850),
        Contributor("Jane Doe", "author", birth_year=1900),
    ]
    given = [record(f"T{place}", line=place) for place in range(2)]
    given = [structs.replace(each, contributors=(life,)) for each, life in zip(given, lives, strict=True)]

    assert counts(await twin.load(given)) == (2, 0, 0, 0)
    assert counts(await twin.load(given)) == (0, 0, 2, 0)
    assert (await twin.authors.page(AuthorList())).total == 2


async def test_an_author_is_made_once_however_many_books_name_them(twin: Twin):
    known = await author(twin, "Homer")
    await twin.load([record(f"T{number}", "Homer", "New", line=number) for number in range(5)])
    page = await twin.authors.page(AuthorList.model_validate({"orderBy": "name", "sortOrder": "asc"}))
    assert [(item.name, item.id == known) for item in page.items] == [("Homer", True), ("New", False)]


async def test_a_book_without_an_isbn_is_known_by_title_first_author_and_year(twin: Twin):
    given = [
        record("Iliad", "Homer", year=1, line=1),
        record("Iliad", "Homer", year=2, line=2),
        record("Iliad", "Homer", line=3),
        record("Iliad", "Virgil", line=4),
        record("ILIAD", "Homer", line=5),
        record("Iliad", "Homer", isbn=ISBNS[0], line=6),
    ]
    assert counts(await twin.load(given)) == (6, 0, 0, 0)
    assert counts(await twin.load(given)) == (0, 0, 6, 0)


async def test_a_name_that_several_authors_have_is_rejected_and_the_rest_is_loaded(twin: Twin):
    await author(twin, "Jane Doe")
    await author(twin, "Jane Doe")
    outcome = await twin.load([record("A", "Jane Doe", line=7), record("B", "Homer", line=8)])
    assert counts(outcome) == (1, 0, 0, 1)
    (reject,) = outcome.rejects
    assert (reject.line, reject.reason) == (7, "there are 2 authors called Jane Doe")
    assert (await only_book(twin)).title == "B"


async def test_a_name_of_two_lives_in_one_file_is_told_the_first_time_as_the_second(twin: Twin):
    lives = [Contributor("Jane Doe", "author", birth_year=year) for year in (1900, 1950)]
    people = [*lives, Contributor("Jane Doe", "author")]
    given = [
        structs.replace(record(f"T{place}", line=place), contributors=(life,)) for place, life in enumerate(people)
    ]

    for expected in ((2, 0, 0, 1), (0, 0, 2, 1)):
        outcome = await twin.load(given)
        assert counts(outcome) == expected
        assert [(reject.line, reject.reason) for reject in outcome.rejects] == [
            (2, "there are 2 authors called Jane Doe")
        ]


async def test_a_rejected_record_leaves_no_author_behind(twin: Twin):
    await author(twin, "Jane Doe")
    await author(twin, "Jane Doe")
    assert counts(await twin.load([record("A", "Jane Doe", "Nobody Else")])) == (0, 0, 0, 1)
    assert (await twin.authors.page(AuthorList())).total == 2


async def test_a_record_that_may_be_several_books_is_rejected_with_their_ids(twin: Twin):
    who = await author(twin)
    both = [await book(twin, "Iliad", who), await book(twin, "Iliad", who)]
    outcome = await twin.load([record("Iliad", "Homer", line=3)])
    assert counts(outcome) == (0, 0, 0, 1)
    assert all(str(each) in outcome.rejects[0].reason for each in both)


async def test_a_hundred_records_take_as_many_statements_as_one(twin: Twin):
    def some(number: int) -> list[BookRecord]:
        return [
            record(
                f"T{number}-{place}", f"A{place}", "editor:E", line=place, tags=("war",), isbn=f"{number:03}{place:010}"
            )
            for place in range(number)
        ]

    await twin.load(some(2))
    with twin.counted() as few:
        await twin.load(some(3))
    with twin.counted() as many:
        await twin.load(some(100))
    assert len(few.statements) == len(many.statements)
    assert (few.commits, many.commits) == (1, 1)


# --- through import_rows, which makes the batches ---


def rows(*given: dict[str, Any] | Reject) -> list[tuple[int, Any]]:
    return list(enumerate(given, start=1))


def imported(twin: Twin, *given: dict[str, Any] | Reject, **options: Any) -> Any:
    sync = Twin("sync", twin.url)
    try:
        entries = table_entries(rows(*given), infer_columns(None), Defaults({}))
        return import_rows(sync.database, entries, **options)
    finally:
        sync.database.close()


async def test_a_book_that_a_file_has_twice_is_created_once_and_rejected_where_the_rows_disagree(twin: Twin):
    summary = imported(
        twin,
        {"title": "Iliad", "author": "Homer", "isbn": ISBNS[0]},
        {"title": "Odyssey", "author": "Homer"},
        {"title": "The Iliad", "author": "Homer", "isbn": ISBNS[0]},
        {"title": "Odyssey", "author": "Homer"},
    )
    assert (summary.created, summary.updated, summary.unchanged, summary.rejected) == (2, 0, 1, 1)


@pytest.mark.parametrize(("batch", "strict"), [(1, False), (2, True)])
async def test_two_names_of_one_author_make_a_book_once_however_far_apart_in_a_file(
    twin: Twin, monkeypatch: pytest.MonkeyPatch, batch: int, *, strict: bool
):
    monkeypatch.setattr(import_job, "BATCH", batch)
    kept, gone = await author(twin, "Mark Twain"), await author(twin, "Samuel Clemens")
    await twin.authors.merge(kept, [gone])
    book = {"title": "The Gilded Age", "year": 1873}
    given = [
        {**book, "authors": ["Mark Twain", "C. D. Warner"]},
        {"title": "Roughing It", "author": "Samuel Clemens"},
        {**book, "authors": ["Samuel Clemens", "C. D. Warner"]},
        {"title": "Roughing It", "author": "Mark Twain"},
        {"title": "Following the Equator", "author": "Mark Twain"},
        {"title": "Following the Equator", "author": "Samuel Clemens", "description": "A journey."},
    ]
    for created, unchanged in ((3, 2), (0, 5)):
        rejects = Written()
        summary = imported(twin, *given, rejects=rejects, strict=strict)
        assert (summary.created, summary.updated, summary.unchanged, summary.rejected) == (created, 0, unchanged, 1)
        assert [(each["line"], each["reason"]) for each in rejects.lines] == [
            (6, "line 5 says otherwise of the same book, by another name of its author")
        ]


class Written:
    def __init__(self) -> None:
        self.lines: list[dict[str, Any]] = []

    def write(self, reject: Reject) -> None:
        self.lines.append({"line": reject.line, "reason": reject.reason, "row": reject.raw})


async def test_rejects_are_written_with_line_reason_and_row_and_do_not_stop_the_rest(twin: Twin):
    await author(twin, "Jane Doe")
    await author(twin, "Jane Doe")
    written = Written()
    bad = [{"title": "A", "author": "Jane Doe"}, {"title": "", "author": "Homer"}]
    summary = imported(
        twin, bad[0], {"title": "B", "author": "Homer"}, bad[1], Reject(4, "broken", "x"), rejects=written
    )
    assert (summary.created, summary.rejected, summary.rows) == (1, 3, 4)
    assert sorted((line["line"], line["row"]) for line in written.lines if line["line"] < 4) == [
        (1, bad[0]),
        (3, bad[1]),
    ]
    assert {"line": 4, "reason": "broken", "row": "x"} in written.lines


@pytest.mark.parametrize("bad", [{"title": ""}, {"title": "A", "author": "Jane Doe"}])
async def test_a_strict_import_loads_what_stands_before_the_first_reject_and_nothing_after(
    twin: Twin, bad: dict[str, Any]
):
    await author(twin, "Jane Doe")
    await author(twin, "Jane Doe")
    summary = imported(twin, {"title": "A", "author": "X"}, bad, {"title": "B", "author": "X"}, strict=True)
    assert summary.stopped.line == 2
    titles = [item.title for item in (await twin.books.page(BookList())).items]
    assert titles == ["A"]


async def test_books_as_the_api_returns_them_are_read_with_all_names(twin: Twin):
    people = [Contributor("Maj Sjöwall", "author"), Contributor("Per Wahlöö", "author"), Contributor("E", "editor")]
    series = (SeriesPosition("Martin Beck", "1"),)
    await twin.load(
        [structs.replace(record("Roseanna", isbn=ISBNS[0], tags=("crime",), series=series), contributors=tuple(people))]
    )
    everything = BookList.model_validate({"include": ["tags,contributors,identifiers,series,publisher"]})
    line = json.loads(encode((await twin.books.page_including(everything)).items[0]))
    before = await twin.exported()

    summary = imported(twin, line)

    assert (summary.updated, summary.unchanged, summary.troubles) == (0, 1, {})
    assert await twin.exported() == before


# --- export and restore ---


async def shelf(twin: Twin) -> None:
    await twin.load([
        record("Iliad", "translator:Fagles", "Homer", isbn=ISBNS[0], tags=("war", "épopée"), year=-750, line=1),
        record("Odyssey", "Homer", "Anon", description="A\nB", language="grc", line=2),
        record("道德經", "老子", line=3),
    ])  # fmt: skip
    await twin.tags.add({"name": "unused", "description": "nobody's"})
    await author(twin, "Bookless")


def copies(lines: list[dict[str, Any]]) -> list[list[Any]]:
    """Return the lines of an export as `restore` takes them: of one kind at a time."""
    read = [read_exported(json.loads(encode(line)), number) for number, line in enumerate(lines, start=1)]
    assert not [item for item in read if isinstance(item, Reject)]
    return [group for kind in ("author", "tag", "book") if (group := [item for item in read if item.type == kind])]  # type: ignore[union-attr]


async def test_an_export_says_what_a_line_refers_to_before_it(twin: Twin):
    await shelf(twin)
    kinds = [line["type"] for line in await twin.exported()]
    assert kinds == ["author"] * 5 + ["tag"] * 3 + ["book"] * 3


async def test_an_export_put_into_an_empty_catalogue_is_the_same_catalogue(twin: Twin):
    await shelf(twin)
    lines = await twin.exported()
    await twin.emptied()
    for group in copies(lines):
        assert counts(await twin.restore(group)) == (len(group), 0, 0, 0)
    assert await twin.exported() == lines
    for group in copies(lines):
        assert counts(await twin.restore(group)) == (0, 0, len(group), 0)
    assert await twin.exported() == lines


async def test_an_export_put_back_undoes_what_was_changed_since(twin: Twin):
    await shelf(twin)
    lines = await twin.exported()
    for line in lines:
        service = {"author": twin.authors, "tag": twin.tags, "book": twin.books}[line["type"]]
        await service.change(line["id"], {"title" if line["type"] == "book" else "name": f"x {line['id']}"})
    iliad = next(line for line in lines if line.get("title") == "Iliad")
    await twin.books.set_tags(iliad["id"], ["other"])
    await twin.books.set_contributors(iliad["id"], [(iliad["contributors"][0]["author_id"], "author")])
    for group in copies(lines):
        assert counts(await twin.restore(group)) == (0, len(group), 0, 0)
    assert [line for line in await twin.exported() if line.get("name") != "other"] == lines
    for group in copies(lines):
        assert counts(await twin.restore(group)) == (0, 0, len(group), 0)


@pytest.mark.parametrize("kind", ["author", "tag", "book"])
async def test_a_line_edited_by_hand_is_put_back_as_it_stands_and_a_second_time_changes_nothing(twin: Twin, kind: str):
    await shelf(twin)
    lines = [line for line in await twin.exported() if line["type"] == kind]
    for line in lines:
        line["title" if kind == "book" else "name"] += " edited"
    (group,) = copies(lines)
    assert counts(await twin.restore(group)) == (0, len(group), 0, 0)
    assert counts(await twin.restore(group)) == (0, 0, len(group), 0)
    stored = {line["id"]: line for line in await twin.exported()}
    assert [stored[line["id"]] for line in lines] == lines


async def test_a_line_whose_unique_value_another_row_has_is_rejected_and_the_rest_is_put_back(twin: Twin):
    await shelf(twin)
    lines = [line for line in await twin.exported() if line["type"] == "author"]
    stranger = {**lines[0], "id": uuid.uuid4(), "name": "Stranger"}
    fine = {**lines[0], "id": uuid.uuid4(), "slug": "fine", "name": "Fine"}
    (group,) = copies([stranger, fine])
    outcome = await twin.restore(group, [5, 6])
    assert counts(outcome) == (1, 0, 0, 1)
    assert (outcome.rejects[0].line, outcome.rejects[0].reason) == (5, "another author has its slug")


async def test_a_line_with_an_other_name_that_another_tag_has_is_rejected(twin: Twin):
    war, _, love = [(await twin.tags.add({"name": name})).id for name in ("war", "peace", "love")]
    await twin.tags.set_names(war, ["strife", "conflict"])
    lines = {line["name"]: line for line in await twin.exported()}
    taken = lines["peace"] | {"names": ["strife", "calm"]}
    again = lines["love"] | {"names": ["calm"]}
    own = lines["love"] | {"names": ["peace"], "id": str(love)}

    outcome = await twin.restore(copies([taken])[0])
    assert (counts(outcome), outcome.rejects[0].reason) == ((0, 0, 0, 1), "another tag has the other name strife")
    # A name that a line before takes, or gives up. The name of a tag itself may be there, as when it was exported.
    taken["names"].remove("strife")
    outcome = await twin.restore(copies([lines["war"] | {"names": ["fray"]}, taken, again])[0])
    assert (counts(outcome), outcome.rejects[0].reason) == ((0, 2, 0, 1), "another tag has the other name calm")
    again["names"] = ["strife"]
    assert counts(await twin.restore(copies([again])[0])) == (0, 1, 0, 0)
    assert counts(await twin.restore(copies([own])[0])) == (0, 1, 0, 0)
    stored = {line["name"]: line["names"] for line in await twin.exported()}
    assert stored == {"war": ["fray"], "peace": ["calm"], "love": ["peace"]}


async def test_a_line_of_an_earlier_release_keeps_what_the_row_has_besides(twin: Twin):
    await twin.load([record("Iliad", isbn=ISBNS[0], subtitle="A poem", pages=300)])
    *_, line = await twin.exported()
    older = {name: value for name, value in line.items() if name not in ("subtitle", "pages", "identifiers", "series")}

    assert counts(await twin.restore(copies([older])[0])) == (0, 0, 1, 0)
    found = await only_book(twin)
    assert (found.subtitle, found.pages) == ("A poem", 300)


async def test_lines_are_put_back_after_a_tag_that_they_name_was_merged(twin: Twin):
    await twin.load([record("Iliad", isbn=ISBNS[0], tags=("war", "wars"))])
    lines = [line for line in await twin.exported() if line["type"] == "book"]
    kept, gone = sorted((await twin.tags.page(TagList())).items, key=lambda tag: tag.name)
    await twin.tags.merge(kept.id, [gone.id])

    assert counts(await twin.restore(copies(lines)[0])) == (0, 1, 0, 0)
    assert [tag.name for tag in (await only_book(twin)).tags] == ["war"]


async def test_a_contradictory_life_is_put_back_as_it_was_exported_but_not_into_another_row(twin: Twin):
    await author(twin, "Homer")
    (line,) = await twin.exported()
    impossible = line | {"birth_year": 1900, "death_year": 1850}
    (group,) = copies([impossible])

    outcome = await twin.restore(group)
    assert (counts(outcome), outcome.rejects[0].reason) == ((0, 0, 0, 1), "death_year: 1850 is before 1900")
    await twin.emptied()
    assert counts(await twin.restore(group)) == (1, 0, 0, 0)
    assert await twin.exported() == [impossible]
    assert counts(await twin.restore(group)) == (0, 0, 1, 0)


async def test_a_book_whose_author_is_missing_is_rejected(twin: Twin):
    await shelf(twin)
    lines = await twin.exported()
    await twin.emptied()
    authors, *_, books = copies(lines)
    homer = next(item for item in authors if item.name == "Homer")
    await twin.restore([item for item in authors if item is not homer])
    outcome = await twin.restore(books)
    assert counts(outcome) == (1, 0, 0, 2)
    assert {reject.reason for reject in outcome.rejects} == {f"there is no author {homer.id}"}


async def test_a_tag_that_only_books_name_is_made(twin: Twin):
    await shelf(twin)
    authors, _, books = copies(await twin.exported())
    await twin.emptied()
    await twin.restore(authors)
    assert counts(await twin.restore(books)) == (3, 0, 0, 0)
    assert (await twin.tags.page(TagList())).total == 2


@pytest.mark.parametrize(
    ("kind", "same"), [("author", {"slug": "same"}), ("book", {"slug": "same"}), ("book", {"isbn": ISBNS[2]})]
)
async def test_of_two_lines_that_cannot_both_be_the_second_is_rejected(twin: Twin, kind: str, same: dict[str, Any]):
    await shelf(twin)
    lines = [line for line in await twin.exported() if line["type"] == kind][:2]
    new = [{**line, "id": uuid.uuid4(), "isbn": None, "slug": f"s{place}", **same} for place, line in enumerate(lines)]
    if kind == "author":
        new = [{name: value for name, value in line.items() if name != "isbn"} for line in new]
    (group,) = copies(new)
    outcome = await twin.restore(group, [1, 2])
    assert counts(outcome) == (1, 0, 0, 1)
    assert outcome.rejects[0].line == 2


async def test_a_book_with_a_contributor_twice_in_one_role_is_rejected(twin: Twin):
    await shelf(twin)
    line = [line for line in await twin.exported() if line["type"] == "book"][1]
    line["contributors"] += line["contributors"]
    (group,) = copies([line])
    assert counts(await twin.restore(group)) == (0, 0, 0, 1)


async def test_a_book_that_names_a_tag_twice_has_it_once(twin: Twin):
    await shelf(twin)
    lines = await twin.exported()
    await twin.emptied()
    authors, _, books = copies(lines)
    await twin.restore(authors)
    iliad = next(item for item in books if item.title == "Iliad")
    assert counts(await twin.restore([iliad.model_copy(update={"tags": ["war", "war"]})])) == (1, 0, 0, 0)
    assert [tag.name for tag in (await only_book(twin)).tags] == ["war"]


async def test_times_are_kept_to_the_microsecond(twin: Twin):
    await author(twin, "Homer")
    (line,) = await twin.exported()
    line["created_at"] -= timedelta(days=700_000, microseconds=1)
    (group,) = copies([line])
    await twin.restore(group)
    (again,) = await twin.exported()
    assert again["created_at"] == line["created_at"]


@pytest.mark.parametrize("target", BACKENDS)
async def test_an_export_moves_a_catalogue_from_one_database_to_the_other(
    twin: Twin, databases: Databases, target: str
):
    await shelf(twin)
    lines = await twin.exported()
    other = Twin("sync", databases.migrated(target))
    for group in copies(lines):
        await other.restore(group)
    moved = await other.exported()
    await other.close()
    assert moved == lines


async def test_an_export_is_of_one_moment(twin: Twin):
    await author(twin, "Homer")
    lines = twin.export()
    first = await anext(lines)
    late = await author(twin, "Virgil")
    await twin.books.add({"title": "Aeneid", "author_id": late})
    assert [first["name"]] == ["Homer"]
    assert [line async for line in lines] == []
