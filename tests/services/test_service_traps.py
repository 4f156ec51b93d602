"""What people do with services besides calling each verb once: instances, stale sessions, odd values."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy.orm import Session

from diptych.core.catalogue.authors.model import Author
from diptych.core.catalogue.authors.schemas import AuthorList
from diptych.core.catalogue.books.schemas import BookList
from diptych.core.database import sync_config
from diptych.core.errors import ValidationFailed
from diptych.core.http.filters import provide_filters
from diptych.core.settings import Settings
from diptych.core.sync.services import AuthorService, BookService, TagService
from tests.support.databases import BACKENDS, Databases


@pytest.fixture(scope="module", params=BACKENDS)
def config(request: pytest.FixtureRequest, databases: Databases) -> Iterator[Any]:
    found = sync_config(Settings(database_url=databases.migrated(request.param)))
    yield found
    found.get_engine().dispose()


@pytest.fixture
def session(config: Any) -> Iterator[Session]:
    with config.get_session() as session:
        yield session
        session.rollback()
        for service in (BookService, TagService, AuthorService):
            service(session).delete_where()
        session.commit()


def later() -> None:
    """Let the clock of the rows go on: it counts microseconds."""
    time.sleep(0.001)


@pytest.mark.parametrize("verb", ["update", "upsert", "update_many", "upsert_many"])
def test_a_changed_instance_moves_updated_at(session: Session, verb: str):
    authors = AuthorService(session)
    author = authors.create({"name": "Tove"}, auto_commit=True)
    before = author.updated_at
    later()
    author.name = "Tove Jansson"
    getattr(authors, verb)([author] if verb.endswith("many") else author)
    session.commit()
    session.expire_all()
    again = authors.get(author.id)
    assert (again.name, again.slug, again.search_text) == ("Tove Jansson", "tove", "tove jansson")
    assert again.updated_at > before


def test_an_instance_with_another_first_author_takes_them_off_the_others(session: Session):
    one, other = AuthorService(session).create_many([{"name": "One"}, {"name": "Other"}])
    books = BookService(session)
    book = books.create({"title": "Both", "author_id": one.id})
    books.set_contributors(book.id, [(one.id, "author"), (other.id, "author")])
    session.commit()
    book.author_id = other.id
    books.update(book, auto_commit=True)
    assert books.contributor_ids([book]) == {book.id: [(other.id, "author")]}


def test_a_session_that_has_an_old_row_writes_over_no_newer_one_by_mistake(session: Session, config: Any):
    authors = AuthorService(session)
    author = authors.create({"name": "X"})
    session.commit()
    with config.get_session() as another:
        AuthorService(another).update({"name": "Y"}, author.id, auto_commit=True)
    authors.update_many([{"id": author.id, "name": "X"}], auto_commit=True)
    with config.get_session() as another:
        assert AuthorService(another).get(author.id).name == "X"
        AuthorService(another).update({"name": "Z"}, author.id, auto_commit=True)
    authors.upsert({"name": "Z"}, auto_commit=True)
    assert authors.count() == 1


def test_all_rows_of_a_value_are_deleted(session: Session):
    authors = AuthorService(session)
    authors.create_many([{"name": "Jane Doe"}, {"name": "Jane Doe"}, {"name": "x"}])
    assert len(authors.delete_many(["Jane Doe"], id_attribute="name")) == 2
    assert [author.name for author in authors.get_many()] == ["x"]


def test_a_row_added_again_after_a_rollback_is_searched_by_its_new_name(session: Session):
    author = Author(name="Jane")
    session.add(author)
    session.flush()
    session.rollback()
    author.name = "Mary"
    session.add(author)
    session.commit()
    assert (author.search_text, author.sort_key) == ("mary", "mary")


def test_two_items_that_mean_one_row_are_refused(session: Session):
    authors = AuthorService(session)
    authors.create({"name": "A", "dob": None})
    with pytest.raises(ValidationFailed) as refused:
        authors.upsert_many([{"name": "A"}, {"name": "A", "dob": None}])
    assert [error.path[:2] for error in refused.value.field_errors if error.path] == [("items", 1)]


@pytest.mark.parametrize(
    ("service", "values"),
    [
        (AuthorService, {"name": 5}),
        (TagService, {"name": ["x"]}),
        (BookService, {"title": "x", "year": 1972.5}),
        (BookService, {"title": "x", "year": True}),
        (BookService, {"title": "x", "isbn": 9780954221713}),
        (BookService, {"title": "x", "language": 3}),
    ],
)
def test_a_value_of_another_type_is_refused_by_name(session: Session, service: Any, values: dict[str, Any]):
    for write in (service(session).create, lambda data: service(session).create_many([data])):
        with pytest.raises(ValidationFailed, match="cannot be"):
            write(values)


def test_a_row_without_a_name_is_refused_by_its_place(session: Session):
    with pytest.raises(ValidationFailed) as refused:
        AuthorService(session).create_many([{"name": "x"}, {"name": None}, {}])
    assert [error.path for error in refused.value.field_errors] == [("items", 1, "name"), ("items", 2, "name")]


def test_a_refused_change_of_an_id_leaves_the_session_usable(session: Session):
    authors = AuthorService(session)
    kept, other = authors.create_many([{"name": "keep"}, {"name": "other"}])
    with pytest.raises(ValidationFailed, match="id of a row"):
        authors.update({"id": other.id, "name": "z"}, kept.id)
    session.commit()
    assert sorted(author.name for author in authors.get_many()) == ["keep", "other"]


def test_an_id_or_a_slug_that_is_none_is_not_given(session: Session):
    tags = TagService(session)
    first = tags.upsert({"id": None, "name": "x"})
    assert tags.upsert({"id": None, "name": "x"}).id == first.id
    author = AuthorService(session).create({"name": "Zed"})
    AuthorService(session).update({"slug": None, "name": "Zoe"}, author.id)
    assert author.slug == "zed"


def test_a_slug_of_ones_own_is_kept_and_no_other_row_of_the_batch_gets_it(session: Session):
    authors = AuthorService(session)
    own, made = authors.create_many([{"name": "A", "slug": "jane-doe"}, {"name": "Jane Doe"}])
    assert own.slug == "jane-doe"
    assert made.slug.startswith("jane-doe-")


def test_in_and_not_in_of_one_filter_are_read_apart(session: Session):
    author = AuthorService(session).create({"name": "A"})
    books = BookService(session)
    for title, tags in (("B1", ["red"]), ("B2", ["red", "blue"]), ("B3", ["green"])):
        books.set_tags(books.create({"title": title, "author_id": author.id}).id, tags)
    filters = provide_filters(BookService.spec, BookList, "tagsIn=red&tagsIn=green&tagsNotIn=blue")
    rows, total = books.get_many_and_count(*filters)
    assert ({row.title for row in rows}, total) == ({"B1", "B3"}, 2)


def test_what_only_the_lists_of_the_api_take_is_refused():
    for query in ("q=x", "total=false", "orderBy=relevance"):
        with pytest.raises(ValidationFailed):
            provide_filters(AuthorService.spec, AuthorList, query)
