"""Resources shared by all processes of one run of the suite."""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.support.locks import exclusive
from tests.support.postgresql import PostgreSQL, Programs, initialise


class SharedRun:
    """The directory of a run. Each shared resource has a JSON file there that describes it."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory

    @classmethod
    def begin(cls) -> SharedRun:
        """Create the directory of a new run.

        It is not below pytest's base directory: pytest closes that to all other users when a run begins, and
        PostgreSQL does not run as root.
        """
        directory = Path(tempfile.mkdtemp(prefix="diptych-"))
        directory.chmod(0o755)
        return cls(directory)

    def once(self, name: str, make: Callable[[], Any]) -> Any:
        """Call `make` in the first process that asks for `name`, and give every process its result, through JSON."""
        made = self.directory / f"{name}.json"
        with exclusive(self.directory / f"{name}.lock"):
            if not made.exists():
                made.write_text(json.dumps(make()), "utf-8")
            return json.loads(made.read_text("utf-8"))

    def postgresql(self) -> PostgreSQL:
        """Return the server of this run; the first process that asks for it starts it."""
        files = self.directory / "postgresql"

        def started() -> list[str | None]:
            programs = initialise(files)
            # fsync=off is safe: no test simulates a power failure.
            # The log is shared, too: each line has the name of its database.
            PostgreSQL(files, programs).start("fsync=off", "max_connections=300", "log_line_prefix=%m [%p] %d ")
            return [str(programs.directory), programs.user]

        directory, user = self.once("postgresql", started)
        return PostgreSQL(files, Programs(Path(directory), user))

    def end(self) -> None:
        """Stop what was started, and delete the directory."""
        if (self.directory / "postgresql.json").exists():
            self.postgresql().stop()
        shutil.rmtree(self.directory)
