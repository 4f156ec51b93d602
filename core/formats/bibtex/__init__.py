"""BibTeX, and BibLaTeX, which has more fields."""
