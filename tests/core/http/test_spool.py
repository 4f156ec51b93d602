"""A spool on a disk without room: what it cannot write is told once, in one way, and closing it is no error."""

from __future__ import annotations

import resource
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from diptych.core.http import form_files, problems
from diptych.core.http.request_response import BodyError, Request
from diptych.core.http.spool import Spool, SpoolError
from diptych.core.http.transfers import BodyLimits
from diptych.core.http.wire.allowed_hosts import AllowedHosts
from diptych.core.http.wire.request_reader import RequestReader
from diptych.core.settings import Settings

SETTINGS = Settings(database_url="sqlite:///none.db", files="s3://none/none")
FORM = b'--b\r\nContent-Disposition: form-data; name="title"\r\n\r\nx\r\n--b--\r\n'


@contextmanager
def full_disk() -> Iterator[None]:
    """Have no file of this process grow: each write is an error, as on a disk without room.

    It is no fixture: pytest could not write the outcome of the test to a file.
    """
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


@pytest.fixture
def spool_of(tmp_path: Path) -> Iterator[Callable[[bytes], Spool]]:
    """Yield the function that returns a spool with a content."""
    with closing(Spool(str(tmp_path))) as spool:

        def make(content: bytes) -> Spool:
            spool.extend(content)
            return spool

        yield make


@full_disk()
def test_what_is_not_written_before_a_file_is_read_is_told_then(spool_of: Callable[[bytes], Spool]):
    # So little that it stays in the buffer of the file until then.
    spool = spool_of(b"x" * 100)

    with pytest.raises(SpoolError) as caught:
        spool.rewound()

    spool.close()
    assert problems.of_error(caught.value).status == 503


@full_disk()
def test_an_upload_in_pieces_that_cannot_be_written_is_complete_without_its_file(tmp_path: Path):
    limits = BodyLimits(100, 100_000, lambda _method, _path: True, str(tmp_path))
    data = bytearray(b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 100000\r\n\r\n")
    reader = RequestReader(data, limits, AllowedHosts("*"))
    assert not reader.read()
    reader.admit(None)
    data += b"x" * 100
    assert not reader.read()
    data += b"x" * 9000

    assert reader.read()

    assert (reader.body, reader.closes) == (BodyError.NOT_WRITTEN, True)


@pytest.mark.parametrize("media_type", ["multipart/form-data; boundary=b", "application/x-www-form-urlencoded"])
@full_disk()
def test_a_form_that_cannot_be_written_is_no_unexpected_error_and_comes_back(
    spool_of: Callable[[bytes], Spool], media_type: str
):
    content = FORM if "multipart" in media_type else b"title=x"
    request = Request("POST", "", {}, "", {"content-type": media_type}, spool_of(content))

    with pytest.raises(SpoolError):
        form_files.opened(request, "cover", SETTINGS)

    assert form_files.fields_of(request, 1000) == {"title": "x"}
