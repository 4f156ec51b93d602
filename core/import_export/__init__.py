"""Moving books in and out as CSV, TSV and JSON Lines."""
