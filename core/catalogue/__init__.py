"""The catalogue: a package for each resource, with its model, schemas, queries and rules. Nothing here waits."""
