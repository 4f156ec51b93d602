"""Figures in the docs: a command writes them between its two markers."""

from __future__ import annotations

from pathlib import Path

END = "<!-- end of figures -->\n"


def write(page: Path, command: str, text: str) -> None:
    """Write a command's figures into a page. Errors: ValueError where the page has no place for them."""
    begin = f"<!-- figures: {command} -->\n"
    before, found, rest = page.read_text("utf-8").partition(begin)
    _, end, after = rest.partition(END)
    if not (found and end):
        raise ValueError(f"{page} has no place for the figures of {command}")
    page.write_text(f"{before}{begin}{text}{end}{after}", "utf-8")
