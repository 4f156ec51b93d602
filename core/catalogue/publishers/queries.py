"""How publishers are selected, searched, ordered and filtered."""

from __future__ import annotations

from diptych.core.catalogue.publishers import schemas
from diptych.core.catalogue.publishers.model import Publisher
from diptych.core.engine.resource_spec import resource_spec

spec = resource_spec(Publisher, schemas.Publisher)

listed = resource_spec(Publisher, schemas.ListedPublisher)
