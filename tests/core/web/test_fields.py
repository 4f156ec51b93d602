"""What is typed into forms: fields of schemas, rows, and what two have changed."""

from __future__ import annotations

import pytest

from diptych.core.errors import ValidationFailed
from diptych.core.web.book_form import BOOK
from diptych.core.web.fields import FormOf, Group, Merged, Texts, merged, parsed, sent, text_of
from diptych.core.web.form_pages import FORMS

CONTRIBUTORS = next(each for each in BOOK.fields if isinstance(each, Group))


def test_the_fields_of_a_form_are_those_of_its_schema():
    for form in FORMS.values():
        assert {field.name for field in form.fields} == form.schema.model_fields.keys()
    ids = {"author_id"}
    assert {field.name for field in BOOK.fields} == BOOK.schema.model_fields.keys() - ids
    kinds = {field.name: getattr(field, "kind", "") for field in BOOK.fields}
    expected = {"year": "number", "description": "prose", "tags": "lines", "format": "choice", "title": "line"}
    assert kinds.items() >= expected.items()


def test_rows_that_are_blank_count_for_nothing_and_the_others_keep_their_order():
    typed = {
        "contributors.0.name": " ", "contributors.0.role": "editor", "contributors.0.id": "x",
        "contributors.10.name": "B", "contributors.2.name": "A", "contributors.2.role": "author",
    }  # fmt: skip

    values = sent(BOOK, typed)

    assert values == {"contributors.0.name": "A", "contributors.0.role": "author", "contributors.1.name": "B"}
    assert text_of(CONTRIBUTORS, sent(BOOK, {"contributors.7.name": ""})) == ""
    assert text_of(CONTRIBUTORS, {}) is None


def test_blank_fields_are_not_given_and_numbers_are_numbers():
    given = parsed(BOOK, {"title": " A ", "year": " -44 ", "isbn": "  ", "tags": "b\n\n a \n"})

    assert (given.title, given.year, given.isbn, given.tags) == ("A", -44, None, ["b", "a"])
    assert "isbn" not in given.model_fields_set


@pytest.mark.parametrize(
    ("form", "values", "path"),
    [
        (BOOK, {}, ("title",)),
        (BOOK, {"title": "A", "year": "1e3"}, ("year",)),
        (BOOK, {"title": "A", "year": "٣"}, ("year",)),
        (BOOK, {"title": "A", "tags": "x\n" + "y" * 101}, ("tags", 1)),
        (BOOK, {"title": "A", "contributors.0.name": "B", "contributors.0.role": "king"}, ("contributors", 0, "role")),
        (FORMS["author"], {"name": "x" * 300_000}, ("name",)),
    ],
)
def test_what_is_wrong_has_the_place_of_its_field(form: FormOf, values: Texts, path: tuple[object, ...]):
    with pytest.raises(ValidationFailed) as refused:
        parsed(form, values)

    assert [each.path for each in refused.value.field_errors] == [path]


@pytest.mark.parametrize("name", ["x", "contributors", "contributors.0", "contributors.0.x", "was.x", "title.0.name"])
def test_a_field_that_no_page_has_is_refused(name: str):
    with pytest.raises(ValidationFailed) as refused:
        sent(BOOK, {name: ""})

    assert refused.value.field_errors[0].path == (name,)


@pytest.mark.parametrize(
    ("was", "mine", "now", "expected"),
    [
        ("A", "A", "A", Merged([], [], [])),
        ("A", "B", "A", Merged(["name"], [], [])),
        ("A", "A", "C", Merged([], ["name"], [])),
        ("A", "B", "C", Merged([], [], ["name"])),
        ("A", "B", "B", Merged([], [], [])),
        ("A", " A ", "A", Merged([], [], [])),
        (None, "B", "C", Merged(["name"], [], [])),
        ("A", None, "C", Merged([], ["name"], [])),
    ],
)
def test_of_each_field_it_is_known_who_has_changed_it(was: str, mine: str, now: str, expected: Merged):
    typed = {name: value for name, value in (("was.name", was), ("name", mine)) if value is not None}

    assert merged(FORMS["publisher"], typed, {"name": now}) == expected


def test_rows_that_are_taken_from_before_are_the_same_rows():
    rows = {"contributors.0.name": "A&B=", "contributors.0.role": "author", "contributors.0.id": "7"}
    before = text_of(CONTRIBUTORS, rows)

    taken = sent(BOOK, {"contributors.0.name": "C", "then.contributors": before or "", "take.contributors": "then"})

    assert taken == rows
    assert sent(BOOK, {"title": "A", "was.title": "B", "take.title": "now"}) == {"title": "B", "was.title": "B"}
    broken = {"contributors.0.name": "C", "then.contributors": "%&0=x&y.z=1", "take.contributors": "then"}
    assert sent(BOOK, broken) == {"contributors.0.name": ""}
