"""The services: what can be done with each resource, inside a unit of work that someone else commits."""
