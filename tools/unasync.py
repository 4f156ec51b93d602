"""Write core/sync from core/aio: the same code without async.

`python tools/unasync.py` writes it; `--check` only checks that it is up to date, with exit status 1 when it is not.
Names are replaced as whole words, as httpcore and psycopg do for theirs. Every async name that diptych.core.aio uses
has to be in WORDS: a twin that does not type-check shows what is missing, and a rule that replaces nothing is an
error. Functions that two libraries call differently have a name for each twin in diptych.core.db._compat.
"""

from __future__ import annotations

import re
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
SOURCE = ROOT / "core" / "aio"
TARGET = ROOT / "core" / "sync"

HEADER = '# Generated from core/aio/{name} by tools/unasync.py: do not edit, run "make twins".\n'

WORDS = {
    "diptych.core.aio": "diptych.core.sync",
    "AsyncGenerator": "Generator",
    "AsyncIterator": "Iterator",
    "AsyncConnection": "Connection",
    "AsyncEngine": "Engine",
    "AsyncSession": "Session",
    "AsyncSessionConfig": "SyncSessionConfig",
    "SQLAlchemyAsyncConfig": "SQLAlchemySyncConfig",
    "SQLAlchemyAsyncRepository": "SQLAlchemySyncRepository",
    "SQLAlchemyAsyncSlugRepository": "SQLAlchemySyncSlugRepository",
    "SQLAlchemyAsyncRepositoryReadService": "SQLAlchemySyncRepositoryReadService",
    "SQLAlchemyAsyncRepositoryService": "SQLAlchemySyncRepositoryService",
    "asynccontextmanager": "contextmanager",
    "async_config": "sync_config",
    "checkout_async": "checkout",
    "checkin_async": "checkin",
    "aclosing": "closing",
    "repeating_async": "repeating",
    "anext": "next",
    "__anext__": "__next__",
    "__aiter__": "__iter__",
    "StopAsyncIteration": "StopIteration",
    "sleep_async": "sleep",
    "call_async": "call",
    "checking_async": "checking",
    "read_body_async": "read_body",
    "write_body_async": "write_body",
    "hash_in_turn_async": "hash_in_turn",
    "in_thread_async": "in_thread",
    "sqlalchemy.ext.asyncio.engine": "sqlalchemy.engine",
    "sqlalchemy.ext.asyncio": "sqlalchemy.orm",
    "The source twin: all that waits for the database, written once. diptych.core.sync is made of it: `make twins`.": (
        "The generated twin of diptych.core.aio: the same, and it blocks."
    ),
}
RULES = [
    *((re.compile(rf"(?<![\w.]){re.escape(word)}(?!\w)"), twin) for word, twin in WORDS.items()),
    (re.compile(r"\basync (?=def |with |for )"), ""),
    (re.compile(r"\bawait "), ""),
    (re.compile(r"\bAwaitable\[([^]]+)\]"), r"\1"),
]


def twins(sources: dict[str, str]) -> dict[str, str]:
    """Return the synchronous text of each module, formatted. Errors: SystemExit where a rule replaces nothing."""
    found = {name: HEADER.format(name=name) + source for name, source in sources.items()}
    for pattern, replacement in RULES:
        count = 0
        for name, text in found.items():
            found[name], replaced = pattern.subn(replacement, text)
            count += replaced
        if not count:
            raise SystemExit(f"tools/unasync.py: nothing in core/aio needs the rule {pattern.pattern}: remove it")
    return formatted(found)


def formatted(modules: dict[str, str]) -> dict[str, str]:
    """Return the modules formatted, and without imports that are no longer used."""
    with tempfile.TemporaryDirectory() as name:
        directory = Path(name)
        for module, text in modules.items():
            (directory / module).parent.mkdir(parents=True, exist_ok=True)
            (directory / module).write_text(text, encoding="utf-8")
        for command in (["check", "--select", "I,F401,F811", "--fix"], ["format"]):
            ruff = [sys.executable, "-m", "ruff", *command, "--quiet", "--no-cache"]
            subprocess.run([*ruff, "--config", str(ROOT / "pyproject.toml"), name], check=True)
        return {module: (directory / module).read_text(encoding="utf-8") for module in modules}


def main() -> int:
    """Write or check every module; return the exit status."""
    check = "--check" in sys.argv[1:]
    wanted = twins(
        {path.relative_to(SOURCE).as_posix(): path.read_text(encoding="utf-8") for path in sorted(SOURCE.rglob("*.py"))}
    )
    stale = [path for path in sorted(TARGET.rglob("*.py")) if path.relative_to(TARGET).as_posix() not in wanted]
    for path in stale:
        print(f"{path.relative_to(ROOT)} has no source")
        if not check:
            path.unlink()
    for name, text in wanted.items():
        target = TARGET / name
        if not target.exists() or target.read_text(encoding="utf-8") != text:
            stale.append(target)
            print(f"{target.relative_to(ROOT)} {'is stale: make twins' if check else 'written'}")
            if not check:
                target.parent.mkdir(parents=True, exist_ok=True)
                target.write_text(text, encoding="utf-8")
    return 1 if check and stale else 0


if __name__ == "__main__":
    sys.exit(main())
