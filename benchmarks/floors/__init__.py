"""The floors: the same work by hand, with SQL on psycopg's own pools and JSON by msgspec."""
