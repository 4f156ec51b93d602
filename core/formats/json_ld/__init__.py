"""JSON-LD with the vocabulary of schema.org, as search engines read it."""
