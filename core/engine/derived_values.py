"""The normalized form of a row's values, and the columns that are derived from its name."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple

from diptych.core.engine import column_types, slugs
from diptych.core.engine.column_types import Check
from diptych.core.engine.text_normalization import fold, sort_key_of
from diptych.core.errors import FieldError, ValidationFailed

Values = Mapping[str, Any]


class Agreement(NamedTuple):
    """Whether the new value of one column agrees with the present value of another: of a row, and as SQL of columns."""

    holds: Callable[[Any, Any], bool]
    condition: Callable[[Any, Any], Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """The rules of one kind of row. noun: the word for such a row in messages to clients.

    named_by: the column from which the search text, the sort key and the slug are derived. normalizers: by column, the
    function that normalizes a value, or raises ValueError. checks: by column of the model, the function that refuses
    values of another type; the model sets them (for_columns). contradictions: from normalized values to an error for
    each that contradicts another. follows: from normalized values to those of columns that follow from them. resets: by
    column, the columns that become null when it changes and they are not set too. agreements: by a column that may
    become null so, when it stays all the same.
    """

    noun: str
    named_by: str
    normalizers: Mapping[str, Callable[[Any], Any]]
    checks: Mapping[str, Check] = field(default_factory=dict)
    contradictions: Callable[[Values], Sequence[FieldError]] = lambda _: ()
    follows: Callable[[Values], Mapping[str, Any]] = lambda _: {}
    resets: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    agreements: Mapping[str, Agreement] = field(default_factory=dict)

    def for_columns(self, columns: Iterable[Any]) -> Rules:
        """Return these rules for a model that has these columns."""
        checks = column_types.checks(columns)
        own = {"slug": slugs.own_slug} if "slug" in checks else {}
        return replace(self, checks=checks, normalizers={**own, **self.normalizers})

    def normalized(self, values: Values) -> dict[str, Any]:
        """Return the values, normalized. Errors: ValidationFailed, naming every invalid value."""
        found, field_errors = dict(values), []
        for name, value in values.items():
            if value is not None:
                try:
                    found[name] = self._form(name, value)
                except ValueError as error:
                    field_errors.append(FieldError("value", str(error), path=(name,)))
        if field_errors:
            raise ValidationFailed(f"This cannot be {_one(self.noun)}.", field_errors)
        return found

    def _form(self, name: str, value: Any) -> Any:
        """Return a value, normalized. Errors: ValueError."""
        if check := self.checks.get(name):
            value = check(value)
        if normalize := self.normalizers.get(name):
            value = normalize(value)
        return value

    def checked(self, values: Values) -> dict[str, Any]:
        """Return these normalized values, plus the ones that follow from them.

        Errors: ValidationFailed, if they contradict each other.
        """
        if field_errors := self.contradictions(values):
            raise ValidationFailed("Values contradict each other.", [*field_errors])
        return self.with_derived(values)

    def with_derived(self, values: Values) -> dict[str, Any]:
        """Return these normalized values, plus the ones that follow from them. Does not check whether they agree."""
        found = {**values, **self.follows(values)}
        if name := values.get(self.named_by):
            folded = fold(name)
            found |= {"search_text": folded, "sort_key": sort_key_of(folded)}
        return found

    def reset_by(self, names: Collection[str]) -> dict[str, str]:
        """Return the columns that a change of one of these makes null, each with that one."""
        return {
            reset: name
            for name, columns in self.resets.items()
            if name in names
            for reset in columns
            if reset not in names
        }

    def resets_of(self, row: Any, values: Values) -> list[str]:
        """Return the columns of a row that become null when these values are set."""
        return [
            reset
            for reset, name in self.reset_by(values).items()
            if reset not in self.agreements or not self.agreements[reset].holds(values[name], getattr(row, reset))
        ]

    def slug(self, name: str) -> str:
        """Return the slug of a row of this name, which another row may have."""
        return slugs.slug(name, fallback=self.noun)

    def slug_of(self, row: Values) -> str:
        """Return the slug of a row with its derived values, which another row may have."""
        folded = row.get("search_text") or fold(row.get(self.named_by) or "")
        return slugs.slug_of_folded(folded, fallback=self.noun)


def _one(noun: str) -> str:
    return f"{'an' if noun[0] in 'aeiou' else 'a'} {noun}"
