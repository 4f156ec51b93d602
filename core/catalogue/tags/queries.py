"""Tags, and which books carry them."""

from __future__ import annotations

from sqlalchemy import select

from diptych.core.catalogue.books.model import BookTag
from diptych.core.catalogue.tags import schemas
from diptych.core.catalogue.tags.model import Tag
from diptych.core.engine.resource_spec import resource_spec
from diptych.core.engine.row_statements import in_values

spec = resource_spec(Tag, schemas.Tag)

listed = resource_spec(Tag, schemas.ListedTag)

BY_NAME = select(BookTag.book_id, *spec.returning).join(Tag, Tag.id == BookTag.tag_id).order_by(Tag.sort_key, Tag.id)
OF_BOOKS = BY_NAME.where(in_values(BookTag.book_id))
"""book_id and the columns of each tag of the books whose ids are among row_statements.VALUES, by name."""
