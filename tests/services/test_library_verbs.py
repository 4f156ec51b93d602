"""The services as advanced-alchemy's guides use them: every verb, on both twins and both databases.

What each wrote is read again in a session of its own.
"""

from __future__ import annotations

import uuid
from datetime import date
from typing import Any

import attrs
import msgspec
import pytest
from advanced_alchemy.exceptions import (
    DuplicateKeyError,
    ForeignKeyError,
    MultipleResultsFoundError,
    NotFoundError,
    RepositoryError,
)
from advanced_alchemy.filters import CollectionFilter, LimitOffset, OrderBy, SearchFilter
from advanced_alchemy.service import OffsetPagination, schema_dump
from pydantic import BaseModel
from sqlalchemy import select

from diptych.core.catalogue.authors.model import Author
from diptych.core.catalogue.authors.schemas import AuthorList
from diptych.core.catalogue.books.model import Book, BookContributor
from diptych.core.catalogue.tags.model import Tag
from diptych.core.database import async_config, sync_config
from diptych.core.errors import NotFound, ValidationFailed
from tests.services.guide import ISBNS, NOBODY, Guide
from tests.services.twins import _Awaitable, author, book


def plain(service: Any) -> Any:
    return getattr(service, "_target", service)


def complete(row: Any) -> bool:
    return row.search_text == row.name.lower() and row.sort_key == row.name.lower()


# --- create ---


async def test_create_makes_what_follows_from_a_name(guide: Guide):
    async with guide.service("authors") as authors:
        made = await authors.create({"name": "  Tove   Jansson "})
        again = await authors.create({"name": "Tove Jansson"})
    assert (made.name, made.slug) == ("Tove Jansson", "tove-jansson")
    assert again.slug.startswith("tove-jansson-")
    stored = await guide.stored(Author, made.id)
    assert complete(stored)
    assert (stored.name, stored.slug, stored.updated_at) == ("Tove Jansson", "tove-jansson", stored.created_at)
    page = await guide.twin.authors.page(AuthorList.model_validate({"searchString": "TOVE"}))
    assert {item.id for item in page.items} == {made.id, again.id}


async def test_create_puts_values_into_their_form(guide: Guide):
    writer = await author(guide.twin)
    async with guide.service("books") as books:
        values = {"title": "The  Summer Book", "isbn": "0-439-55493-4", "language": "EN", "year": 1972}
        made = await books.create({**values, "author_id": writer})
    stored = await guide.stored(Book, made.id)
    assert (stored.title, stored.isbn, stored.language, stored.year) == ("The Summer Book", ISBNS[0], "en", 1972)
    async with guide.service("tags") as tags:
        assert (await tags.create({"name": " Science  Fiction"})).name == "science fiction"


async def test_create_refuses_a_value_that_has_no_form(guide: Guide):
    writer = await author(guide.twin)
    async with guide.service("books", commit=False) as books:
        with pytest.raises(ValidationFailed) as caught:
            await books.create({"title": " ", "author_id": writer, "isbn": "1", "year": 99999, "language": "?"})
    assert [field_error.path for field_error in caught.value.field_errors] == [
        ("title",),
        ("isbn",),
        ("year",),
        ("language",),
    ]
    assert await guide.all(Book) == []


class AuthorStruct(msgspec.Struct):
    name: str
    dob: date | None = None


class AuthorModel(BaseModel):
    name: str
    dob: date | None = None


@attrs.define
class AuthorAttrs:
    name: str
    dob: date | None = None


@pytest.mark.parametrize("kind", [AuthorStruct, AuthorModel, AuthorAttrs, Author])
async def test_create_and_to_schema_take_every_kind_of_schema(guide: Guide, kind: Any):
    async with guide.service("authors") as authors:
        made = await authors.create(kind(name="Homer"))
        many = await authors.create_many([kind(name="Virgil"), kind(name="Ovid")])
        if kind is not Author:
            assert plain(authors).to_schema(made, schema_type=kind) == kind(name="Homer")
            rows, total = await authors.get_many_and_count(LimitOffset(2, 0), OrderBy("name", "asc"))
            page = plain(authors).to_schema(rows, total, filters=[LimitOffset(2, 0)], schema_type=kind)
            assert page == OffsetPagination([kind(name="Homer"), kind(name="Ovid")], limit=2, offset=0, total=3)
    stored = await guide.all(Author)
    assert [row.name for row in stored] == ["Homer", "Virgil", "Ovid"]
    assert all(complete(row) for row in stored)
    assert [row.id for row in stored] == [made.id, *(row.id for row in many)]


async def test_create_many_returns_rows_that_the_session_has(guide: Guide):
    async with guide.service("authors") as authors:
        made = await authors.create_many([{"name": f"N {number % 3}"} for number in range(6)])
        assert len({row.slug for row in made}) == 6
        made[0].name = "Another"
    stored = {row.id: row for row in await guide.all(Author)}
    assert [stored[row.id].slug for row in made] == [row.slug for row in made]
    assert stored[made[0].id].name == "Another"
    assert all(complete(row) for row in stored.values())


async def test_create_many_names_the_item_that_cannot_be(guide: Guide):
    async with guide.service("tags", commit=False) as tags:
        with pytest.raises(DuplicateKeyError) as caught:
            await tags.create_many([{"name": "war"}, {"name": "WAR"}])
        assert [field_error.path for field_error in caught.value.field_errors] == [("items", 1, "name")]  # type: ignore[attr-defined]
        with pytest.raises(ValidationFailed) as refused:
            await tags.create_many([{"name": "war"}, {"name": " "}])
        assert [field_error.path for field_error in refused.value.field_errors] == [("items", 1, "name")]
    async with guide.service("books", commit=False) as books:
        with pytest.raises(ForeignKeyError):
            await books.create_many([{"title": "X", "author_id": NOBODY}])


async def test_a_unique_value_or_a_reference_that_fails_is_the_librarys_error(guide: Guide):
    await guide.twin.tags.add({"name": "war"})
    for kind, values, error in (
        ("tags", {"name": "war"}, DuplicateKeyError),
        ("books", {"title": "X", "author_id": NOBODY}, ForeignKeyError),
    ):
        async with guide.service(kind, commit=False) as service:
            with pytest.raises(error):
                await service.create(values)


async def test_new_with_a_config_commits_where_auto_commit_says_so(guide: Guide):
    for commit, expected in ((False, []), (True, ["Homer"])):
        if guide.twin.name == "aio":
            async with guide.kinds["authors"].new(config=guide.config) as authors:
                await authors.create({"name": "Homer"}, auto_commit=commit)
        else:
            with guide.kinds["authors"].new(config=guide.config) as authors:
                authors.create({"name": "Homer"}, auto_commit=commit)
        assert [row.name for row in await guide.all(Author)] == expected


async def test_the_configurations_serve_as_they_are(guide: Guide):
    settings = guide.twin.settings
    if guide.twin.name == "aio":
        config = async_config(settings)
        async with guide.kinds["authors"].new(config=config) as authors:
            await authors.create_many([{"name": "Homer"}], auto_commit=True)
        await config.get_engine().dispose()
    else:
        config = sync_config(settings)
        with guide.kinds["authors"].new(config=config) as authors:
            authors.create_many([{"name": "Homer"}], auto_commit=True)
        config.get_engine().dispose()
    assert [row.slug for row in await guide.all(Author)] == ["homer"]


# --- read ---


async def test_rows_are_read_as_the_guides_read_them(guide: Guide):
    async with guide.service("authors") as authors:
        rows = await authors.create_many([{"name": name} for name in ("Homer", "Virgil", "Ovid")])
        ids = [row.id for row in rows]
    async with guide.service("authors") as authors:
        assert (await authors.get(ids[0])).name == "Homer"
        assert (await authors.get("ovid", id_attribute="slug")).name == "Ovid"
        assert (await authors.get_one(name="Virgil")).id == ids[1]
        assert await authors.get_one_or_none(name="Nobody") is None
        assert await authors.exists(name="Homer")
        assert await authors.count() == 3
        found, total = await authors.get_many_and_count(LimitOffset(limit=1, offset=5))
        assert (found, total) == ([], 3)
        filters = [CollectionFilter("id", ids[:2]), SearchFilter("search_text", "vir", escape_wildcards=True)]
        assert [row.name for row in await authors.get_many(*filters)] == ["Virgil"]
        with pytest.warns(DeprecationWarning, match="get_many"):
            assert len(await authors.list()) == 3
        with pytest.warns(DeprecationWarning, match="get_many_and_count"):
            assert (await authors.list_and_count(name="Homer"))[1] == 1
        with pytest.raises(NotFoundError):
            await authors.get(NOBODY)
        with pytest.raises(NotFoundError):
            await authors.get_one(name="Nobody")


async def test_an_available_slug_is_made_as_the_rows_own_are(guide: Guide):
    await author(guide.twin, "Σαπφώ")
    async with guide.session() as session:
        kind = guide.kinds["authors"]
        service = kind(session if guide.twin.name == "aio" else session._target)
        repository = service.repository if guide.twin.name == "aio" else _Awaitable(service.repository)
        assert (await repository.get_by_slug("σαπφω")).name == "Σαπφώ"
        assert (await repository.get_available_slug("Σαπφώ")).startswith("σαπφω-")
        assert await repository.get_available_slug("C++") == "c"


# --- update ---


async def test_update_sets_what_is_given_and_what_follows_from_it(guide: Guide):
    who = await author(guide.twin, "Homr", dob=date(2000, 1, 1))
    before = await guide.stored(Author, who)
    async with guide.service("authors") as authors:
        await authors.update({"name": "Homer  the poet"}, who)
        await authors.update({"id": who, "dob": None})
    stored = await guide.stored(Author, who)
    assert (stored.name, stored.dob, stored.slug) == ("Homer the poet", None, before.slug)
    assert complete(stored)
    assert stored.updated_at > before.updated_at
    async with guide.service("authors") as authors:
        row = await authors.get(who)
        row.name = "Virgil"
        await authors.update(row)
    assert complete(await guide.stored(Author, who))


async def test_what_changes_nothing_moves_no_time(guide: Guide):
    who = await author(guide.twin)
    before = await guide.stored(Author, who)
    async with guide.service("authors") as authors:
        await authors.update({"name": " Homer"}, who)
        await authors.update_many([{"id": who, "name": "Homer"}])
        await authors.upsert({"name": "Homer"})
        await authors.upsert_many([{"name": "Homer", "dob": None}])
        _, changed = await authors.get_and_update(match_fields=["name"], name="Homer")
        _, created = await authors.get_or_upsert(name="Homer ")
        assert (changed, created) == (False, False)
    assert (await guide.stored(Author, who)).updated_at == before.updated_at


async def test_an_id_stays(guide: Guide):
    who = await author(guide.twin)
    async with guide.service("authors", commit=False) as authors:
        with pytest.raises(ValidationFailed):
            await authors.update({"id": NOBODY, "name": "X"}, who)
    assert [row.name for row in await guide.all(Author)] == ["Homer"]
    async with guide.service("authors", commit=False) as authors:
        with pytest.raises(NotFoundError):
            await authors.update({"name": "X"}, NOBODY)
        with pytest.raises(RepositoryError):
            await authors.update({"name": "X"})


async def test_update_many_answers_in_order_and_names_a_row_that_is_not_there(guide: Guide):
    ids = [await author(guide.twin, name) for name in "AB"]
    async with guide.service("authors") as authors:
        rows = await authors.update_many([AuthorStructWithId(ids[1], "D"), {"id": ids[0], "name": "C"}])
        assert [row.name for row in rows] == ["D", "C"]
    assert sorted(row.sort_key for row in await guide.all(Author)) == ["c", "d"]
    async with guide.service("authors", commit=False) as authors:
        with pytest.raises(NotFoundError) as caught:
            await authors.update_many([{"id": ids[0], "name": "X"}, {"id": NOBODY, "name": "X"}])
        assert isinstance(caught.value, NotFound)
        assert [field_error.path for field_error in caught.value.field_errors] == [("items", 1, "id")]
        with pytest.raises(ValidationFailed):
            await authors.update_many([{"name": "X"}])


class AuthorStructWithId(msgspec.Struct):
    id: uuid.UUID
    name: str


async def test_a_new_first_author_is_no_longer_one_of_the_other_authors(guide: Guide):
    people = [await author(guide.twin, name) for name in "ABC"]
    what = await book(guide.twin, author_id=people[0], isbn=ISBNS[0])
    for number, verb in enumerate(
        ("update", "update_many", "upsert", "upsert_many", "get_or_upsert", "get_and_update")
    ):
        first, second = people[number % 2], people[1 - number % 2]
        await guide.twin.books.set_contributors(what, [(first, "author"), (second, "author"), (people[2], "editor")])
        change = {"author_id": second, "isbn": ISBNS[0]}
        async with guide.service("books") as books:
            match verb:
                case "update":
                    await books.update(change, what)
                case "update_many":
                    await books.update_many([{"id": what, **change}])
                case "upsert":
                    await books.upsert(change)
                case "upsert_many":
                    await books.upsert_many([change])
                case _:
                    await getattr(books, verb)(**change)
        async with guide.session() as session:
            others = (await session.execute(select(BookContributor.author_id, BookContributor.role))).all()
        assert (await guide.stored(Book, what)).author_id == second
        assert others == [(people[2], "editor")], verb


# --- upsert ---


async def test_upsert_creates_with_a_slug_and_updates_what_it_matches(guide: Guide):
    async with guide.service("authors") as authors:
        made = await authors.upsert({"name": "Homer"})
        same = await authors.upsert({"name": "Homer", "dob": None})
        by_id = await authors.upsert({"name": "Virgil"}, made.id)
        new = await authors.upsert({"name": "Ovid"}, NOBODY)
        assert (same.id, by_id.id, new.id) == (made.id, made.id, NOBODY)
    stored = await guide.all(Author)
    assert {(row.name, row.slug) for row in stored} == {("Virgil", "homer"), ("Ovid", "ovid")}
    assert all(complete(row) for row in stored)


async def test_a_null_of_a_key_matches_no_unrelated_row(guide: Guide):
    writer = await author(guide.twin, "Homer", dob=date(1900, 1, 1))
    what = await book(guide.twin, "Iliad", writer)
    for verb in ("upsert", "upsert_many", "get_or_upsert", "get_and_update"):
        values = {"title": "X", "author_id": writer, "isbn": None}
        async with guide.service("books", commit=False) as books:
            with pytest.raises(ValidationFailed):
                await (books.upsert_many([values]) if "many" in verb else
                       books.upsert(values) if verb == "upsert" else getattr(books, verb)(**values))  # fmt: skip
    assert [(row.id, row.title) for row in await guide.all(Book)] == [(what, "Iliad")]
    async with guide.service("authors") as authors:
        row, created = await authors.get_or_upsert(name="Homer", dob=None)
        assert created
        with pytest.raises(MultipleResultsFoundError):
            await authors.get_or_upsert(name="Homer")
        with pytest.raises(MultipleResultsFoundError):
            await authors.upsert({"name": "Homer"})
    assert (await guide.stored(Author, writer)).dob == date(1900, 1, 1)
    assert (await guide.stored(Author, row.id)).dob is None


async def test_upsert_many_tells_what_it_did(guide: Guide):
    async with guide.service("tags") as tags:
        await tags.create({"name": "same", "description": "old"})
        await tags.create({"name": "other", "description": "old"})
        done = await tags.upsert_many(
            [{"name": "NEW"}, {"name": "other", "description": "new"}, {"name": " same", "description": "old"}]
        )
        assert [row.name for row in done] == ["new", "other", "same"]
        assert (done.created, done.updated, done.unchanged) == (1, 1, 1)
        by_other = await tags.upsert_many([{"name": "more", "description": "new"}], match_fields=["description"])
        assert (by_other[0].id, by_other.updated) == (done[1].id, 1)
    assert sorted((row.name, row.description) for row in await guide.all(Tag) if row.description) == [
        ("more", "new"),
        ("same", "old"),
    ]


async def test_get_or_upsert_and_get_and_update_find_a_row_by_the_form_of_a_value(guide: Guide):
    async with guide.service("tags") as tags:
        made, created = await tags.get_or_upsert(name="War")
        assert created
        found, created = await tags.get_or_upsert(name=" WAR", description="x")
        assert (found.id, created) == (made.id, False)
        kept, _ = await tags.get_or_upsert(name="war", description="y", upsert=False)
        assert kept.description == "x"
        changed, updated = await tags.get_and_update(name="WAR", description="z")
        assert (changed.id, updated) == (made.id, True)
        with pytest.raises(NotFoundError):
            await tags.get_and_update(name="peace", description="z")
    assert [(row.name, row.description) for row in await guide.all(Tag)] == [("war", "z")]


# --- delete ---


async def test_rows_are_deleted_all_or_none(guide: Guide):
    ids = [await author(guide.twin, name) for name in "ABCDE"]
    await book(guide.twin, author_id=ids[4])
    async with guide.service("authors") as authors:
        assert (await authors.delete(ids[0])).name == "A"
        gone = await authors.delete_many([ids[2], await authors.get(ids[1])])
        assert [row.name for row in gone] == ["C", "B"]
        assert [row.name for row in await authors.delete_where(name="D")] == ["D"]
        with pytest.raises(NotFoundError):
            await authors.delete_many([ids[4], NOBODY])
        with pytest.raises(NotFoundError):
            await authors.delete(NOBODY)
        with pytest.raises(ForeignKeyError):
            await authors.delete_many([ids[4]])
    assert [row.name for row in await guide.all(Author)] == ["E"]
    async with guide.service("authors", commit=False) as authors:
        with pytest.raises(ForeignKeyError):
            await authors.delete(ids[4])
    async with guide.service("authors") as authors:
        with pytest.raises(ForeignKeyError):
            await authors.delete_many(["e"], id_attribute="slug")


# --- hooks ---


async def test_every_verb_runs_the_hooks_of_every_row(guide: Guide):
    parent = guide.kinds["tags"]

    def noted(data: Any, what: str) -> dict[str, Any]:
        values = dict(schema_dump(data))
        return {**values, "description": f"{values.get('description') or ''}{what}"}

    if guide.twin.name == "aio":

        class Noting(parent):  # type: ignore[misc, valid-type]
            async def to_model_on_create(self, data: Any) -> Any:
                return await super().to_model_on_create(noted(data, "c"))

            async def to_model_on_update(self, data: Any) -> Any:
                return await super().to_model_on_update(noted(data, "u"))

            async def to_model_on_upsert(self, data: Any) -> Any:
                return noted(await super().to_model_on_upsert(data), "s")
    else:

        class Noting(parent):  # type: ignore[misc, valid-type, no-redef]
            def to_model_on_create(self, data: Any) -> Any:
                return super().to_model_on_create(noted(data, "c"))

            def to_model_on_update(self, data: Any) -> Any:
                return super().to_model_on_update(noted(data, "u"))

            def to_model_on_upsert(self, data: Any) -> Any:
                return noted(super().to_model_on_upsert(data), "s")

    async with guide.service(Noting) as tags:
        one = await tags.create({"name": "create"})
        many = await tags.create_many([{"name": "one of many"}, {"name": "two of many"}])
        assert [row.description for row in (one, *many)] == ["c", "c", "c"]
        assert (await tags.update({"name": "create"}, one.id)).description == "u"
        assert [row.description for row in await tags.update_many([{"id": row.id} for row in many])] == ["u", "u"]
        rows = await tags.upsert_many([{"name": "create"}, {"name": "upsert"}])
        assert [row.description for row in rows] == ["su", "sc"]
        assert [(await tags.upsert({"name": name})).description for name in ("create", "more")] == ["su", "sc"]
        assert (await tags.get_or_upsert(name="most"))[0].description == "c"
        assert (await tags.get_or_upsert(name="most"))[0].description == "u"
        assert (await tags.get_and_update(name="most"))[0].description == "u"
    assert {row.name: row.description for row in await guide.all(Tag)}["upsert"] == "sc"


# --- by hand ---


async def test_rows_that_are_added_by_hand_get_what_follows_from_them(guide: Guide):
    async with guide.session() as session:
        session_ = session if guide.twin.name == "aio" else session._target
        rows = [Author(name=name) for name in ("  Jane  Doe", "JANE DOE", "???")]
        session_.add_all(rows)
        await session.flush()
        rows.append(Author(name="jane doe"))
        session_.add(rows[-1])
    stored = {row.id: row for row in await guide.all(Author)}
    first = stored[rows[0].id]
    assert (first.name, first.slug, stored[rows[2].id].slug) == ("Jane Doe", "jane-doe", "author")
    assert len({row.slug for row in stored.values()}) == 4
    assert all(complete(row) for row in stored.values())


async def test_rows_that_are_changed_by_hand_take_what_follows_along(guide: Guide):
    who = await author(guide.twin)
    before = await guide.stored(Author, who)
    for name, moved in ((" Homer", False), ("Virgil  Maro", True)):
        async with guide.session() as session:
            row = (await session.execute(select(Author).where(Author.id == who))).scalar_one()
            row.name = name
        stored = await guide.stored(Author, who)
        assert complete(stored)
        assert (stored.updated_at > before.updated_at) is moved
    assert (stored.name, stored.slug) == ("Virgil Maro", before.slug)
    async with guide.session(commit=False) as session:
        row = (await session.execute(select(Author).where(Author.id == who))).scalar_one()
        row.name = "x" * 256
        with pytest.raises(ValidationFailed):
            await session.flush()
