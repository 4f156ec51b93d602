"""HAProxy with the configuration of docs/deploy/compose.yaml."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from tests.deploy.examples import DEPLOY
from tests.support import patient
from tests.support.databases import run
from tests.support.fronts import replaced, self_signed
from tests.support.haproxy import haproxy
from tests.support.programs import program
from tests.support.recorder import recorder

pytestmark = pytest.mark.long

CONFIGURATION = (DEPLOY / "haproxy.cfg").read_text("utf-8")

ON_THIS_MACHINE = {
    "bind :8080": "bind 127.0.0.1:8080",
    "172.30.0.11:8000": "127.0.0.1:8000",
    "172.30.0.12:8000": "127.0.0.1:8001",
}
"""The addresses in docs/haproxy.cfg, which tests/support/haproxy.py replaces."""


def test_haproxy_takes_the_file_as_it_is(tmp_path: Path):
    certificate = self_signed(tmp_path / "diptych.pem")
    text = replaced(CONFIGURATION, {"/etc/haproxy/diptych.pem": str(certificate)})
    (tmp_path / "haproxy.cfg").write_text(text, "utf-8")

    done = run([program("haproxy", "haproxy"), "-c", "-f", str(tmp_path / "haproxy.cfg")], check=False)

    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_request_goes_to_the_other_server_where_an_address_does_not_answer_and_is_sent_once(method: str):
    text = replaced(CONFIGURATION, ON_THIS_MACHINE)
    with _unanswered() as port, recorder() as other:
        with haproxy({"stopped": port, "other": other.port}, configuration=text) as proxy:
            found = [patient.request(method, f"{proxy.url}/tags").status_code for _ in range(4)]
        sent = [each.method for each in other.received]

    assert found == [200] * 4
    assert sent == [method] * 4


@contextmanager
def _unanswered() -> Iterator[int]:
    """Yield a port where connecting gets no answer, as at the address of a container that has been removed.

    The kernel drops what would begin a connection when as many as it keeps wait to be accepted.
    """
    with ExitStack() as stack:
        listener = stack.enter_context(socket.create_server(("127.0.0.1", 0), backlog=0))
        while True:
            client = stack.enter_context(socket.socket())
            client.settimeout(1)
            try:
                client.connect(listener.getsockname())
            except TimeoutError:
                break
        yield listener.getsockname()[1]
