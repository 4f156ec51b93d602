"""Our gunicorn worker refuses to start with what it cannot serve."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.databases import run
from tests.support.deployments import command, free_port


@pytest.mark.long
def test_tls_of_gunicorns_own_ends_the_start_with_one_line(tmp_path: Path):
    port = free_port()
    (tmp_path / "some.pem").touch()
    tls = ["--certfile", str(tmp_path / "some.pem"), "--keyfile", str(tmp_path / "some.pem")]

    done = run([*command("flask", port), *tls], check=False, FLASK_PORT=str(port))

    assert done.returncode == 1
    assert done.stderr.splitlines()[-1] == "diptych: gunicorn's own TLS is not served; end it in front of gunicorn"


@pytest.mark.long
def test_an_application_that_is_none_of_ours_ends_the_start_with_one_line(tmp_path: Path):
    (tmp_path / "other.py").write_text("def app(environ, start_response): ...\n")
    start = [*command("flask", free_port())[:-1], "--pythonpath", str(tmp_path), "--workers", "1", "other:app"]

    done = run(start, check=False)

    assert done.returncode == 3
    assert "Traceback" not in done.stderr
    (line,) = [line for line in done.stderr.splitlines() if line.startswith("diptych: ")]
    assert line.endswith(
        "serves what diptych.flask_app.create_app() makes; for another application choose gunicorn's gthread"
    )
