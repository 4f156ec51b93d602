"""The table of operations: all there is to the API, in the order it is shown."""

from diptych.core.aio.operations import authors, books, documents, health, metrics, tags

_described = (
    *authors.operations,
    *books.operations,
    *tags.operations,
    *health.operations,
    *metrics.operations,
)

OPERATIONS = (*_described, *documents.Documents(_described).operations)
