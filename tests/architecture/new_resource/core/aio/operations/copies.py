"""Copies."""

from __future__ import annotations

from diptych.core.aio.operations import crud_operations
from diptych.core.aio.operations.crud_operations import Resource
from diptych.core.aio.services.copies import CopyService
from diptych.core.catalogue.copies.schemas import CopyAnswer, CopyInput, CopyList

resource = Resource(name="copies", service=CopyService, schema=CopyInput, answer=CopyAnswer, list_query=CopyList)

operations = crud_operations.operations(resource)
