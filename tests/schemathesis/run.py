"""`make schemathesis`: test each adapter on each database against its own OpenAPI document."""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from diptych.core.access import permissions
from tests.support.databases import BACKENDS, DIPTYCH, ROOT, Databases, environment, run
from tests.support.deployments import ADAPTERS, deployment
from tests.support.postgresql import postgresql

CONFIG = Path(__file__).with_name("schemathesis.toml")

PHASES = ("examples", "coverage", "fuzzing", "stateful")


ROLES = ("anonymous", "reader", "editor", "administrator")

SCOPES = "catalogue:read catalogue:write metrics:read"
"""Of a token that can revoke none, itself neither."""


def token_of(database: str, role: str) -> str:
    """Create an account of a role, and return a token; none for an anonymous client."""
    if role == "anonymous":
        return ""
    run([*DIPTYCH, "accounts", "create", "schemathesis", "--role", role], DATABASE_URL=database)
    scope = " ".join(permissions.SCOPES) if role == "administrator" else SCOPES
    return run([*DIPTYCH, "tokens", "create", "schemathesis", "--scope", scope], DATABASE_URL=database).stdout.strip()


def judged(
    url: str,
    seed: str,
    examples: str,
    phases: Sequence[str] = PHASES,
    *,
    small: bool = False,
    role: str = "anonymous",
    token: str = "",
) -> bool:
    """Return whether Schemathesis finds no failure in a deployment. role, token: of the one who sends the requests.

    small: no list of a request has its largest size: drawing a thousand distinct items takes minutes.
    """
    command = [str(Path(sys.executable).with_name("schemathesis")), "--config-file", str(CONFIG)]
    command += ["run", f"{url}/openapi.json", "--phases", ",".join(phases), "--checks", "all"]
    command += ["--seed", seed, "--max-examples", examples]
    command += ["--continue-on-failure", "--generation-database", "none"]
    command += ["--header", f"Authorization: Bearer {token}"] if token else []
    settings = {"SCHEMATHESIS_HOOKS": "tests.schemathesis.checks", "SCHEMATHESIS_ROLE": role, "PYTHONPATH": str(ROOT)}
    if small:
        settings["SCHEMATHESIS_SMALL_LISTS"] = "1"
    return subprocess.run(command, cwd=ROOT, env=environment(**settings), timeout=900).returncode == 0


def usual(adapter: str) -> str:
    """Return the role in which an adapter is tested where none is asked for."""
    return "editor" if adapter == "sanic" else "anonymous"


def main() -> int:
    """Test all four; return 1 when any has a failure."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", default="1")
    parser.add_argument("--examples", default="20", help="requests for each operation in each phase, at most")
    parser.add_argument("--only", help="one of them, such as flask-sqlite")
    parser.add_argument("--as", dest="role", choices=ROLES, help="else anonymous to Flask, and as an editor to Sanic")
    options = parser.parse_args()
    found = []
    with tempfile.TemporaryDirectory() as directory, postgresql(Path(directory) / "postgresql") as server:
        databases = Databases(server, Path(directory))
        for adapter, backend in [(adapter, backend) for backend in BACKENDS for adapter in ADAPTERS]:
            if options.only in (None, f"{adapter}-{backend}"):
                print(f"\n{adapter} on {backend}", flush=True)
                database = databases.migrated(backend)
                role = options.role or usual(adapter)
                token = token_of(database, role)
                with deployment(adapter, database, DIPTYCH_FILES=f"{directory}/files") as url:
                    if not judged(url, options.seed, options.examples, role=role, token=token):
                        found.append(f"{adapter} on {backend}")
    print("\nNothing was found." if not found else f"\nFound something: {', '.join(found)}.")
    return bool(found)


if __name__ == "__main__":
    sys.exit(main())
