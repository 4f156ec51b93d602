"""Functions that return a Select: what is asked of the database, said once for both twins."""
