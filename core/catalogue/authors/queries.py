"""How authors are selected, searched, ordered and filtered."""

from __future__ import annotations

from dataclasses import replace

from sqlalchemy import select

from diptych.core.catalogue import acquirable
from diptych.core.catalogue.authors import schemas
from diptych.core.catalogue.authors.model import Author
from diptych.core.engine.resource_spec import resource_spec
from diptych.core.engine.row_statements import in_batch

REFERENCES = select(Author.id, Author.name, Author.slug).where(in_batch(Author.id))
"""id, name and slug of the authors whose ids are among diptych.core.engine.row_statements.VALUES."""

spec = replace(resource_spec(Author, schemas.Author), alternatives=acquirable.OF_AUTHORS)

listed = resource_spec(Author, schemas.ListedAuthor)
"""The columns of an author that lists of the pages show. Other resources have a `listed`, too."""
