"""Database access: drivers, connection pools, error translation and schema versions."""
