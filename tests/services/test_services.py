"""What the services do, on both twins and both databases."""

from __future__ import annotations

import uuid
from datetime import date
from typing import Any

import pytest

from diptych.core.catalogue.authors.schemas import AuthorList
from diptych.core.catalogue.books.schemas import BookList
from diptych.core.catalogue.tags.schemas import TagList
from diptych.core.errors import CatalogueError, Conflict, NotFound, ValidationFailed
from tests.contract.making import new_isbn
from tests.services.twins import Services, Twin, author, book

NOBODY = uuid.UUID("01890f3e-8f6a-7cc0-9d5a-3b1f6d2c4e5f")
ISBNS = ["9780439554930", "9780306406157", "9783161484100"]


def paths(error: CatalogueError) -> list[tuple[tuple[str | int, ...] | None, str]]:
    return [(field_error.path, field_error.code) for field_error in error.field_errors]


async def names(twin: Twin, **query: Any) -> list[str]:
    page = await twin.authors.page(AuthorList.model_validate({"orderBy": "name", "sortOrder": "asc", **query}))
    return [item.name for item in page.items]


# --- one row ---


async def test_what_is_added_is_what_is_found(twin: Twin):
    added = await twin.authors.add({"name": "Σαπφώ", "dob": date(1, 1, 1)})
    page = await twin.authors.page(AuthorList())
    assert page.items == [added]
    assert (page.total, page.offset, page.limit) == (1, 0, 20)
    assert (added.slug, added.dob) == ("σαπφω", date(1, 1, 1))
    assert added.created_at == added.updated_at
    assert added.created_at.utcoffset() is not None
    assert added.id.version == 7


async def test_a_book_carries_its_author(twin: Twin):
    writer = await twin.authors.add({"name": "Homer"})
    added = await twin.books.add({"title": "Iliad", "author_id": writer.id, "year": -750, "isbn": ISBNS[0]})
    assert (added.author.id, added.author.name, added.author.slug) == (writer.id, "Homer", "homer")
    assert (await twin.books.page(BookList())).items == [added]


async def test_the_second_row_of_a_name_has_a_slug_of_its_own(twin: Twin):
    slugs = [(await twin.authors.add({"name": name})).slug for name in ("Jane Doe", "JANE  doe", "???", "!!!")]
    assert slugs[0] == "jane-doe"
    assert slugs[1].startswith("jane-doe-")
    assert slugs[2] == "author"
    assert len(set(slugs)) == 4


async def test_a_change_sets_what_is_given_and_nothing_else(twin: Twin):
    added = await twin.authors.add({"name": "Homr", "dob": date(2000, 1, 1)})
    changed = await twin.authors.change(added.id, {"name": "Homer"})
    assert (changed.name, changed.dob, changed.slug) == ("Homer", added.dob, "homr")
    assert changed.created_at == added.created_at
    assert changed.updated_at > added.updated_at
    assert (await twin.authors.page(AuthorList())).items == [changed]
    assert (await twin.authors.change(added.id, {"dob": None})).dob is None


@pytest.mark.parametrize("values", [{}, {"name": "Homer"}, {"name": "Homer", "dob": None}])
async def test_a_change_that_changes_nothing_leaves_the_time_as_it_was(twin: Twin, values: dict[str, Any]):
    added = await twin.authors.add({"name": "Homer"})
    assert await twin.authors.change(added.id, values) == added


async def test_a_renamed_row_is_found_and_sorted_by_its_new_name(twin: Twin):
    first, _ = await author(twin, "Aaa"), await author(twin, "Mmm")
    await twin.authors.change(first, {"name": "Žžž"})
    assert await names(twin) == ["Mmm", "Žžž"]
    assert await names(twin, searchString="zzz") == ["Žžž"]
    assert await names(twin, searchString="aaa") == []


async def test_a_replacement_makes_a_row_at_a_free_id_and_then_replaces_it(twin: Twin):
    made, new = await twin.authors.replace(NOBODY, {"name": "Homer", "dob": date(2000, 1, 1)})
    assert (made.id, new) == (NOBODY, True)
    again, new = await twin.authors.replace(NOBODY, {"name": "Virgil", "dob": None})
    assert (again.id, again.name, again.dob, new) == (NOBODY, "Virgil", None, False)
    assert (again.slug, again.created_at) == (made.slug, made.created_at)


async def test_a_row_that_is_not_there_is_not_found(twin: Twin):
    who = await author(twin)
    for service in (twin.authors, twin.books, twin.tags):
        for call, *arguments in ((service.change, {}), (service.remove,), (service.ensure_exists,)):
            with pytest.raises(NotFound):
                await call(NOBODY, *arguments)
    for call, *arguments in (
        (twin.books.set_tags, []),
        (twin.books.tags,),
        (twin.books.contributors,),
        (twin.books.set_contributors, [(who, "author")]),
    ):
        with pytest.raises(NotFound, match=r"^There is no such book\.$"):
            await call(NOBODY, *arguments)


async def test_a_removed_row_is_gone(twin: Twin):
    gone = await author(twin)
    await twin.authors.remove(gone)
    assert await names(twin) == []
    with pytest.raises(NotFound):
        await twin.authors.remove(gone)


async def test_an_author_with_books_stays(twin: Twin):
    writer, translator = await author(twin, "Homer"), await author(twin, "Fagles")
    what = await book(twin, author_id=writer)
    await twin.books.set_contributors(what, [(writer, "author"), (translator, "translator")])
    for who in (writer, translator):
        with pytest.raises(Conflict):
            await twin.authors.remove(who)
    await twin.books.remove(what)
    for who in (writer, translator):
        await twin.authors.remove(who)


async def test_a_book_whose_author_does_not_exist_is_refused(twin: Twin):
    with pytest.raises(ValidationFailed) as caught:
        await twin.books.add({"title": "Iliad", "author_id": NOBODY})
    assert paths(caught.value) == [(("author_id",), "not_found")]
    what = await book(twin)
    with pytest.raises(ValidationFailed) as caught:
        await twin.books.change(what, {"author_id": NOBODY})
    assert paths(caught.value) == [(("author_id",), "not_found")]


async def test_an_isbn_or_a_tag_name_that_is_taken_is_a_conflict_with_its_path(twin: Twin):
    writer = await author(twin)
    await book(twin, author_id=writer, isbn=ISBNS[0])
    other = await book(twin, "Odyssey", writer)
    for call in (
        twin.books.add({"title": "Iliad", "author_id": writer, "isbn": ISBNS[0]}),
        twin.books.change(other, {"isbn": ISBNS[0]}),
        twin.books.replace(uuid.uuid4(), {"title": "Iliad", "author_id": writer, "isbn": ISBNS[0]}),
    ):
        with pytest.raises(Conflict) as caught:
            await call
        assert paths(caught.value) == [(("isbn",), "taken")]
    await twin.tags.add({"name": "war"})
    with pytest.raises(Conflict) as caught:
        await twin.tags.add({"name": "war"})
    assert paths(caught.value) == [(("name",), "taken")]


# --- pages ---


async def test_pages_put_together_are_the_list_and_each_knows_the_total(twin: Twin):
    await twin.authors.create_many([{"name": f"N{number}"} for number in range(5)])
    found = []
    for number in (1, 2, 3):
        page = await twin.authors.page(
            AuthorList.model_validate(
                {"pageSize": "2", "currentPage": str(number), "orderBy": "name", "sortOrder": "asc"}
            )
        )
        assert (page.total, page.limit, page.offset) == (5, 2, 2 * (number - 1))
        found += [item.name for item in page.items]
    assert found == [f"N{number}" for number in range(5)]


@pytest.mark.parametrize(("number", "size"), [("1", "5"), ("9", "5"), ("2", "5"), ("1", "6"), ("11", "1000")])
async def test_the_total_is_right_wherever_the_page_lies(twin: Twin, number: str, size: str):
    await twin.authors.create_many([{"name": f"N{number}"} for number in range(5)])
    page = await twin.authors.page(AuthorList.model_validate({"pageSize": size, "currentPage": number}))
    assert page.total == 5


async def test_a_page_of_books_includes_tags_and_contributors_only_when_asked(twin: Twin):
    what = await book(twin)
    await twin.books.set_tags(what, ["war", "epic"])
    (plain,) = (await twin.books.page_including(BookList())).items
    (full,) = (await twin.books.page_including(BookList.model_validate({"include": ["tags,contributors"]}))).items
    assert [tag.name for tag in full.tags] == ["epic", "war"]
    assert [item.author.name for item in full.contributors] == ["Homer"]
    assert not isinstance(plain.tags, list)


async def test_both_databases_sort_names_alike(twin: Twin):
    given = ["Zola", "émile", "Eco", "ängel", "Āb", "_x", "10", "2", "ß", "Ἀθήνα", "日本", "a b", "a-b", "ab"]
    await twin.authors.create_many([{"name": name} for name in given])
    assert await names(twin) == ["10", "2", "_x", "a b", "a-b", "Āb", "ab", "ängel", "Eco", "émile", "ß", "Zola", "Ἀθήνα", "日本"]  # fmt: skip # noqa: E501


async def test_rows_are_walked_in_the_order_of_their_ids(twin: Twin):
    added = [item.id for item in await twin.authors.create_many([{"name": f"N{number}"} for number in range(5)])]
    first = await twin.authors.page_after(None, 2)
    rest = await twin.authors.page_after(first[-1].id, 10)
    assert [item.id for item in [*first, *rest]] == sorted(added)


# --- batches ---


async def test_a_batch_is_answered_in_its_order(twin: Twin):
    given = [f"N{number:03}" for number in reversed(range(300))]
    added = await twin.authors.create_many([{"name": name} for name in given])
    assert [item.name for item in added] == given
    assert len({item.slug for item in added}) == 300
    changed = await twin.authors.update_many([{"id": item.id, "name": item.name + "!"} for item in reversed(added)])
    assert [item.name for item in changed] == [name + "!" for name in reversed(given)]


async def test_what_a_batch_answers_is_what_is_stored(twin: Twin):
    added = await twin.authors.create_many([{"name": f"N{number}"} for number in range(5)])
    changed = await twin.authors.update_many(
        [
            {"id": item.id, **({"dob": date(2000, 1, 1)} if place % 2 else {"name": "X"})}
            for place, item in enumerate(added)
        ]
    )
    stored = {item.id: item for item in (await twin.authors.page(AuthorList())).items}
    assert changed == [stored[item.id] for item in changed]


async def test_rows_of_one_name_in_one_batch_have_slugs_of_their_own(twin: Twin):
    slugs = [item.slug for item in await twin.authors.create_many([{"name": "Jane Doe"}] * 20)]
    assert slugs[0] == "jane-doe"
    assert len(set(slugs)) == 20


async def test_a_batch_is_all_or_nothing_and_names_the_items_at_fault(twin: Twin):
    writer = await author(twin)
    await book(twin, author_id=writer, isbn=ISBNS[0])
    items = [
        {"title": "A", "author_id": writer, "isbn": ISBNS[1]},
        {"title": "B", "author_id": writer, "isbn": ISBNS[0]},
        {"title": "C", "author_id": writer, "isbn": ISBNS[1]},
    ]
    with pytest.raises(Conflict) as caught:
        await twin.books.create_many(items)
    assert paths(caught.value) == [(("items", 1, "isbn"), "taken"), (("items", 2, "isbn"), "taken")]
    with pytest.raises(ValidationFailed) as invalid:
        await twin.books.create_many([items[0], {**items[0], "author_id": NOBODY}])
    assert paths(invalid.value) == [(("items", 1, "author_id"), "not_found")]
    assert (await twin.books.page(BookList())).total == 1


async def test_a_batch_of_changes_names_the_rows_that_are_not_there_or_are_there_twice(twin: Twin):
    who = await author(twin)
    with pytest.raises(NotFound) as missing:
        await twin.authors.update_many([{"id": who, "name": "X"}, {"id": NOBODY, "name": "X"}])
    assert paths(missing.value) == [(("items", 1, "id"), "not_found")]
    with pytest.raises(ValidationFailed) as repeated:
        await twin.authors.update_many([{"id": who, "name": "X"}, {"id": who, "name": "Y"}])
    assert paths(repeated.value) == [(("items", 1), "repeated")]
    assert await names(twin) == ["Homer"]


async def test_a_batch_of_deletions_is_all_or_nothing(twin: Twin):
    free, busy = await author(twin, "Free"), await author(twin, "Busy")
    await book(twin, author_id=busy)
    with pytest.raises(Conflict) as conflict:
        await twin.authors.delete_many([free, busy])
    assert paths(conflict.value) == [(("ids", 1), "in_use")]
    with pytest.raises(NotFound) as missing:
        await twin.authors.delete_many([free, NOBODY])
    assert paths(missing.value) == [(("ids", 1), "not_found")]
    with pytest.raises(ValidationFailed) as repeated:
        await twin.authors.delete_many([free, free])
    assert paths(repeated.value) == [(("ids", 1), "repeated")]
    assert await names(twin) == ["Busy", "Free"]
    await twin.authors.delete_many([free])
    assert await names(twin) == ["Busy"]


async def test_an_upsert_creates_updates_and_leaves_alone(twin: Twin):
    same, other = [(await twin.tags.add({"name": name, "description": "old"})) for name in ("same", "other")]
    done = await twin.tags.upsert_many(
        [{"name": "new"}, {"name": "other", "description": "new"}, {"name": "same", "description": "old"}]
    )
    assert (done.created, done.updated, done.unchanged) == (1, 1, 1)
    assert [item.name for item in done.items] == ["new", "other", "same"]
    assert done.items[1].id == other.id
    assert done.items[1].updated_at > other.updated_at
    assert done.items[2] == same


async def test_an_upsert_keeps_what_it_does_not_give(twin: Twin):
    await twin.tags.add({"name": "war", "description": "old"})
    done = await twin.tags.upsert_many([{"name": "war"}])
    assert (done.items[0].description, done.unchanged) == ("old", 1)


async def test_an_upsert_twice_is_an_upsert_once(twin: Twin):
    writer = await author(twin)
    items = [{"title": f"T{number}", "author_id": writer, "isbn": isbn} for number, isbn in enumerate(ISBNS)]
    first = await twin.books.upsert_many(items)
    second = await twin.books.upsert_many(items)
    assert (first.created, second.unchanged) == (3, 3)
    assert second.items == first.items


async def test_an_author_is_matched_by_name_and_date_of_birth(twin: Twin):
    one = await author(twin, "Jane Doe", dob=date(1900, 1, 1))
    done = await twin.authors.upsert_many(
        [{"name": "Jane Doe", "dob": date(1900, 1, 1)}, {"name": "Jane Doe", "dob": None}]
    )
    assert (done.created, done.unchanged, done.items[0].id) == (1, 1, one)
    again = await twin.authors.upsert_many([{"name": "Jane Doe", "dob": None}])
    assert (again.unchanged, again.items[0].id) == (1, done.items[1].id)


async def test_an_upsert_that_could_mean_two_rows_is_a_conflict_that_names_them(twin: Twin):
    twice = [await author(twin, "Jane Doe"), await author(twin, "Jane Doe")]
    with pytest.raises(Conflict) as caught:
        await twin.authors.upsert_many([{"name": "New", "dob": None}, {"name": "Jane Doe", "dob": None}])
    assert paths(caught.value) == [(("items", 1), "ambiguous")]
    assert all(str(each) in caught.value.field_errors[0].detail for each in twice)
    assert await names(twin) == ["Jane Doe", "Jane Doe"]


async def test_an_upsert_without_a_key_or_with_one_twice_is_refused(twin: Twin):
    writer = await author(twin)
    with pytest.raises(ValidationFailed) as missing:
        await twin.books.upsert_many(
            [{"title": "A", "author_id": writer}, {"title": "B", "author_id": writer, "isbn": None}]
        )
    assert paths(missing.value) == [(("items", 0, "isbn"), "missing"), (("items", 1, "isbn"), "missing")]
    with pytest.raises(ValidationFailed) as repeated:
        await twin.tags.upsert_many([{"name": "a"}, {"name": "b"}, {"name": "a"}])
    assert paths(repeated.value) == [(("items", 2), "repeated")]


async def test_a_thousand_items_are_one_batch(twin: Twin):
    writer = await author(twin)
    isbns = [new_isbn() for _ in range(1000)]
    items = [{"title": f"T{number}", "author_id": writer, "isbn": isbn} for number, isbn in enumerate(isbns)]
    assert (await twin.books.upsert_many(items)).created == 1000
    done = await twin.books.upsert_many([{**item, "year": 2000} for item in items])
    assert done.updated == 1000
    await twin.books.delete_many([item.id for item in done.items])
    assert (await twin.books.page(BookList())).total == 0


# --- tags and contributors ---


async def test_tags_are_set_whole_and_made_when_they_are_new(twin: Twin):
    what = await book(twin)
    war = (await twin.tags.add({"name": "war", "description": "x"})).id
    given = await twin.books.set_tags(what, ["war", "epic", "war"])
    assert [(tag.name, tag.description) for tag in given] == [("epic", None), ("war", "x")]
    assert given[1].id == war
    assert [tag.name for tag in await twin.books.set_tags(what, ["peace", "war"])] == ["peace", "war"]
    assert await twin.books.tags(what) == await twin.books.set_tags(what, ["war", "peace"])
    assert await twin.books.set_tags(what, []) == []
    assert (await twin.tags.page(TagList())).total == 3


async def test_a_removed_tag_is_taken_off_its_books_and_a_removed_book_leaves_its_tags(twin: Twin):
    what = await book(twin)
    tags = await twin.books.set_tags(what, ["war", "epic"])
    await twin.tags.remove(tags[0].id)
    assert [tag.name for tag in await twin.books.tags(what)] == ["war"]
    await twin.books.remove(what)
    assert (await twin.tags.page(TagList())).total == 1


async def test_setting_tags_changes_the_book_and_setting_the_same_does_not(twin: Twin):
    what = await book(twin)

    async def updated() -> Any:
        return (await twin.books.page(BookList())).items[0].updated_at

    before = await updated()
    await twin.books.set_tags(what, ["war"])
    after = await updated()
    assert after > before
    await twin.books.set_tags(what, ["war"])
    assert await updated() == after


async def test_contributors_are_set_whole_and_in_order_and_the_first_author_is_the_books(twin: Twin):
    people = [await author(twin, name) for name in "ABC"]
    what = await book(twin, author_id=people[2])
    wanted = [(people[0], "editor"), (people[1], "author"), (people[0], "author"), (people[1], "translator")]
    given = await twin.books.set_contributors(what, wanted)
    assert [(item.author.id, item.role) for item in given] == wanted
    assert await twin.books.contributors(what) == given
    assert (await twin.books.page(BookList())).items[0].author_id == people[1]
    await twin.books.set_contributors(what, list(reversed(wanted)))
    assert [(item.author.id, item.role) for item in await twin.books.contributors(what)] == list(reversed(wanted))
    assert (await twin.books.page(BookList())).items[0].author_id == people[0]


async def test_contributors_that_cannot_be_a_books_are_refused(twin: Twin):
    who = await author(twin)
    what = await book(twin, author_id=who)
    for wanted, expected in (
        ([(who, "author"), (who, "author")], [(("items", 1), "repeated")]),
        ([(who, "author"), (NOBODY, "editor")], [(("items", 1, "author_id"), "not_found")]),
    ):
        with pytest.raises(ValidationFailed) as caught:
            await twin.books.set_contributors(what, wanted)
        assert paths(caught.value) == expected
    assert [item.author.id for item in await twin.books.contributors(what)] == [who]


async def test_a_book_given_another_author_keeps_its_other_contributors(twin: Twin):
    people = [await author(twin, name) for name in "ABC"]
    what = await book(twin, author_id=people[0])
    await twin.books.set_contributors(what, [(people[0], "author"), (people[1], "author"), (people[2], "editor")])
    await twin.books.change(what, {"author_id": people[1]})
    assert [(item.author.name, item.role) for item in await twin.books.contributors(what)] == [
        ("B", "author"),
        ("C", "editor"),
    ]


# --- units of work ---


async def test_a_unit_of_work_that_raises_leaves_nothing(twin: Twin):
    async def work(services: Services) -> None:
        await services.authors.add({"name": "Ghost"})
        raise RuntimeError("no")

    with pytest.raises(RuntimeError, match="no"):
        await twin.change(work)
    assert await names(twin) == []


async def test_a_refused_request_takes_back_what_it_did_first(twin: Twin):
    what = await book(twin)

    async def work(services: Services) -> None:
        await services.books.set_tags(what, ["ghost"])
        await services.books.set_contributors(what, [(NOBODY, "author")])

    with pytest.raises(ValidationFailed):
        await twin.write(work)
    assert await twin.books.tags(what) == []
    assert (await twin.tags.page(TagList())).total == 0
