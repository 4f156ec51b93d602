"""The history of the catalogue: a row for every change."""
