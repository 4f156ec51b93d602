"""The pages of the history: who has changed what, field by field."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from msgspec import Struct

from diptych.core.engine.column_types import parse_uuid
from diptych.core.engine.schemas.pagination import Page
from diptych.core.history.schemas import ACTIONS, VIAS, Change, RowChanges
from diptych.core.http.idempotency import FORM_KEY
from diptych.core.http.pagination_links import places_of
from diptych.core.web import templates
from diptych.core.web.books import Link
from diptych.core.web.forms import Refused, new_key
from diptych.core.web.frame import Frame
from diptych.core.web.lists import Pager
from diptych.core.web.values import day_text, language_text, via_text
from diptych.core.web.wording import TEXTS, text

REFERENCES = {"author_id": "authors", "publisher_id": "publishers", "series_id": "series", "tag_id": "tags"}
"""Columns with the id of a row, with the resource that has it."""

_UNTOLD = ("id", "created_at", "position", "number", "book_id", "digest")
"""Columns that say nothing to people."""

_ORDER = (
    "title", "name", "author_id", "tag_id", "series_id", "identifier", "role", "position", "subtitle", "publisher_id",
    "published", "year", "language", "isbn", "edition", "format", "pages", "description",
)  # fmt: skip
"""Columns that are shown first, in this order: PostgreSQL's JSON does not keep the order of the table."""

Names = Mapping[UUID, Link]
"""The pages of rows that exist, by id."""


class Difference(Struct, frozen=True):
    """What has changed in a field: what went, and what came, a line each."""

    label: str
    gone: Sequence[str]
    come: Sequence[str]


class ChangeView(Struct, frozen=True):
    """What has become of a row. what: in words, such as "changed". id: of the change, if it was one; otherwise 0.

    row: its page, without an address where it is deleted.
    """

    id: int
    what: str
    kind: str
    row: Link
    differences: Sequence[Difference]


class Occasion(Struct, frozen=True):
    """Changes that were made at once, by one request. moment: for programs. request_id: empty where there was none."""

    moment: str
    when: str
    who: str
    how: str
    request_id: str
    changes: Sequence[ChangeView]


class Filter(Struct, frozen=True):
    """A choice of what is shown. options: values and words."""

    name: str
    label: str
    value: str
    options: Sequence[tuple[str, str]]


class HistoryView(Struct, frozen=True):
    """A page of the history. row: whose it is; None for that of the catalogue. address: of the page. key: of forms."""

    row: Link | None
    address: str
    occasions: Sequence[Occasion]
    filters: Sequence[Filter]
    request_id: str
    pager: Pager

    @property
    def key(self) -> str:
        """A new key for a form."""
        return new_key()


def ids_in(changes: Sequence[Change]) -> dict[str, set[UUID]]:
    """Return the ids of the rows that changes are about or name, by resource."""
    found: dict[str, set[UUID]] = {}
    for change in changes:
        found.setdefault(change.resource, set()).add(change.resource_id)
        for column, value in _named_ids(change):
            found.setdefault(REFERENCES[column], set()).add(value)
    return found


def _named_ids(change: Change) -> Iterator[tuple[str, UUID]]:
    for state in (change.before or {}, change.after or {}):
        parts = [row for part in state.values() if isinstance(part, list) for row in part if isinstance(row, dict)]
        for row in (state, *parts):
            for column in REFERENCES.keys() & row.keys():
                if (value := _uuid(row[column])) is not None:
                    yield column, value


def _uuid(value: Any) -> UUID | None:
    try:
        return parse_uuid(value) if isinstance(value, str) else None
    except ValueError:
        return None


def occasions(changes: Sequence[Change], names: Names) -> list[Occasion]:
    """Return changes, the newest first, by the request that has made them."""
    found = []
    for (request_id, principal, via), made in groupby(
        changes, lambda each: (each.request_id, each.principal, each.via)
    ):
        group = [*made]
        newest = group[0]
        found.append(
            Occasion(
                newest.at.isoformat(),
                text("history.when", day=day_text(newest.at), time=newest.at.strftime("%H:%M")),
                newest.name or principal or text("history.nobody"),
                via_text(via),
                request_id or "",
                _views(group, names),
            )
        )
    return found


def _sender(change: Change) -> tuple[str | None, str | None, str]:
    return change.request_id, change.principal, change.via


def _views(changes: Sequence[Change], names: Names) -> list[ChangeView]:
    """Return the views of the rows that changes were made to, the newest first: one of all changes of a row."""
    rows: dict[tuple[str, UUID], list[Change]] = {}
    for change in changes:
        rows.setdefault((change.resource, change.resource_id), []).insert(0, change)
    return [_view(made, names) for made in rows.values()]


def _view(changes: Sequence[Change], names: Names) -> ChangeView:
    """Return the view of the changes of one row, of which the oldest comes first."""
    last = changes[-1]
    states = [state for change in reversed(changes) for state in (change.after, change.before) if state]
    name = next((state[key] for state in states for key in ("title", "name") if state.get(key)), last.resource_id)
    actions = {change.action for change in changes}
    action = next(each for each in ("delete", "create", "update") if each in actions)
    kind = f"one.{last.resource}"
    return ChangeView(
        last.id if len(changes) == 1 else 0,
        text(f"action.{action}"),
        text(kind) if kind in TEXTS else last.resource,
        names.get(last.resource_id) or Link(str(name), ""),
        differences(changes, names),
    )


def differences(changes: Sequence[Change], names: Names) -> list[Difference]:
    """Return the fields that changes of one row have changed, the oldest first, with their values in words."""
    before: dict[str, Any] = {}
    after: dict[str, Any] = {}
    for change in changes:
        went, came = change.before or {}, change.after or {}
        for name in dict.fromkeys([*went, *came]):
            gone, come = went.get(name), came.get(name)
            if isinstance(gone, list) or isinstance(come, list):
                gone, come = _net(before.get(name, []), after.get(name, []), gone or [], come or [])
                before[name] = gone
            before.setdefault(name, gone)
            after[name] = come
    untold = {*_UNTOLD, *(["slug"] if any(each.action != "update" for each in changes) else [])}
    found = [
        Difference(_label(name), _lines(name, gone, names), _lines(name, after[name], names))
        for name, gone in sorted(before.items(), key=_place)
        if gone != after[name] and name not in untold
    ]
    return [each for each in found if each.gone or each.come]


def _place(item: tuple[str, Any]) -> tuple[int, str]:
    name = item[0]
    return _ORDER.index(name) if name in _ORDER else len(_ORDER), name


def _net(gone: list[Any], come: list[Any], then_gone: list[Any], then_come: list[Any]) -> tuple[list[Any], list[Any]]:
    """Return which rows of a part went and which came, after more of both: what went and came again did neither."""
    went = [*gone, *(row for row in then_gone if row not in come)]
    came = [*(row for row in come if row not in then_gone), *then_come]
    return [row for row in went if row not in came], [row for row in came if row not in went]


def _label(name: str) -> str:
    for key in (f"history.{name}", f"label.{name}"):
        if key in TEXTS:
            return text(key)
    return name


def _lines(name: str, value: Any, names: Names) -> list[str]:
    if value is None or value == "":
        return []
    if isinstance(value, list):
        return [_row(each, names) for each in value]
    return [_word(name, value, names)]


def _row(row: Any, names: Names) -> str:
    """Return a row of a part, such as a contributor, in words."""
    if not isinstance(row, dict):
        return str(row)
    # The position of a contributor is its place in the list; that of a book in a series is shown.
    ordered = dict(sorted(row.items(), key=_place))
    shown = [name for name in ordered if name not in _UNTOLD or (name == "position" and "series_id" in row)]
    return ", ".join(_word(name, row[name], names) for name in shown if row[name] is not None)


def _word(name: str, value: Any, names: Names) -> str:
    if name in REFERENCES and (row_id := _uuid(value)) in names:
        return names[row_id].name  # type: ignore[index]
    if name in ("language", "original_language") and isinstance(value, str):
        return language_text(value)
    key = f"author_kind.{value}" if name == "kind" else f"{name}.{value}"
    return text(key) if name in ("kind", "format", "role") and key in TEXTS else str(value)


def history_view(
    address: str, query: RowChanges, page: Page[Change], names: Names, row: Link | None = None
) -> HistoryView:
    """Return the view of a page of the history. address: of the page, from the root of the mount."""
    hidden = {"cursor", "current_page", "total"}
    asked = query.model_dump(mode="json", by_alias=True, exclude_unset=True, exclude=hidden)
    places = places_of(page)
    leading = {
        name: f"{address}?{urlencode([*_pairs(asked), *places[name]])}" for name in ("prev", "next") if name in places
    }
    return HistoryView(
        row,
        address,
        occasions(page.items, names),
        [] if row else _filters(asked),
        asked["requestIdIn"][0] if len(asked.get("requestIdIn", [])) == 1 else "",
        Pager("", leading.get("prev", ""), leading.get("next", "")),
    )


def _pairs(asked: Mapping[str, Any]) -> list[tuple[str, str]]:
    return [
        (name, str(each)) for name, value in asked.items() for each in (value if isinstance(value, list) else [value])
    ]


def _filters(asked: Mapping[str, Any]) -> list[Filter]:
    choices = {
        "resourceIn": [(name, text(f"nav.{name}")) for name in ("books", "authors", "publishers", "series", "tags")],
        "actionIn": [(name, text(f"action.{name}")) for name in ACTIONS],
        "viaIn": [(name, text(f"via.{name}")) for name in VIAS],
    }
    return [
        Filter(name, text(f"history.{name}"), (asked.get(name) or [""])[0], [("", text("history.all")), *options])
        for name, options in choices.items()
    ]


def history(frame: Frame, view: HistoryView) -> bytes:
    """Return a page of the history."""
    return templates.render("history.html", frame, view=view, form_key=FORM_KEY)


def not_undone(refused: Refused) -> bytes:
    """Return the page that tells why nothing was undone. The form that was sent says where to go back to."""
    reasons = [each.detail for each in refused.problem.field_errors] or [refused.problem.detail]
    back = refused.typed.get("back", "")
    back = back if back.startswith("ui/") else "ui/changes"
    return templates.render("not_undone.html", refused.frame, reasons=reasons, back=back)
