# Generated from core/aio/operations/__init__.py by tools/unasync.py: do not edit, run "make twins".
"""The table of operations: all there is to the API, in the order it is shown."""

from diptych.core.sync.operations import authors, books, documents, health, metrics, tags

_described = (
    *authors.operations,
    *books.operations,
    *tags.operations,
    *health.operations,
    *metrics.operations,
)

OPERATIONS = (*_described, *documents.Documents(_described).operations)
