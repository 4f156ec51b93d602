"""What tests read of a page."""

from __future__ import annotations

import re
from html.parser import HTMLParser

EMPTY = {"br", "hr", "img", "input", "link", "meta", "source"}
"""Elements without an end."""


class Page(HTMLParser):
    """A parsed page: its links to pages and to files, form fields, ids, elements and attributes.

    It fails for elements that are left open or closed twice.
    """

    def __init__(self) -> None:
        super().__init__()
        self.links: list[str] = []
        self.files: list[str] = []
        self.scripts: list[str] = []
        self.fields: dict[str, str] = {}
        self.ids: list[str] = []
        self.tags: set[str] = set()
        self.attributes: set[str] = set()
        self.text = ""
        self._open: list[str] = []
        self._typing = ""
        self._choosing = ""

    @classmethod
    def of(cls, html: str) -> Page:
        """Parse a page."""
        page = cls()
        page.feed(html)
        page.close()
        assert page._open == []
        return page

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        is_ours = tag == "script" and re.match(r"(\.\./)*ui/assets/", given.get("src", ""))
        self.tags |= set() if is_ours else {tag}
        self.attributes |= given.keys()
        if "id" in given:
            self.ids.append(given["id"])
        if tag == "a" and not given["href"].startswith("#"):
            self.links.append(given["href"])
        if tag == "link" and given["rel"] in ("stylesheet", "icon"):
            self.files.append(given["href"])
        if tag == "script" and "src" in given:
            self.scripts.append(given["src"])
        if tag in ("input", "select", "textarea") and "name" in given:
            if given.get("type") not in ("radio", "file") or "checked" in given:
                self.fields[given["name"]] = given.get("value", "on" if "checked" in given else "")
            self._typing = given["name"] if tag == "textarea" else ""
            self._choosing = given["name"] if tag == "select" else self._choosing
        if tag == "option" and "selected" in given:
            self.fields[self._choosing] = given["value"]
        if tag not in EMPTY:
            self._open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag == "textarea":
            # A browser ignores the first line break.
            self.fields[self._typing] = self.fields[self._typing].removeprefix("\n")
            self._typing = ""
        assert self._open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data
        if self._typing:
            self.fields[self._typing] += data


def secret_in(html: str) -> str:
    """Return the secret of a second factor that a page shows."""
    return re.findall(r"<code>([A-Z2-7 ]+)</code>", html)[0].replace(" ", "")


def codes_in(html: str) -> list[str]:
    """Return the recovery codes that a page shows."""
    return re.findall(r"<code>([0-9a-z-]+)</code>", html)
