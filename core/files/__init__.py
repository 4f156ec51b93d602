"""Files of books: covers and e-books."""
