"""The pages to merge a row into another that is about the same."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from msgspec import Struct

from diptych.core.http.idempotency import FORM_KEY
from diptych.core.web import templates
from diptych.core.web.books import Link
from diptych.core.web.forms import Form, Refused, new_key
from diptych.core.web.frame import Frame
from diptych.core.web.wording import TEXTS, text


class MergeView(Struct, frozen=True):
    """Merging a row into this one.

    address: of the page. q: what the other one was searched by, and found: those that have it. other: the name of the
    one that was chosen, other_id its id, books how many move, taken: labels and values that this row lacks.
    """

    name: str
    address: str
    q: str = ""
    found: Sequence[Link] = ()
    other: str = ""
    other_id: str = ""
    books: int = 0
    taken: Sequence[tuple[str, str]] = ()

    @property
    def back(self) -> str:
        """The address of the row's page."""
        return self.address.rpartition("/")[0]

    @property
    def hidden(self) -> list[tuple[str, str]]:
        """The fields of the form to confirm, with what the page shows after a refusal."""
        return [
            (FORM_KEY, new_key()), ("other", self.other_id), ("name", self.name), ("other_name", self.other),
            ("books", str(self.books)),
        ]  # fmt: skip


def candidate(row: Any, line: Link, address: str) -> Link:
    """Return the link that chooses a row to be merged. line: of the row in a list. address: of the page."""
    return Link(line.name, f"{address}?other={row.id}", line.note or getattr(row, "slug", ""))


def taken_over(row: Any, other: Any, columns: Sequence[str]) -> list[tuple[str, str]]:
    """Return the labels and values of columns that a row lacks, and takes from another."""
    found: list[tuple[str, str]] = []
    for name in columns:
        value = getattr(other, name)
        # The year of birth follows from the day.
        follows = name == "birth_year" and (row.dob is not None or other.dob is not None)
        if getattr(row, name) is None and value is not None and not follows:
            key = f"author_kind.{value}"
            found.append((text(f"label.{name}"), text(key) if name == "kind" and key in TEXTS else str(value)))
    return found


def merge(frame: Frame, view: MergeView, form: Form | None = None) -> bytes:
    """Return the page to choose a row, or to confirm that it is merged."""
    return templates.render("merge.html", frame, view=view, form=form or Form())


def merge_again(refused: Refused) -> bytes:
    """Return the page to confirm a merge after it was refused, with the reason."""
    typed = refused.typed
    number = typed.get("books", "")
    view = MergeView(
        typed.get("name", ""), refused.address, other=typed.get("other_name", ""), other_id=typed.get("other", ""),
        books=int(number) if number.isdecimal() and len(number) < 10 else 0,
    )  # fmt: skip
    return merge(refused.frame, view, Form(typed, {}, [refused.problem.detail]))
