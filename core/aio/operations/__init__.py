"""The table of operations: all there is to the API, in the order it is shown."""

from diptych.core.aio.operations import authors, books, documents, health, metrics, tags

RESOURCE_OPERATIONS = (
    *authors.operations,
    *books.operations,
    *tags.operations,
    *health.operations,
    *metrics.operations,
)

OPERATIONS = (*RESOURCE_OPERATIONS, *documents.Documents(RESOURCE_OPERATIONS).operations)
