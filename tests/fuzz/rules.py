"""Invariants of every stored row."""

from __future__ import annotations

from typing import Any

from diptych.core.catalogue.books import isbn, language, years
from diptych.core.catalogue.books.contributors import AUTHOR, ROLES
from diptych.core.catalogue.tags import rules
from diptych.core.engine import slugs, text_normalization
from tests.fuzz.alike import Different

Stored = dict[str, list[dict[str, Any]]]


def check_stored(rows: Stored) -> None:
    """Errors: Different, naming a row that violates the rules."""
    for table, column in (("author", "name"), ("book", "title"), ("tag", "name")):
        for row in rows[table]:
            _check(row, text_normalization.clean(row[column]) == row[column] != "", "its name is clean")
            _check(row, row["search_text"] == text_normalization.fold(row[column]), "it is found by its name")
            _check(row, row["sort_key"] == text_normalization.sort_key(row[column]), "it is sorted by its name")
            _check(row, row["created_at"] <= row["updated_at"], "it was made before it was changed")
            if "slug" in row:
                _check(
                    row, slugs.check_slug(text_normalization.clean(row["slug"])) == row["slug"] != "", "its slug is one"
                )
    for row in rows["tag"]:
        _check(row, rules.tag_name(row["name"]) == row["name"], "it has the one spelling of its name")
    for row in rows["book"]:
        _check(row, row["isbn"] is None or isbn.isbn13(row["isbn"]) == row["isbn"], "its ISBN is one")
        _check(row, row["year"] is None or years.YEAR_MIN <= row["year"] <= years.YEAR_MAX, "its year is one")
        tag = row["language"]
        _check(row, tag is None or language.language_tag(tag) == tag, "its language is one")
    authors = {row["id"]: row["author_id"] for row in rows["book"]}
    for row in rows["book_contributor"]:
        _check(row, row["role"] in ROLES and row["position"] >= 0, "it has a role and a place")
        _check(row, (row["role"], row["author_id"]) != (AUTHOR, authors[row["book_id"]]), "the first author is another")


def _check(row: dict[str, Any], kept: object, rule: str) -> None:
    if not kept:
        raise Different(f"not so, that {rule}: {row}")
