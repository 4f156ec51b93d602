"""What an author is."""

KINDS = ("person", "body", "meeting")


def author_kind(text: str) -> str:
    """Return the kind. Raises ValueError when it is none of KINDS."""
    if text not in KINDS:
        raise ValueError(f"kind must be one of {', '.join(KINDS)}")
    return text
