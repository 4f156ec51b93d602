"""The parts of a form in a spool, wherever its boundary falls."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing

import pytest

from diptych.core.http import form_files
from diptych.core.http.request_response import Request
from diptych.core.http.spool import Spool
from diptych.core.settings import Settings

RequestOf = Callable[[bytes], Request]

TYPE = "multipart/form-data; boundary=b"
SETTINGS = Settings(database_url="sqlite:///none.db", files="s3://none/none")


@pytest.fixture
def request_of() -> Iterator[Callable[[bytes], Request]]:
    """Yield the function that returns a request with a body in a spool."""
    with closing(Spool()) as spool:

        def make(body: bytes) -> Request:
            spool.extend(body)
            return Request("POST", "", {}, "", {"content-type": TYPE}, spool)

        yield make


@pytest.mark.parametrize("size", [0, 1, 4090, 4096, 4097, (1 << 20) + 4096 - 3, (1 << 20) + 4096, 3 << 20])
def test_a_file_of_any_size_is_found_between_its_boundaries(size: int, request_of: RequestOf):
    content = (b"\r\n--\r\n-" * (size // 7 + 1))[:size]
    head = b'--b\r\nContent-Disposition: form-data; name="title"\r\n\r\nx\r\n--b\r\n'
    head += b'Content-Disposition: form-data; name="cover.file"; filename="C:\\\\a\\\\b.png"\r\n\r\n'
    request = request_of(head + content + b"\r\n--b--\r\n")

    plain, file = form_files.opened(request, "cover", SETTINGS)

    assert plain.body == b"title=x"
    assert file is not None
    with closing(file.content):
        assert (file.name, len(file.content), file.content.rewound().read()) == ("b.png", size, content)
    assert form_files.with_file(plain, "cover", "d" * 64, "b").body == f"title=x&cover={'d' * 64}&cover_name=b".encode()


def test_of_a_form_that_is_refused_the_fields_before_its_file_are_known(request_of: RequestOf):
    head = b'--b\r\nContent-Disposition: form-data; name="title"\r\n\r\nx\r\n--b\r\n'
    head += b'Content-Disposition: form-data; name="cover.file"; filename="a"\r\n\r\n'
    request = request_of(head + b"x" * 100_000 + b"\r\n--b--\r\n")

    assert form_files.fields_of(request, 1000) == {"title": "x"}
    assert form_files.has_file(request)
