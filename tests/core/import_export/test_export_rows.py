"""The lines of an export, read back."""

from __future__ import annotations

from typing import Any

import pytest

from diptych.core.formats.record import Reject
from diptych.core.import_export.export_rows import read_exported

ID = "01890f3e-8f6a-7cc0-9d5a-3b1f6d2c4e5f"
TIME = "2026-01-31T12:00:00Z"
AUTHOR = {"type": "author", "id": ID, "name": "A", "slug": "a", "created_at": TIME, "updated_at": TIME}
BOOK = {
    "type": "book", "id": ID, "title": "A", "slug": "a", "created_at": TIME, "updated_at": TIME,
    "author_id": ID, "contributors": [{"author_id": ID, "role": "author"}], "tags": [],
}  # fmt: skip


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        (
            AUTHOR | {"slug": "A b", "more": 1},
            "slug: a slug has letters, numbers, marks and hyphens; more: no such member here",
        ),
        (
            BOOK | {"contributors": [3], "tags": "x"},
            "contributors.0: Input should be an object; tags: Input should be an array",
        ),
        (BOOK | {"id": "x"}, "id: should be a UUID in the 8-4-4-4-12 form"),
    ],
)
def test_a_faulty_line_is_described_in_the_words_of_the_api(row: dict[str, Any], reason: str):
    assert read_exported(row, 7) == Reject(7, reason, row)
