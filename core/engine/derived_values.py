"""What follows from the values of a row: the form that each is kept in, and the columns that its name decides on."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from diptych.core.engine import slugs
from diptych.core.engine.text_normalization import fold, sort_key
from diptych.core.errors import FieldError, ValidationFailed

Values = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """The rules of one kind of row. noun: what a client calls one of these.

    named_by: the column that its search text, its sort key and its slug follow from. forms: for each column that has a
    form of its own, the function that normalizes a value, and raises ValueError for an invalid one. integers: those
    of these columns that hold whole numbers; all others hold text.
    """

    noun: str
    named_by: str
    forms: Mapping[str, Callable[[Any], Any]]
    integers: frozenset[str] = frozenset()

    def normal(self, values: Values) -> dict[str, Any]:
        """The values, each in its form. Errors: ValidationFailed, naming every value that has none."""
        found, field_errors = dict(values), []
        for name, form in self.forms.items():
            value = found.get(name)
            if value is not None:
                try:
                    found[name] = form(self._typed(name, value))
                except ValueError as error:
                    field_errors.append(FieldError("value", str(error), path=(name,)))
        if field_errors:
            raise ValidationFailed(f"This cannot be {_one(self.noun)}.", field_errors)
        return found

    def _typed(self, name: str, value: Any) -> Any:
        """Return the value. Errors: ValueError where it is of a type that the form does not take."""
        if name in self.integers:
            if not isinstance(value, int) or isinstance(value, bool):
                raise ValueError("should be a whole number")
        elif not isinstance(value, str):
            raise ValueError("should be text")
        return value

    def derived(self, values: Values) -> dict[str, Any]:
        """The values, which are in their form, with those that follow from the name, where that is one of them."""
        if name := values.get(self.named_by):
            return {**values, "search_text": fold(name), "sort_key": sort_key(name)}
        return {**values}

    def slug(self, name: str) -> str:
        """The slug of a row of this name, as long as no other has it."""
        return slugs.slug(name, fallback=self.noun)


def _one(noun: str) -> str:
    return f"{'an' if noun[0] in 'aeiou' else 'a'} {noun}"
