"""How series are selected, searched, ordered and filtered."""

from __future__ import annotations

from diptych.core.catalogue.series import schemas
from diptych.core.catalogue.series.model import Series
from diptych.core.engine.resource_spec import resource_spec

spec = resource_spec(Series, schemas.Series)

listed = resource_spec(Series, schemas.ListedSeries)
