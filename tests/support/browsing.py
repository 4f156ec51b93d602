"""Chromium, driven by the scripts in tools/pages. `make test-pages` installs what they need."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from typing import Any

from tests.support.databases import ROOT

TOOLS = ROOT / "tools" / "pages"

WIDTHS = (320, 360, 768, 1280)


def wrong_with(script: str, **given: Any) -> list[str]:
    """Run a script with what it is given; return the lines about what is wrong. Errors: AssertionError."""
    chromium, node = shutil.which("chromium"), shutil.which("node")
    assert chromium, "there is no chromium on this machine"
    assert node, "there is no node on this machine"
    done = subprocess.run(
        [node, TOOLS / script],
        input=json.dumps(given),
        capture_output=True,
        text=True,
        check=False,
        cwd=TOOLS,
        env={**os.environ, "CHROMIUM": chromium},
    )
    assert done.returncode == 0, done.stderr
    found: list[str] = json.loads(done.stdout)
    return found
