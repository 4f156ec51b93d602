"""Adoption: detect the schema of an earlier application's database, validate each row, and copy all rows or none."""
