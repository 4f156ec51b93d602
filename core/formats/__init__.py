"""Bibliographic formats: bytes to the records of books, and back. Nothing here knows a database."""
