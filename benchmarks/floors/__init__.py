"""The same work by hand: SQL on psycopg's own pools, JSON by msgspec, and nothing in between."""
