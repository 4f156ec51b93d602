"""Rules about single values (text, ISBN, language, year, slug): pure functions that raise ValueError."""
