"""Diptych, a book catalogue: one core, and the same answers from Flask and from Sanic."""
