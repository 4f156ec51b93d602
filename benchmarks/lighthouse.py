"""`make lighthouse`: Lighthouse's scores of the pages, on the sample catalogue, written into docs/pages.md."""

from __future__ import annotations

import json
import os
import platform
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime

import httpx

from tests.support.databases import DIPTYCH, ROOT, run
from tests.support.deployments import deployment
from tests.support.pages import write

COMMAND = "make lighthouse"
MEASURE = ROOT / "tools" / "lighthouse" / "measure.mjs"
RUNS = 3

LEAST = {"/docs": 95, "/docs/books": 95}
"""The least score of a page, in each category; that of others is 100."""

Scores = Mapping[str, Mapping[str, int]]


@contextmanager
def sample_catalogue() -> Iterator[str]:
    """Serve the sample catalogue, which anonymous clients may change, and yield the URL."""
    with tempfile.TemporaryDirectory() as directory:
        database = f"sqlite:///{directory}/sample.db"
        run([*DIPTYCH, "database", "upgrade", "--no-prompt"], DATABASE_URL=database)
        run([*DIPTYCH, "import", str(ROOT / "core" / "data" / "sample.jsonl")], DATABASE_URL=database)
        run([*DIPTYCH, "access", "anonymous", "editor"], DATABASE_URL=database)
        run([*DIPTYCH, "work", "--until-idle"], DATABASE_URL=database)
        with deployment("flask", database) as url:
            yield url


def browser() -> str:
    """Return the file of Chromium. Errors: FileNotFoundError."""
    found = shutil.which("chromium")
    if found is None:
        raise FileNotFoundError("there is no chromium on this machine (Debian: apt-get install chromium)")
    return found


def pages(url: str) -> dict[str, str]:
    """Return the paths of the pages to measure, by what they are."""
    book = httpx.get(f"{url}/books?pageSize=1").raise_for_status().json()["items"][0]
    return {
        "home": "/ui/",
        "a list": "/ui/books",
        "a book": f"/ui/book/{book['slug']}",
        "a form": "/ui/books/new",
        "the reference": "/docs",
        "the reference of books": "/docs/books",
    }


def measured(url: str, paths: list[str]) -> Scores:
    """Return the scores of pages, by path and category. Errors: CalledProcessError."""
    given = json.dumps({"base": url, "paths": paths, "runs": RUNS})
    done = subprocess.run(  # noqa: S603 - our own script
        ["node", str(MEASURE)],  # noqa: S607 - found as npm is
        input=given,
        stdout=subprocess.PIPE,
        text=True,
        check=True,
        cwd=MEASURE.parent,
        env={**os.environ, "CHROME_PATH": browser()},
    )
    found: Scores = json.loads(done.stdout)
    return found


def markdown(named: Mapping[str, str], scores: Scores) -> str:
    """Return the Markdown for the page."""
    categories = list(next(iter(scores.values())))
    lines = [
        f"| page | {' | '.join(categories)} |",
        f"|---|{'---:|' * len(categories)}",
        *(
            f"| {name} (`{path.split('?')[0]}`) | {' | '.join(str(scores[path][each]) for each in categories)} |"
            for name, path in named.items()
        ),
    ]
    version = json.loads((MEASURE.parent / "package.json").read_text())["devDependencies"]["lighthouse"]
    return "\n".join(lines) + (
        f"\n\nLighthouse {version}, as a phone, the median of {RUNS} runs, under Flask."
        f" {datetime.now(UTC):%Y-%m-%d}, {platform.system()} on {os.cpu_count()} cores.\n"
    )


def main() -> int:
    """Measure, print and write the scores; return 1 where one is too low."""
    with sample_catalogue() as url:
        named = pages(url)
        scores = measured(url, list(named.values()))
    text = markdown(named, scores)
    print(text)
    write(ROOT / "docs" / "pages.md", COMMAND, text)
    return int(any(score < LEAST.get(path, 100) for path, of in scores.items() for score in of.values()))


if __name__ == "__main__":
    sys.exit(main())
