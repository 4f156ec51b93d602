"""An nginx for the tests, with the configuration in docs/nginx.conf."""

from __future__ import annotations

import contextlib
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

from tests.support.databases import ROOT
from tests.support.deployments import free_port
from tests.support.fronts import Front, replaced, self_signed
from tests.support.programs import program
from tests.support.waiting import PATIENCE

CONFIGURATION = ROOT / "docs" / "nginx.conf"

TEMPORARY = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
"""What nginx keeps in files that only root may write, unless it is told other places."""

LIMITS = ("limit_conn at_a_time 50;", "limit_req zone=rate burst=200 nodelay;")


@contextlib.contextmanager
def nginx(servers: Mapping[str, int], *, limits: bool = False) -> Iterator[Front]:
    """Run nginx before two servers, by name and port. Without limits, a client may ask as much as it likes."""
    port, tls_port = free_port(), free_port()
    with tempfile.TemporaryDirectory(dir="/tmp") as name:
        directory = Path(name)
        directory.chmod(0o755)
        certificate = self_signed(directory / "diptych.pem")
        first, second = servers.values()
        changes = {
            "/run/nginx.pid": f"{name}/pid",
            "/var/log/nginx/error.log": f"{name}/error.log",
            "127.0.0.1:8080": f"127.0.0.1:{port}",
            "listen 443 ": f"listen 127.0.0.1:{tls_port} ",
            "ssl_certificate /etc/nginx/diptych.pem": f"ssl_certificate {certificate}",
            "ssl_certificate_key /etc/nginx/diptych.pem": f"ssl_certificate_key {certificate}",
            "127.0.0.1:8000": f"127.0.0.1:{first}",
            "127.0.0.1:8001": f"127.0.0.1:{second}",
            "proxy_read_timeout 30s;": f"proxy_read_timeout {PATIENCE}s;",
            "http {\n": "http {\n" + "".join(f"{each}_temp_path {name}/{each};\n" for each in TEMPORARY),
        }
        if not limits:
            changes |= dict.fromkeys(LIMITS, "")
        (directory / "nginx.conf").write_text(replaced(CONFIGURATION.read_text("utf-8"), changes), "utf-8")
        process = subprocess.Popen(
            [program("nginx", "nginx-light"), "-c", f"{name}/nginx.conf", "-g", "daemon off;"],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )
        try:
            _wait_until_listening(process, port)
            yield Front(f"http://127.0.0.1:{port}", tls_port, certificate)
        finally:
            process.terminate()
            process.communicate(timeout=PATIENCE)


def _wait_until_listening(process: subprocess.Popen[bytes], port: int) -> None:
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline and process.poll() is None:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port)):
            return
        time.sleep(0.05)
    process.kill()
    raise AssertionError(f"nginx did not start: {process.communicate()[0].decode()}")
