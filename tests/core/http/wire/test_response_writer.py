"""The serialization of a response."""

from __future__ import annotations

import pytest

from diptych.core.http.wire.response_writer import message


def test_a_message_is_its_status_its_fields_and_its_body():
    fields = {"Server": "diptych", "Content-Length": 2}
    sent = message(201, fields.items(), b"{}")
    assert sent == b"HTTP/1.1 201 Created\r\nServer: diptych\r\nContent-Length: 2\r\n\r\n{}"


def test_a_message_without_a_body_ends_with_an_empty_line():
    assert message(304, [("ETag", '"x"')], b"") == b'HTTP/1.1 304 Not Modified\r\nETag: "x"\r\n\r\n'


@pytest.mark.parametrize("value", ["a\r\nSet-Cookie: b", "a\nb", "a\rb", "\n"])
@pytest.mark.parametrize("name", ["X", "X\r\nY"])
def test_a_field_that_would_end_its_line_is_refused(name: str, value: str):
    with pytest.raises(ValueError, match="more than one line"):
        message(200, [(name, value)], b"")
