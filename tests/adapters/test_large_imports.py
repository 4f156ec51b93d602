"""Files to be imported take no memory of an adapter, however large they are."""

from __future__ import annotations

import gzip
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from benchmarks.importing import peak
from tests.support import patient
from tests.support.databases import Databases
from tests.support.deployments import ADAPTERS, command, free_port, server

pytestmark = pytest.mark.long

LINE = b"x" * 64_000 + b"\n"

FEW, MANY = 320, 1900

GROWTH = 16 << 20


def lines(count: int) -> Iterator[bytes]:
    yield b"title\n"
    for _ in range(count):
        yield LINE


def coded(count: int) -> bytes:
    return gzip.compress(b"".join(lines(count)), 1)


@pytest.mark.parametrize("adapter", ADAPTERS)
def test_a_file_of_120_megabytes_takes_no_more_memory_than_one_of_20_megabytes(
    databases: Databases, tmp_path: Path, adapter: str
):
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    settings = {"DIPTYCH_WORKERS": "1", "DIPTYCH_FILES": str(tmp_path), "FLASK_PORT": str(port)}
    with (
        server(command(adapter, port), url, DATABASE_URL=databases.migrated("sqlite"), **settings) as process,
        patient.Client(base_url=url) as api,
    ):

        def most() -> int:
            first = psutil.Process(process.pid)
            return max(peak(each.pid) for each in (first, *first.children(recursive=True)))

        def size(content: object, coding: str = "identity") -> int:
            headers = {} if coding == "identity" else {"Content-Encoding": coding}
            response = api.post("/imports", content=content, headers=headers)  # type: ignore[arg-type]
            assert response.status_code == 201, response.text
            return int(response.json()["size"])

        size(lines(FEW))
        size(coded(FEW), "gzip")
        before = most()

        assert size(lines(MANY)) == size(coded(MANY), "gzip") > 120_000_000

        assert most() - before < GROWTH
