"""The people in the cells of a row."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import zip_longest
from typing import Any

from msgspec.structs import replace

from diptych.core.formats.record import RawContributor
from diptych.core.formats.values.names import filed, role_named, with_role
from diptych.core.import_export.cells import items, text_of
from diptych.core.import_export.column_rules import ColumnRule


def people_in(value: Any, role: str, rule: ColumnRule, roles: str = "") -> Iterator[RawContributor | ValueError]:
    """Yield the people of a cell, in this role unless it says another; an error stands for what is no person.

    value: text, or the list of texts or objects that JSON may hold. roles: another cell with their roles, in order.
    """
    if isinstance(value, str):
        names = rule.split(value)
        given = rule.split(roles) if roles else []
        for name, own in zip_longest(names[:], given[: len(names)], fillvalue=""):
            yield _person(name, role_named(own) or role, rule)
        return
    for item in items(value):
        try:
            yield _of_object(item, role) if isinstance(item, dict) else _person(text_of(item), role, rule)
        except ValueError as error:
            yield error


def _person(text: str, role: str, rule: ColumnRule) -> RawContributor:
    if rule.exact:
        return RawContributor(name=text, role=role)
    person = with_role(text.strip(), role)
    return filed(person) if rule.filed else person


def _of_object(item: dict[str, Any], role: str) -> RawContributor:
    """Return the person of an object. Raises ValueError.

    That is {"name", "role"}, the API's {"author": {"name"}, "role"} or LibraryThing's {"lf", "fl", "role"}.
    """
    author = item.get("author")
    name = author.get("name") if isinstance(author, dict) else item.get("name", item.get("fl"))
    if not isinstance(name, str):
        if isinstance(item.get("key"), str):
            raise ValueError("is the key of an author, without a name")  # noqa: TRY004 - rules raise ValueError
        raise ValueError("each contributor must have a name and a role")  # noqa: TRY004 - as above
    own = item.get("role")
    if own is None or own == "":
        return RawContributor(name=name, sort_name=_text(item.get("lf")), role=role)
    known = role_named(own) if isinstance(own, str) else None
    if known is None:
        raise ValueError("role must be one of author, editor, translator, illustrator, narrator and the like")
    return RawContributor(name=name, sort_name=_text(item.get("lf")), role=known)


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) and value else None


def with_sort_names(people: Sequence[RawContributor], sort_names: Sequence[str], role: str) -> list[RawContributor]:
    """Return the people in a role with their sort names; without any people in it, those of the sort names.

    If there is not one for each, the first have them, as far as both have the same words. "" is none.
    """
    in_role = [place for place, person in enumerate(people) if person.role == role]
    if not in_role:
        return [*people, *(filed(RawContributor(name=name.strip(), role=role)) for name in sort_names)]
    found = list(people)
    for place, sort_name in zip(in_role, sort_names, strict=False):
        if sort_name and (len(in_role) == len(sort_names) or _words(found[place].name) == _words(sort_name)):
            found[place] = replace(found[place], sort_name=sort_name.strip())
    return found


def _words(name: str | None) -> list[str]:
    return sorted((name or "").replace(",", " ").split())
