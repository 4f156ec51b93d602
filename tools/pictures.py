"""`make pictures`: pictures of the main pages, on the sample catalogue, for docs/pages.md."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import httpx

from benchmarks.lighthouse import browser, sample_catalogue
from tests.support.databases import ROOT

FOLDER = ROOT / "docs" / "pictures"
TAKE = ROOT / "tools" / "pages" / "pictures.mjs"

DESK, PHONE = (1280, 900), (390, 844)


def pictures(url: str) -> list[dict[str, object]]:
    """Return what to take pictures of: a path, a file, and the size of the window in pixels."""
    book = httpx.get(f"{url}/books?searchString=omens").raise_for_status().json()["items"][0]["slug"]
    wanted = {
        "home": ("/ui/", DESK),
        "list": ("/ui/books", DESK),
        "list-on-a-phone": ("/ui/books?languageIn=ja", PHONE),
        "book": (f"/ui/book/{book}", DESK),
        "form": (f"/ui/book/{book}/edit", DESK),
        "statistics": ("/ui/statistics", DESK),
    }
    return [
        {"path": path, "file": str(FOLDER / f"{name}.png"), "width": width, "height": height}
        for name, (path, (width, height)) in wanted.items()
    ]


def main() -> int:
    """Take the pictures."""
    FOLDER.mkdir(exist_ok=True)
    with sample_catalogue() as url:
        given = json.dumps({"base": url, "pictures": pictures(url)})
        environment = {**os.environ, "CHROMIUM": browser()}
        subprocess.run(
            ["node", str(TAKE)],  # noqa: S607 - found as npm is
            input=given,
            text=True,
            check=True,
            cwd=TAKE.parent,
            env=environment,
        )
    return 0


if __name__ == "__main__":
    sys.exit(main())
