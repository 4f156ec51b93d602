"""The physical or digital form of a book."""

FORMATS = ("hardcover", "paperback", "ebook", "audiobook", "other")


def book_format(text: str) -> str:
    """Return the format. Raises ValueError when it is none of FORMATS."""
    if text not in FORMATS:
        raise ValueError(f"format must be one of {', '.join(FORMATS)}")
    return text
