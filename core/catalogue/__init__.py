"""The catalogue: a package for each resource, with its model, schemas, queries and rules. Nothing here awaits."""

RESOURCES = ("authors", "books", "publishers", "series", "tags")
"""The resources, in the order in which the API's documents list them.

Each has its model, schemas and queries in a package here, and modules of its name in diptych.core.aio.services and
diptych.core.aio.operations. Code that serves, migrates, imports or exports all resources loads them from this list.
"""
