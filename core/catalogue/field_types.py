"""Types and limits of input that more than one resource has."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, Strict

from diptych.core.catalogue.books.years import YEAR_MAX, YEAR_MIN
from diptych.core.catalogue.limits import DESCRIPTION_MAX
from diptych.core.engine.schemas.field_types import PROSE_PATTERN, Length, Prose, SchemaMetadata

LIST_LIMIT = 100
"""Tags or contributors of one book, at most."""

Description = Annotated[
    Prose,
    Length(0, DESCRIPTION_MAX, searched=False),
    SchemaMetadata("A girl and her grandmother spend a summer on an island.", PROSE_PATTERN),
]

Year = Annotated[
    int,
    Strict(),
    Field(ge=YEAR_MIN, le=YEAR_MAX),
    SchemaMetadata(1972, description="Years before our era are negative. Written as 1972, never as 1972.0."),
]
