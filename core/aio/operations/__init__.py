"""The table of operations: all there is to the API, in the order it is shown."""

from core.aio.operations import authors, books, health, tags

OPERATIONS = (*authors.operations, *books.operations, *tags.operations, *health.operations)
