"""The catalogue: a package for each resource, and all that is said of it but for what waits."""
