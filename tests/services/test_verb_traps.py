"""What people do with services besides calling each verb once, on both twins and both databases."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime
from typing import Any

import pytest
from advanced_alchemy.exceptions import DuplicateKeyError, ForeignKeyError, NotFoundError, RepositoryError
from sqlalchemy import event, inspect

from diptych.core.catalogue.authors.model import Author
from diptych.core.catalogue.books.model import Book
from diptych.core.catalogue.tags.model import Tag
from diptych.core.engine.slugs import SLUG_LENGTH
from diptych.core.errors import CatalogueError, FieldError, RetryableConflict, ValidationFailed
from tests.services.guide import Guide
from tests.services.twins import author, book

ISBNS = ["9780439554930", "9780306406157", "9783161484100"]
NAIVE = datetime(2026, 1, 31, 12)  # noqa: DTZ001 - one without an offset is what is meant


def own(session: Any) -> Any:
    """Return the session itself, of either kind, for its methods that do not wait."""
    return getattr(session, "_target", session)


def paths(error: CatalogueError) -> list[tuple[str | int, ...] | None]:
    return [field_error.path for field_error in error.field_errors]


# --- values ---


@pytest.mark.parametrize(
    ("kind", "name", "value", "detail"),
    [
        ("authors", "name", 5, "text"),
        ("authors", "dob", "1914-08-09", "a date"),
        ("authors", "id", 5, "a UUID in the 8-4-4-4-12 form"),
        ("authors", "slug", 5, "text"),
        ("authors", "created_at", NAIVE, "a date and time with its offset"),
        ("authors", "updated_at", "2026-01-31T12:00:00Z", "a date and time with its offset"),
        ("books", "year", True, "a whole number"),
        ("books", "author_id", "nobody", "a UUID in the 8-4-4-4-12 form"),
    ],
)
async def test_every_verb_refuses_a_value_of_another_type_by_the_name_of_its_column(
    guide: Guide, kind: str, name: str, value: Any, detail: str
):
    who = await author(guide.twin)
    what = who if kind == "authors" else await book(guide.twin, author_id=who)
    values = {"name": "X", "title": "X", "author_id": who, "isbn": ISBNS[0], "id": what, name: value}
    async with guide.service(kind, commit=False) as service:
        for verb, arguments, place in (
            (service.create, (values,), ()),
            (service.create_many, ([values],), ("items", 0)),
            (service.update, (values, what), ()),
            (service.update_many, ([values],), ("items", 0)),
            (service.upsert, (values,), ()),
            (service.upsert_many, ([values],), ("items", 0)),
        ):
            with pytest.raises(ValidationFailed) as refused:
                await verb(*arguments)
            assert [(error.path, error.detail) for error in refused.value.field_errors] == [
                ((*place, name), f"should be {detail}")
            ]


async def test_a_uuid_may_be_given_as_its_text(guide: Guide):
    who = await author(guide.twin)
    chosen = uuid.UUID("01890f3e-8f6a-7cc0-9d5a-3b1f6d2c4e5f")
    async with guide.service("books") as books:
        (made,) = await books.create_many([{"id": str(chosen).upper(), "title": "X", "author_id": str(who)}])
        assert (made.id, made.author_id) == (chosen, who)
        await books.update_many([{"id": str(chosen), "title": "Y"}])
        await books.upsert({"title": "Z", "author_id": str(who).upper(), "isbn": ISBNS[0]}, str(chosen))
        found, _ = await books.get_and_update(match_fields=["id"], id=str(chosen), year=1972)
        assert found is made
    (stored,) = await guide.all(Book)
    assert (stored.id, stored.author_id, stored.title, stored.year) == (chosen, who, "Z", 1972)


async def test_a_row_added_by_hand_has_values_of_the_types_of_its_columns(guide: Guide):
    for values in ({"dob": "1914-08-09"}, {"created_at": NAIVE}):
        async with guide.session(commit=False) as session:
            own(session).add(Author(name="X", **values))
            with pytest.raises(ValidationFailed) as refused:
                await session.flush()
            assert paths(refused.value) == [tuple(values)]
    who = await author(guide.twin)
    async with guide.session(commit=False) as session:
        row = await session.get(Author, who)
        row.dob = datetime.now(UTC)
        with pytest.raises(ValidationFailed):
            await session.flush()


# --- new rows and rollbacks ---


@pytest.mark.parametrize("verb", ["create_many", "upsert_many"])
async def test_a_rollback_makes_new_rows_new_again(guide: Guide, verb: str):
    async with guide.session(commit=False) as session:
        service = guide.of("authors", session)
        first, second = await getattr(service, verb)([{"name": "A", "dob": None}, {"name": "B", "dob": None}])
        assert inspect(first).persistent
        assert first in own(session)
        await session.rollback()
        assert inspect(first).transient
        assert first not in own(session)
        assert list(own(session)) == []
        assert (first.name, first.slug) == ("A", "a")
        assert await session.get(Author, first.id) is None
        with pytest.raises(NotFoundError):
            await service.update({"name": "C"}, second.id)
        own(session).add(first)
        await session.commit()
    assert [row.id for row in await guide.all(Author)] == [first.id]


async def test_a_rollback_to_a_savepoint_takes_back_what_came_after_it_alone(guide: Guide):
    async with guide.session() as session:
        service = guide.of("authors", session)
        (before,) = await service.create_many([{"name": "before"}])
        savepoint = await guide.savepoint(session)
        (after,) = await service.create_many([{"name": "after"}])
        await savepoint.rollback()
        assert (inspect(before).persistent, inspect(after).transient) == (True, True)
        savepoint = await guide.savepoint(session)
        (kept,) = await service.create_many([{"name": "kept"}])
        await savepoint.commit()
        assert inspect(kept).persistent
    assert {row.id for row in await guide.all(Author)} == {before.id, kept.id}
    async with guide.session(commit=False) as session:
        savepoint = await guide.savepoint(session)
        (released,) = await guide.of("authors", session).create_many([{"name": "released"}])
        await savepoint.commit()
        await session.rollback()
        assert inspect(released).transient


async def test_a_commit_keeps_new_rows_in_the_session(guide: Guide):
    async with guide.session(commit=False) as session:
        service = guide.of("authors", session)
        (made,) = await service.create_many([{"name": "A"}], auto_commit=True)
        assert inspect(made).persistent
        made.name = "B"
        await session.commit()
        await session.rollback()
        assert inspect(made).persistent
        await session.refresh(made)
        assert (made.name, made.slug) == ("B", "a")


async def test_sessions_tell_of_new_rows_when_they_become_persistent(guide: Guide):
    told: list[Any] = []
    async with guide.session() as session:
        target = getattr(own(session), "sync_session", own(session))
        event.listen(target, "pending_to_persistent", lambda _, row: told.append(row))
        made = await guide.of("authors", session).create_many([{"name": "A"}, {"name": "B"}])
        assert {row.name for row in told} == {row.name for row in made}


# --- slugs of one's own ---


@pytest.mark.parametrize("slug", ["", " ", "two words", "a/b", "x" * (SLUG_LENGTH + 1), "\x00", "a?b"])
async def test_a_slug_of_ones_own_that_cannot_be_one_is_refused(guide: Guide, slug: str):
    who = await author(guide.twin, "Homer")
    async with guide.service("authors", commit=False) as authors:
        for verb, arguments, place in (
            (authors.create, ({"name": "X", "slug": slug},), ()),
            (authors.create, (Author(name="X", slug=slug),), ()),
            (authors.create_many, ([{"name": "X", "slug": slug}],), ("items", 0)),
            (authors.update, ({"slug": slug}, who), ()),
            (authors.upsert, ({"name": "X", "slug": slug},), ()),
            (authors.upsert_many, ([{"name": "Homer", "slug": slug}],), ("items", 0)),
        ):
            with pytest.raises(ValidationFailed) as refused:
                await verb(*arguments)
            assert paths(refused.value) == [(*place, "slug")]
    async with guide.session(commit=False) as session:
        own(session).add(Author(name="X", slug=slug))
        with pytest.raises(ValidationFailed):
            await session.flush()
    assert [row.slug for row in await guide.all(Author)] == ["homer"]


async def test_a_slug_of_ones_own_is_kept_as_it_is_looked_up(guide: Guide):
    given = "caf\u0065\u0301"
    longest = "x" * SLUG_LENGTH
    async with guide.service("authors") as authors:
        first = await authors.create({"name": "A", "slug": given})
        (second,) = await authors.create_many([{"name": "B", "slug": longest}])
        third = await authors.upsert({"name": "C", "slug": " c "})
    assert [(await guide.stored(Author, row.id)).slug for row in (first, second, third)] == ["café", longest, "c"]


# --- what is taken ---


async def test_an_upsert_that_collides_outside_its_key_names_the_item(guide: Guide):
    who = await author(guide.twin)
    await book(guide.twin, "Iliad", who, isbn=ISBNS[0])
    new = {"title": "Odyssey", "author_id": who, "isbn": ISBNS[1]}
    taken = {**new, "isbn": ISBNS[0]}
    for fields in (["isbn", "title"], ["title", "isbn"], ["title"]):
        async with guide.service("books", commit=False) as books:
            with pytest.raises(DuplicateKeyError) as refused:
                await books.upsert_many([new, taken | {"title": "Aeneid"}], match_fields=fields)
            assert not isinstance(refused.value, RetryableConflict)
            assert paths(refused.value) == [("items", 1, "isbn")]
            with pytest.raises(DuplicateKeyError) as refused:
                await books.upsert(taken, match_fields=fields)
            assert paths(refused.value) == [("isbn",)]
            with pytest.raises(DuplicateKeyError):
                await books.get_or_upsert(**taken, match_fields=fields)
    async with guide.service("books") as books:
        done = await books.upsert_many([{**taken, "title": "Iliad"}, new], match_fields=["isbn", "title"])
        assert (done.created, done.unchanged) == (1, 1)


async def test_an_id_or_a_slug_that_is_taken_names_the_item(guide: Guide):
    who = await author(guide.twin, "Homer")
    for values, name in (({"id": who}, "id"), ({"slug": "homer"}, "slug")):
        for verb in ("create_many", "upsert_many"):
            async with guide.service("authors", commit=False) as authors:
                items = [{"name": "A", "dob": None}, {"name": "B", "dob": None, **values}]
                fields = {"match_fields": ["name"]} if verb == "upsert_many" else {}
                with pytest.raises(DuplicateKeyError) as refused:
                    await getattr(authors, verb)(items, **fields)
                assert not isinstance(refused.value, RetryableConflict)
                assert paths(refused.value) == [("items", 1, name)]


# --- authors that are gone ---


async def test_an_author_taken_back_by_a_rollback_is_no_books_author(guide: Guide):
    async with guide.session(commit=False) as session:
        books = guide.of("books", session)
        writer = await guide.of("authors", session).create({"name": "Homer"})
        await books.create_many([{"title": "Iliad", "author_id": writer.id}])
        await session.rollback()
        with pytest.raises(ForeignKeyError) as refused:
            await books.create_many([{"title": "Iliad", "author_id": writer.id}])
        assert paths(refused.value) == [("items", 0, "author_id")]


async def test_a_deleted_author_is_no_books_author(guide: Guide):
    who, other = await author(guide.twin, "Homer"), await author(guide.twin, "Virgil")
    what = await book(guide.twin, "Aeneid", other, isbn=ISBNS[0])
    async with guide.session(commit=False) as session:
        books, authors = guide.of("books", session), guide.of("authors", session)
        await books.set_contributors(what, [(other, "author"), (who, "editor")])
        await books.create_many([{"title": "Iliad", "author_id": who}])
        await books.delete_where(title="Iliad")
        await books.set_contributors(what, [(other, "author")])
        await authors.delete(who)
        for verb, arguments, path in (
            (books.create_many, ([{"title": "X", "author_id": who}],), ("items", 0, "author_id")),
            (books.update, ({"author_id": who}, what), ("author_id",)),
            (books.update_many, ([{"id": what, "author_id": who}],), ("items", 0, "author_id")),
            (books.upsert, ({"isbn": ISBNS[0], "author_id": who},), ("author_id",)),
            (books.upsert_many, ([{"isbn": ISBNS[1], "title": "X", "author_id": who}],), ("items", 0, "author_id")),
            (books.set_contributors, (what, [(other, "author"), (who, "editor")]), ("items", 1, "author_id")),
        ):
            with pytest.raises(ForeignKeyError) as refused:
                await verb(*arguments)
            assert paths(refused.value) == [path]


# --- names of columns ---


async def test_a_key_that_is_no_column_is_an_error_of_the_librarys(guide: Guide):
    who = await author(guide.twin)
    async with guide.service("authors", commit=False) as authors:
        for verb, arguments, named in (
            (authors.upsert, ({"name": "X"},), {}),
            (authors.upsert_many, ([{"name": "X"}],), {}),
            (authors.get_or_upsert, (), {"name": "X"}),
            (authors.get_and_update, (), {"name": "X"}),
        ):
            for fields in ("nope", ["name", "nope"]):
                with pytest.raises(RepositoryError, match=r"No author has a column nope to be found by\."):
                    await verb(*arguments, **named, match_fields=fields)
        with pytest.raises(RepositoryError, match="nope"):
            await authors.delete_many([who], id_attribute="nope")
        assert await authors.count() == 1


# --- rows that are not flushed ---


@pytest.mark.parametrize("verb", ["upsert", "upsert_many", "get_or_upsert", "get_and_update"])
async def test_a_row_that_is_added_and_not_flushed_is_found(guide: Guide, verb: str):
    async with guide.session() as session:
        tags = guide.of("tags", session)
        added = Tag(name=" WAR")
        own(session).add(added)
        values = {"name": "War", "description": "x"}
        match verb:
            case "upsert":
                found = await tags.upsert(values)
            case "upsert_many":
                (found,) = await tags.upsert_many([values])
            case _:
                found, _ = await getattr(tags, verb)(**values)
        assert found is added
    assert [(row.name, row.description) for row in await guide.all(Tag)] == [("war", "x")]


# --- faults of one item ---


async def test_an_upsert_names_the_item_whose_id_or_hook_is_at_fault(guide: Guide):
    who = await author(guide.twin, "Homer")
    item = {"name": "Homer", "id": uuid.UUID(int=1)}
    async with guide.service("authors", commit=False) as authors:
        with pytest.raises(ValidationFailed) as refused:
            await authors.upsert_many([{"name": "New"}, item], match_fields="name")
        assert paths(refused.value) == [("items", 1, "id")]
        with pytest.raises(ValidationFailed) as refused:
            await authors.upsert(item, match_fields="name")
        assert paths(refused.value) == [("id",)]
        with pytest.raises(ValidationFailed) as refused:
            await authors.upsert({"name": " "}, who)
        assert paths(refused.value) == [("name",)]
        with pytest.raises(ValidationFailed) as refused:
            await authors.upsert({"name": "X"}, "nobody")
        assert paths(refused.value) == [("id",)]
    async with guide.service(refusing_new(guide.kinds["authors"], guide.twin.name), commit=False) as authors:
        with pytest.raises(ValidationFailed) as refused:
            await authors.upsert_many([{"name": "Homer"}, {"name": "New"}])
        assert paths(refused.value) == [("items", 1, "name")]
        with pytest.raises(ValidationFailed) as refused:
            await authors.upsert({"name": "New"})
        assert paths(refused.value) == [("name",)]
    assert [row.name for row in await guide.all(Author)] == ["Homer"]


def refusing_new(parent: Any, twin: str) -> Any:
    """Return a service class with a hook that refuses new rows."""

    def refuse(_service: Any, _data: Any) -> None:
        raise ValidationFailed("No more of them.", [FieldError("value", "is one too many", path=("name",))])

    async def refuse_later(_service: Any, _data: Any) -> None:
        refuse(_service, _data)

    return type("Refusing", (parent,), {"to_model_on_create": refuse_later if twin == "aio" else refuse})


# --- instances ---


@pytest.mark.parametrize("verb", ["update", "upsert", "update_many", "upsert_many"])
async def test_an_instance_with_another_first_author_takes_them_off_the_others(guide: Guide, verb: str):
    one, other = await author(guide.twin, "One"), await author(guide.twin, "Other")
    what = await book(guide.twin, "Both", one)
    await guide.twin.books.set_contributors(what, [(one, "author"), (other, "author")])
    async with guide.service("books") as books:
        row = await books.get(what)
        row.author_id = other
        await getattr(books, verb)([row] if verb.endswith("many") else row)
    assert [(item.author.id, item.role) for item in await guide.twin.books.contributors(what)] == [(other, "author")]


async def test_instances_that_the_session_has_already_are_created_once(guide: Guide):
    async with guide.session() as session:
        added = Author(name="Added")
        own(session).add(added)
        made = await guide.of("authors", session).create_many([Author(name="New"), added, {"name": "Newer"}])
        assert [row.name for row in made] == ["New", "Added", "Newer"]
        assert made[1] is added
    assert sorted(row.name for row in await guide.all(Author)) == ["Added", "New", "Newer"]
