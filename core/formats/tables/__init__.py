"""CSV and TSV as they are written here: a header, and a line for each book."""
