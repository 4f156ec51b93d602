"""What the proxies of the tests have in common: addresses, a certificate, and the configuration in docs."""

from __future__ import annotations

import ssl
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from tests.support.programs import program
from tests.support.waiting import PATIENCE

HOST = "catalogue.example.org"
"""The host in the proxies' certificate and in docs/nginx.conf."""


@dataclass(frozen=True, slots=True)
class Front:
    """A running proxy: its address without TLS, its port with TLS, and the certificate to be trusted there."""

    url: str
    tls_port: int
    certificate: Path

    @property
    def secure_url(self) -> str:
        """Return the address with TLS. The certificate is also for 127.0.0.1."""
        return f"https://127.0.0.1:{self.tls_port}"

    def trusting(self) -> ssl.SSLContext:
        """Return what a client needs to trust the certificate."""
        return ssl.create_default_context(cafile=str(self.certificate))


def self_signed(file: Path) -> Path:
    """Write a self-signed certificate and its key into the file, and return it."""
    found = subprocess.run(
        [
            program("openssl", "openssl"), "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1",
            "-nodes", "-days", "2", "-subj", f"/CN={HOST}", "-addext", f"subjectAltName=DNS:{HOST},IP:127.0.0.1",
            "-keyout", "-",
        ],
        capture_output=True, check=True, timeout=PATIENCE,
    )  # fmt: skip
    file.write_bytes(found.stdout)
    return file


def replaced(text: str, changes: Mapping[str, str]) -> str:
    """Return the configuration with each of these replaced. Errors: AssertionError where one is not there once."""
    for there, instead in changes.items():
        assert text.count(there) == 1, there
        text = text.replace(there, instead)
    return text
