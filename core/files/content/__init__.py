"""What is in a file: its type, the display copies of an image, the metadata of an e-book. No database, no HTTP."""
