"""Authors, in and out."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from core.schemas.base import Input
from core.schemas.lists import list_query
from core.schemas.types import AuthorName, Date


class AuthorInput(Input):
    """An author to create, or to put in another's place."""

    name: AuthorName
    dob: Date | None = None


@dataclass(frozen=True, slots=True)
class Author:
    """An author as answered."""

    id: UUID
    name: str
    dob: date | None
    slug: str
    created_at: datetime
    updated_at: datetime


@dataclass(frozen=True, slots=True)
class AuthorReference:
    """As much of an author as a book carries."""

    id: UUID
    name: str
    slug: str


AuthorList = list_query("AuthorList", ("created_at", "updated_at", "name", "dob", "slug", "id"), {})
