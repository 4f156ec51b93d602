"""Which column of a file holds which field, and how its cells are read."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from diptych.core.formats.option_names import option
from diptych.core.import_export.column_rules import (
    ColumnRule,
    dates_rule,
    literal,
    name_separator,
    people_rule,
    tags_rule,
)
from diptych.core.import_export.fields import (
    FURTHER,
    PERSON_FIELDS,
    PLURAL_COLUMNS,
    PLURALS,
    USUAL_COLUMNS,
    FieldColumns,
    column_named,
    field_named,
    plain,
)
from diptych.core.import_export.presets import Preset, preset_of

REASON = "reason"
"""The column that files of rejects have besides those of their source."""

_PEOPLE = frozenset([*PERSON_FIELDS, "contributors", "author_sort"])
_DATES = ("published", "original_year")

Pairs = Sequence[tuple[str, str]]


@dataclass(slots=True, eq=False)
class ColumnMap:
    """Where each field is read from, and the rules of columns, by their plain names.

    columns: the names of all columns of the file, as far as they are known.
    """

    places: Mapping[str, FieldColumns]
    rules: Mapping[str, ColumnRule]
    columns: tuple[str, ...]
    preset: Preset | None
    explicit_plurals: frozenset[str] = frozenset()
    _keys: dict[tuple[str, ...], dict[str, Keys]] = field(default_factory=dict)

    def keys_of(self, row: Mapping[str, Any]) -> dict[str, Keys]:
        """Return the keys of each field in a row; fields without any are left out."""
        names = tuple(row)
        found = self._keys.get(names)
        if found is None:
            found = self._keys[names] = self._resolved(names)
        return found

    def _resolved(self, names: tuple[str, ...]) -> dict[str, Keys]:
        by_plain = {plain(name): name for name in reversed(names)}

        def there(columns: Iterable[str]) -> tuple[str, ...]:
            keys = (column if column in names else by_plain.get(plain(column)) for column in columns)
            return tuple(dict.fromkeys(key for key in keys if key is not None))

        resolved = {field_: Keys(there(place.best), there(place.also)) for field_, place in self.places.items()}
        return {field_: keys for field_, keys in resolved.items() if keys.best or keys.also}

    def columns_of_fields(self) -> dict[str, list[str]]:
        """Return the columns that each field is read from."""
        return {name: [*keys.best, *keys.also] for name, keys in self._resolved(self.columns).items()}

    def rule(self, key: str) -> ColumnRule:
        """Return the rule of a column."""
        return self.rules.get(plain(key), _PLAIN_RULE)

    def notices(self) -> Iterator[str]:
        """Yield lines about the preset, the columns that are read and how, and those that are ignored."""
        if self.preset is not None:
            yield f"Recognised: {self.preset.name}"
        used: dict[str, list[str]] = {}
        for field_, keys in self._resolved(self.columns).items():
            for key in (*keys.best, *keys.also):
                used.setdefault(key, []).append(field_)
        if self.preset is not None:
            used |= {key: ["role"] for key in self.columns if plain(key) in self.preset.roles.values()}
        if used:
            yield f"Columns read: {', '.join(_as_read(key, used[key]) for key in self.columns if key in used)}"
        ignored = [key for key in self.columns if key not in used and plain(key) != REASON]
        if ignored:
            yield f"Columns ignored: {', '.join(ignored)}"
        for key in self.columns:
            if key in used and (notices := self.rule(key).notices()):
                yield f"Column {key}: {', '.join(notices)}"


@dataclass(frozen=True, slots=True)
class Keys:
    """The keys of a field in a row: the first of `best` that is not empty counts, and all of `also`."""

    best: tuple[str, ...]
    also: tuple[str, ...]


_PLAIN_RULE = ColumnRule()


def _as_read(key: str, fields: Sequence[str]) -> str:
    return key if [plain(name) for name in fields] == [plain(key)] else f"{key} ({', '.join(fields)})"


def infer_columns(
    columns: Sequence[str] | None,
    explicit: Pairs = (),
    separator: str | None = None,
    sample: Sequence[Mapping[str, Any]] = (),
) -> ColumnMap:
    """Return where each field is read from, given the columns of a file (None if each row has its own) and first rows.

    Explicit pairs (field, column; "" to ignore the field) win over what is recognised: a field that is given twice is
    read from both columns. The separator is used for all cells that are split.
    Raises ValueError for a field or column that does not exist, and when no column holds the title.
    """
    names = tuple(columns) if columns is not None else tuple(dict.fromkeys(key for row in sample for key in row))
    preset = preset_of(names)
    places = dict(USUAL_COLUMNS if preset is None else preset.columns)
    places |= {name: USUAL_COLUMNS[name] for name in FURTHER if name not in places}
    given = _explicit(explicit, columns)
    taken = {plain(column) for chosen in given.values() for column in chosen}
    places = {name: _without(place, taken) for name, place in places.items()}
    places |= {name: FieldColumns(chosen[:1], chosen[1:]) for name, chosen in given.items()}
    if columns is not None and not _holds_title(places.get("title"), columns):
        there = ", ".join(columns)
        how = option("map", "title=COLUMN", member='{"title": ["COLUMN"]}')
        raise ValueError(f"no column holds the title: say which with {how} (there are {there})")
    plurals = frozenset(plain(column) for key, column in explicit if key in PLURALS)
    mapping = ColumnMap(places, {}, names, preset, plurals)
    mapping.rules = dict(_rules(mapping, separator, sample))
    return mapping


def _explicit(pairs: Pairs, columns: Sequence[str] | None) -> dict[str, tuple[str, ...]]:
    """Return the columns of each field that the user gives. Raises ValueError."""
    found: dict[str, tuple[str, ...]] = {}
    for key, column in pairs:
        name = field_named(key)
        found[name] = (*found.get(name, ()), *([column_named(column, columns)] if column else []))
    return found


def _without(place: FieldColumns, taken: set[str]) -> FieldColumns:
    return FieldColumns(
        tuple(name for name in place.best if name not in taken), tuple(name for name in place.also if name not in taken)
    )


def _holds_title(place: FieldColumns | None, columns: Sequence[str]) -> bool:
    there = {plain(column) for column in columns}
    return place is not None and any(plain(name) in there for name in (*place.best, *place.also))


# --- the rules of columns ---


def _rules(
    mapping: ColumnMap, separator: str | None, sample: Sequence[Mapping[str, Any]]
) -> Iterator[tuple[str, ColumnRule]]:
    """Yield the rule of each column that needs one."""
    for name, place in mapping.places.items():
        for column in map(plain, (*place.best, *place.also)):
            texts = _texts(sample, column)
            if not separator and mapping.preset is not None and column in mapping.preset.exact:
                yield column, ColumnRule(exact=True)
            elif name in _PEOPLE:
                yield column, _rule_of_people(mapping, name, column, separator, texts)
            elif name == "tags":
                yield column, _rule_of_tags(mapping.preset, column, separator, texts)
            elif name in _DATES:
                known = mapping.preset is not None and column in mapping.preset.month_first
                yield column, ColumnRule(month_first=True) if known else dates_rule(texts)


def _rule_of_people(
    mapping: ColumnMap, name: str, column: str, separator: str | None, texts: Sequence[str]
) -> ColumnRule:
    preset = mapping.preset
    is_plural = column in mapping.explicit_plurals or column in PLURAL_COLUMNS or name == "contributors"
    if separator and is_plural:
        split = literal(separator)
        parts = [part.strip() for text in texts for part in (split.split(text) if split else [text])]
        return ColumnRule(split, people_rule(parts, plural=False).filed)
    if preset is not None and column not in mapping.explicit_plurals and column in preset.separators:
        return ColumnRule(name_separator(preset.separators[column]), column in preset.filed)
    if name == "author_sort":
        return ColumnRule(literal(" & ") if any(" & " in text for text in texts) else None)
    return people_rule(texts, plural=is_plural)


def _rule_of_tags(preset: Preset | None, column: str, separator: str | None, texts: Sequence[str]) -> ColumnRule:
    if separator:
        return ColumnRule(literal(separator))
    if preset is not None and column in preset.separators:
        return ColumnRule(literal(preset.separators[column]))
    return tags_rule(texts)


def _texts(sample: Sequence[Mapping[str, Any]], column: str) -> list[str]:
    """Return the cells of a column in the first rows that are text and not blank."""
    keys = _keys_by_plain(tuple(dict.fromkeys(key for row in sample for key in row))).get(column, ())
    values = (row.get(key) for row in sample for key in keys)
    return [value for value in values if isinstance(value, str) and value.strip()]


@cache
def _keys_by_plain(keys: tuple[str, ...]) -> dict[str, tuple[str, ...]]:
    found: dict[str, tuple[str, ...]] = {}
    for key in keys:
        found[plain(key)] = (*found.get(plain(key), ()), key)
    return found
