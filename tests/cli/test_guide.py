"""docs/from-flask-to-sanic.md: every command of the guide, in its order, on an earlier application's database."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import httpx
import pytest

from tests.support import before, metrics, patient
from tests.support.databases import BACKENDS, ROOT, Databases, environment
from tests.support.deployments import free_port
from tests.support.estates import ESTATES
from tests.support.programs import program
from tests.support.waiting import PATIENCE, until

pytestmark = pytest.mark.long

GUIDE = ROOT / "docs" / "from-flask-to-sanic.md"

_BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_ADDRESS = re.compile(r"(127\.0\.0\.1:|--port )(5000|5001|8080)\b")

Ports = dict[str, int]


def sections(ports: Ports) -> dict[str, list[tuple[str, str]]]:
    """Return the blocks of each section, by its number: their languages and contents, with ports of this run."""
    text = _ADDRESS.sub(lambda found: f"{found[1]}{ports[found[2]]}", GUIDE.read_text("utf-8"))
    parts = re.split(r"^## ([0-9])\. .*$", text, flags=re.MULTILINE)
    return {number: _BLOCK.findall(part) for number, part in zip(parts[1::2], parts[2::2], strict=True)}


class Shell:
    """The shell of a reader of the guide. directory: where the files of the guide lie."""

    def __init__(self, directory: Path, **variables: str) -> None:
        self._directory = directory
        self._started: list[subprocess.Popen[bytes]] = []
        programs = [
            str(Path(sys.executable).parent),
            str(Path(program("haproxy", "haproxy")).parent),
            os.environ["PATH"],
        ]
        self._environment = environment(**variables, PATH=":".join(programs))

    def follow(self, language: str, block: str, status: int = 0) -> str:
        """Do what a block says: write its file, start its server, or run its commands and return their output."""
        if language != "sh":
            name = block.split("\n", 1)[0].removeprefix("# ")
            (self._directory / name).write_text(block, "utf-8")
            return ""
        if block.endswith(" &\n"):
            self._start(block.removesuffix(" &\n"))
            return ""
        done = subprocess.run(
            ["bash", "-ec", block],
            cwd=self._directory, env=self._environment, capture_output=True, text=True, timeout=PATIENCE, check=False,
        )  # fmt: skip
        assert done.returncode == status, done.stdout + done.stderr
        return done.stdout + done.stderr

    def _start(self, command: str) -> None:
        log = (self._directory / f"log-{len(self._started)}").open("wb")
        with log:
            self._started.append(
                subprocess.Popen(
                    ["bash", "-c", f"exec {command}"],
                    cwd=self._directory,
                    env=self._environment,
                    stdout=log,
                    stderr=log,
                    start_new_session=True,
                )
            )

    def stop(self) -> None:
        """Stop what has been started, the last first."""
        for process in reversed(self._started):
            with suppress(ProcessLookupError):
                process.send_signal(signal.SIGTERM)
            process.wait(PATIENCE)


@contextmanager
def shell(directory: Path, **variables: str) -> Iterator[Shell]:
    made = Shell(directory, **variables)
    try:
        yield made
    finally:
        made.stop()


def listens(port: int) -> bool:
    with suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
        return True
    return False


def titles(url: str) -> set[str]:
    found = patient.get(f"{url}/catalogue/books", params={"pageSize": 100}).raise_for_status().json()
    assert found["total"] == len(found["items"])
    return {item["title"] for item in found["items"]}


def _reads_reach_sanic(proxy: str, sanic: str) -> bool:
    """Return whether Sanic counts a read through the proxy, which asks Flask until Sanic's first check."""
    with patient.Client(base_url=f"{sanic}/catalogue") as api:
        before_it = metrics.requests(metrics.scraped(api), "GET", "/tags", 200)
        patient.get(f"{proxy}/catalogue/tags").raise_for_status()
        return metrics.requests(metrics.scraped(api), "GET", "/tags", 200) > before_it


@pytest.mark.unsampled
@pytest.mark.parametrize("backend", BACKENDS)
def test_the_guide_leads_from_a_flask_application_to_sanic_beside_it(
    databases: Databases, tmp_path: Path, backend: str
):
    old, new = databases.empty(backend), databases.empty(backend)
    before.execute(old, *ESTATES["rich"](backend).statements)
    ports = {name: free_port() for name in ("5000", "5001", "8080")}
    flask, sanic, proxy = (f"http://127.0.0.1:{port}" for port in ports.values())
    guide = sections(ports)
    with shell(tmp_path, OLD=old, DATABASE_URL=new) as reader:
        # 1. A copy, after two dry runs, of which the first is refused.
        undecided, decided, copying = guide["1"]
        assert "--where" in reader.follow(*undecided, status=1)
        reader.follow(*decided)
        assert "Copied 8 authors" in reader.follow(*copying)

        # 2. and 3. Both servers answer with it.
        application, start, asking = guide["2"]
        reader.follow(*application)
        reader.follow(*start)
        until(lambda: listens(ports["5000"]))
        assert "Solaris" in reader.follow(*asking)
        beside, start, comparing = guide["3"]
        reader.follow(*beside)
        reader.follow(*start)
        until(lambda: listens(ports["5001"]))
        tags = [line for line in reader.follow(*comparing).splitlines() if line.lower().startswith("etag")]
        assert len(tags) == 2
        assert tags[0].lower() == tags[1].lower()

        # 4. What is new since is brought over, and the proxy sends reads to Sanic.
        before.execute(
            old,
            "INSERT INTO books (id, title, status, is_deleted, author_id) VALUES (1000, 'New', 'published', false, 1)",
            "UPDATE books SET title = 'Changed' WHERE id = 1",
        )
        again, configuration, start, through_proxy = guide["4"]
        assert "changed" in reader.follow(*again)
        assert "New" in titles(sanic)
        assert titles(flask) == titles(sanic)
        assert "Changed" not in titles(flask)
        reader.follow(*configuration)
        reader.follow(*start)
        until(lambda: listens(ports["8080"]))
        reader.follow(*through_proxy)
        until(lambda: _reads_reach_sanic(proxy, sanic))
        assert titles(proxy) == titles(flask)
        with patient.Client() as client:
            assert client.post(f"{proxy}/catalogue/tags", json={"name": "by Flask"}).status_code == httpx.codes.CREATED

        # 5. A row that is written through one is read from the other.
        narrowing, writing = guide["5"]
        reader.follow(*narrowing)
        assert "method GET HEAD" not in (tmp_path / "haproxy.cfg").read_text("utf-8")
        assert reader.follow(*writing).count("Octavia E. Butler") >= 2
    assert guide["6"] == []
