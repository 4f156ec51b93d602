"""Find or create the authors that the records of a batch name."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from sqlalchemy import extract, func, select, union_all
from sqlalchemy.orm import Session

from diptych.core.catalogue.authors.model import Author, AuthorName
from diptych.core.engine.row_statements import VALUES, in_batch
from diptych.core.formats.record import BookRecord, Contributor
from diptych.core.sync.services.authors import AuthorService

_COLUMNS = (
    Author.id,
    func.coalesce(Author.birth_year, extract("year", Author.dob)),
    Author.death_year,
    Author.kind,
    Author.sort_name,
)

BY_NAME = union_all(
    select(Author.name, *_COLUMNS).where(in_batch(Author.name)),
    select(AuthorName.name, *_COLUMNS).join(Author, Author.id == AuthorName.author_id).where(in_batch(AuthorName.name)),
)
"""name, id, year of birth, year of death, kind and sort_name of the authors with a name, or another name, in VALUES."""

WITH_OTHER_NAMES = select(AuthorName.author_id).where(in_batch(AuthorName.author_id)).distinct()
"""The ids in VALUES of authors that have other names."""

_FILLED = ("birth_year", "death_year", "kind", "sort_name")


class _Person:
    """An author that exists, or that will be created."""

    def __init__(self, name: str, author_id: UUID | None, **known: Any) -> None:
        self.name = name
        self.id = author_id
        self.known = known
        self.filled: dict[str, Any] = {}

    def may_be(self, contributor: Contributor) -> bool:
        """Return whether no year of a life says otherwise."""
        birth, death = self.known["birth_year"], self.known["death_year"]
        given_birth, given_death = contributor.birth_year, contributor.death_year
        return (
            (birth is None or given_birth is None or birth == given_birth)
            and (death is None or given_death is None or death == given_death)
            and (birth is None or given_death is None or birth <= given_death)
            and (death is None or given_birth is None or given_birth <= death)
        )

    def fill(self, contributor: Contributor) -> None:
        """Take what is not known yet from a contributor."""
        for name in _FILLED:
            value = getattr(contributor, name)
            if self.known[name] is None and value is not None:
                self.known[name] = self.filled[name] = value


class ImportAuthors:
    """The authors of a batch. A name is theirs if it is their name or another name of theirs; years tell two apart."""

    def __init__(self, session: Session, records: Iterable[BookRecord]) -> None:
        self.session = session
        self._people: dict[str, list[_Person]] = {}
        contributors = [item for record in records for item in record.contributors]
        self._lives: dict[str, list[Contributor]] = {}
        for item in dict.fromkeys(contributors):
            if item.birth_year is not None or item.death_year is not None:
                self._lives.setdefault(item.name, []).append(item)
        wanted = _names_to_look_for(contributors)
        for found, author_id, birth, death, kind, sort_name in self.session.execute(BY_NAME, {VALUES: list(wanted)}):
            known = {"birth_year": _year(birth), "death_year": death, "kind": kind, "sort_name": sort_name}
            for name in wanted[found]:
                there = self._people.setdefault(name, [])
                if all(person.id != author_id for person in there):
                    there.append(_Person(name, author_id, **known))

    def with_other_names(self) -> set[UUID]:
        """Return the ids of those authors that have several names."""
        ids = {person.id for people in self._people.values() for person in people if person.id is not None}
        return set(self.session.execute(WITH_OTHER_NAMES, {VALUES: list(ids)}).scalars()) if ids else set()

    def ambiguity(self, record: BookRecord) -> str:
        """Return why a name of a record may be of several authors; an empty text where none may."""
        found = {item.name: len(self._possible(item)) for item in record.contributors}
        return "; ".join(
            f"there are {count} authors called {name}" for name, count in sorted(found.items()) if count > 1
        )

    def _possible(self, contributor: Contributor) -> list[_Person]:
        """Return the authors that a contributor may be, with those that the batch is going to create."""
        found = self._candidates(contributor)
        for life in self._lives.get(contributor.name, ()):
            person = _Person(life.name, None, birth_year=life.birth_year, death_year=life.death_year)
            if person.may_be(contributor) and not any(each.may_be(life) for each in found):
                found.append(person)
        return found

    def prepare(self, records: Iterable[BookRecord]) -> None:
        """Create the authors that do not exist, and complete those that do, where the records know more."""
        # Those with years first: one of the same name without years is then one of them.
        contributors = {item: None for record in records for item in record.contributors}
        for item in sorted(contributors, key=lambda each: (each.birth_year is None) + (each.death_year is None)):
            candidates = self._candidates(item)
            if not candidates:
                candidates = [_Person(item.name, None, **dict.fromkeys(_FILLED))]
                self._people.setdefault(item.name, []).extend(candidates)
            candidates[0].fill(item)
        self._create()
        self._complete()

    def id_of(self, contributor: Contributor) -> UUID | None:
        """Return the id of a contributor, None before `prepare` has created it."""
        candidates = self._candidates(contributor)
        return candidates[0].id if candidates else None

    def _candidates(self, contributor: Contributor) -> list[_Person]:
        """Return the authors that a contributor may be: only those with the same year of birth, if there are any."""
        found = [person for person in self._people.get(contributor.name, ()) if person.may_be(contributor)]
        if contributor.birth_year is not None:
            certain = [person for person in found if person.known["birth_year"] == contributor.birth_year]
            return certain or found
        return found

    def _create(self) -> None:
        new = [person for people in self._people.values() for person in people if person.id is None]
        made = AuthorService(self.session, wrap_exceptions=False).create_rows(
            [{"name": person.name, **person.filled} for person in new]
        )
        for person, row in zip(new, made, strict=True):
            person.id, person.filled = row["id"], {}

    def _complete(self) -> None:
        wanted = {
            person.id: person.filled
            for people in self._people.values()
            for person in people
            if person.filled and person.id
        }
        if wanted:
            rows = self.session.execute(select(Author).where(Author.id.in_(list(wanted)))).scalars().all()
            service = AuthorService(self.session, wrap_exceptions=False)
            service.change_rows(rows, [_without_known_day(row, wanted[row.id]) for row in rows])


def _names_to_look_for(contributors: Iterable[Contributor]) -> dict[str, set[str]]:
    """Return the names of contributors by what may be stored: the name or, by earlier imports, the filing form."""
    found: dict[str, set[str]] = {}
    for item in contributors:
        for stored in (item.name, item.sort_name):
            if stored is not None:
                found.setdefault(stored, set()).add(item.name)
    return found


def _without_known_day(row: Author, values: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in values.items() if name != "birth_year" or row.dob is None}


def _year(value: Any) -> int | None:
    return None if value is None else int(value)
