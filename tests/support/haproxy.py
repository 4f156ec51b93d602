"""A HAProxy for the tests, with the configuration in docs/haproxy.cfg."""

from __future__ import annotations

import contextlib
import csv
import io
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from tests.support.databases import ROOT
from tests.support.deployments import free_port
from tests.support.fronts import Front, replaced, self_signed
from tests.support.programs import program
from tests.support.waiting import PATIENCE, until

CONFIGURATION = ROOT / "docs" / "haproxy.cfg"


BUSY = {
    "timeout server 30s": f"timeout server {PATIENCE}s",
    "timeout queue 5s": f"timeout queue {PATIENCE}s",
    "timeout check 5s": f"timeout check {PATIENCE}s",
}
"""A busy machine may take any time over an answer."""

LIMITS = ("sc0_conn_cur gt 100", "sc0_conn_cur gt 50", "sc0_http_req_rate gt 200")


@dataclass(frozen=True, slots=True)
class Proxy(Front):
    """A running HAProxy, with its admin socket."""

    control: Path

    def tell(self, command: str) -> str:
        """Send a command to the runtime API, as `socat` would, and return its output."""
        with socket.socket(socket.AF_UNIX) as client:
            client.connect(str(self.control))
            client.sendall(command.encode() + b"\n")
            return b"".join(iter(lambda: client.recv(65536), b"")).decode().strip()

    def listens(self) -> bool:
        """Return whether HAProxy takes commands: its socket has a name a moment before."""
        with socket.socket(socket.AF_UNIX) as client:
            return client.connect_ex(str(self.control)) == 0

    def servers(self) -> dict[str, dict[str, str]]:
        """Return HAProxy's statistics of each server, by server name."""
        return {row["svname"]: row for row in self._rows() if row["pxname"] == "diptych" and row["svname"] != "BACKEND"}

    def refused_connections(self) -> int:
        """Return how many connections HAProxy has refused."""
        return sum(int(row["dcon"] or 0) for row in self._rows())

    def _rows(self) -> list[dict[str, str]]:
        return list(csv.DictReader(io.StringIO(self.tell("show stat").removeprefix("# "))))

    def wait_until_up(self, name: str) -> None:
        """Wait until HAProxy has found the server ready."""
        until(lambda: self.servers()[name]["status"].startswith(("UP", "DRAIN")))

    def wait_until_down(self, name: str) -> None:
        """Wait until HAProxy has found the server down."""
        until(lambda: self.servers()[name]["status"].startswith("DOWN"))


@contextlib.contextmanager
def haproxy(
    servers: Mapping[str, int], *, retries: bool = True, limits: bool = False, configuration: str | None = None
) -> Iterator[Proxy]:
    """Run HAProxy before two servers, by name and port.

    Without retries, it tries no second server; without limits, a client may ask as much as it likes. configuration:
    another one with the same addresses.
    """
    port, tls_port = free_port(), free_port()
    with tempfile.TemporaryDirectory(dir="/tmp") as name:
        control = Path(name) / "admin.sock"
        certificate = self_signed(Path(name) / "diptych.pem")
        changes = BUSY | {
            "/run/haproxy/admin.sock": str(control),
            "127.0.0.1:8080": f"127.0.0.1:{port}",
            ":443 ssl crt /etc/haproxy/diptych.pem": f"127.0.0.1:{tls_port} ssl crt {certificate}",
        }
        for (server, there), line in zip(
            servers.items(), ("server flask 127.0.0.1:8000", "server sanic 127.0.0.1:8001"), strict=True
        ):
            changes[line] = f"server {server} 127.0.0.1:{there}"
        if not retries:
            changes |= {"retries 3": "retries 0", "retry-on conn-failure": "retry-on none", "option redispatch 1": ""}
        if not limits:
            changes |= dict.fromkeys(LIMITS, "always_false")
        text = configuration or CONFIGURATION.read_text("utf-8")
        (Path(name) / "haproxy.cfg").write_text(replaced(text, changes), "utf-8")
        process = subprocess.Popen(
            [program("haproxy", "haproxy"), "-db", "-f", f"{name}/haproxy.cfg"],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )
        proxy = Proxy(f"http://127.0.0.1:{port}", tls_port, certificate, control)
        try:
            deadline = time.monotonic() + PATIENCE
            while not proxy.listens():
                assert process.poll() is None, process.communicate()[0]
                assert time.monotonic() < deadline
                time.sleep(0.05)
            for server in servers:
                proxy.wait_until_up(server)
            yield proxy
        finally:
            process.terminate()
            process.communicate(timeout=PATIENCE)
