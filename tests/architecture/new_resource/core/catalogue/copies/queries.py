"""How copies are selected, searched, ordered and filtered."""

from __future__ import annotations

from diptych.core.catalogue.copies.model import Copy
from diptych.core.catalogue.copies.schemas import CopyAnswer
from diptych.core.engine.resource_spec import resource_spec

spec = resource_spec(Copy, CopyAnswer)
