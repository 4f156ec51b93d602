"""The history of migrations, run in this process: a step takes a tenth of a second."""

from __future__ import annotations

import io
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from textwrap import indent

from advanced_alchemy.alembic.commands import AlembicCommands
from alembic.script import Script, ScriptDirectory
from sqlalchemy import Connection

from core.database import MIGRATIONS, sync_config
from core.settings import Settings

PLANTED = "planted"
"""The revision that `plant` adds."""


@contextmanager
def transaction(url: str) -> Iterator[Connection]:
    """A connection to a database as the service has them, committed at the end."""
    engine = sync_config(Settings(database_url=url)).get_engine()
    try:
        with engine.begin() as connection:
            yield connection
    finally:
        engine.dispose()


class History:
    """The revisions of a directory, run by its env.py."""

    def __init__(self, directory: Path = MIGRATIONS) -> None:
        self.directory = directory
        self.scripts = ScriptDirectory(str(directory))

    def revisions(self) -> list[Script]:
        """Every revision, the first one first."""
        return list(self.scripts.walk_revisions())[::-1]

    def script(self, revision: str) -> Script:
        """One revision's file."""
        return next(script for script in self.revisions() if script.revision == revision)

    @property
    def head(self) -> str:
        """The newest revision. Errors: CommandError when there are two."""
        return str(self.scripts.get_current_head())

    def upgrade(self, url: str, revision: str) -> None:
        """Bring a database up to a revision."""
        with self._commands(url) as commands:
            commands.upgrade(revision)

    def downgrade(self, url: str, revision: str) -> None:
        """Bring a database down to a revision, or to "base"."""
        with self._commands(url) as commands:
            commands.downgrade(revision)

    def sql(self, script: Script) -> str:
        """What a revision sends to PostgreSQL."""
        with self._commands("postgresql://nobody@127.0.0.1/none") as commands:
            commands.config.output_buffer = written = io.StringIO()
            commands.upgrade(f"{below(script)}:{script.revision}", sql=True)
        return written.getvalue()

    @contextmanager
    def _commands(self, url: str) -> Iterator[AlembicCommands]:
        config = sync_config(Settings(database_url=url))
        config.alembic_config.script_location = str(self.directory)
        try:
            yield AlembicCommands(config)
        finally:
            config.get_engine().dispose()


def below(script: Script) -> str:
    """The revision before one; "base" before the first."""
    assert not isinstance(script.down_revision, tuple), f"{script.revision} joins two histories"
    return script.down_revision or "base"


def plant(directory: Path, upgrade: str, downgrade: str = "pass", declares: str = "") -> History:
    """A copy of the history in a new directory, with one revision more at its end.

    upgrade, downgrade: the bodies of its functions; declares: lines beside them.
    """
    shutil.copytree(MIGRATIONS, directory, ignore=shutil.ignore_patterns("__pycache__"))
    head = History().head
    (directory / "versions" / f"{PLANTED}.py").write_text(
        f'"""Planted."""\n\nimport sqlalchemy as sa\nfrom alembic import op\n\n'
        f'revision = "{PLANTED}"\ndown_revision = "{head}"\n{declares}\n\n'
        f"def upgrade():\n{indent(upgrade, '    ')}\n\n\ndef downgrade():\n{indent(downgrade, '    ')}\n",
        encoding="utf-8",
    )
    return History(directory)
