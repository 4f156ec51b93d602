# Generated from core/aio/operations/__init__.py by tools/unasync.py: do not edit, run "make twins".
"""The table of operations: all there is to the API, in the order it is shown."""

from diptych.core.sync.operations import authors, books, documents, health, metrics, tags

RESOURCE_OPERATIONS = (
    *authors.operations,
    *books.operations,
    *tags.operations,
    *health.operations,
    *metrics.operations,
)

OPERATIONS = (*RESOURCE_OPERATIONS, *documents.Documents(RESOURCE_OPERATIONS).operations)
