"""Write core/sync from core/aio: the same code with nothing to await.

`python tools/unasync.py` writes it; `--check` only says whether it is fresh, exit status 1 when it is not. Names are
replaced as whole words, as httpcore and psycopg do for theirs: whatever diptych.core.aio uses of an asynchronous kind
has to be in WORDS, and a twin that does not type-check says what is missing.
"""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
SOURCE = ROOT / "core" / "aio"
TARGET = ROOT / "core" / "sync"

HEADER = '# Generated from core/aio/{name} by tools/unasync.py: do not edit, run "make twins".\n'

WORDS = {
    "diptych.core.aio": "diptych.core.sync",
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
    "asyncio": "time",
    "greenlet_spawn": "call",
    "sqlalchemy.util": "operator",
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


def twin(source: str, name: str) -> str:
    """The synchronous text of one module, formatted."""
    for pattern, replacement in RULES:
        source = pattern.sub(replacement, source)
    arguments = [sys.executable, "-m", "ruff", "--quiet"]
    text = HEADER.format(name=name) + source
    for command in (["check", "--select", "I,F401,F811", "--fix"], ["format"]):
        run = [*arguments[:3], *command, "--quiet", "--stdin-filename", str(SOURCE / name), "-"]
        text = subprocess.run(run, input=text, capture_output=True, text=True, check=True).stdout
    return text


def main() -> int:
    """Write or check every module; the exit status."""
    check = "--check" in sys.argv[1:]
    wanted = {path.relative_to(SOURCE): path for path in sorted(SOURCE.rglob("*.py"))}
    stale = [path for path in sorted(TARGET.rglob("*.py")) if path.relative_to(TARGET) not in wanted]
    for path in stale:
        print(f"{path.relative_to(ROOT)} has no source")
        if not check:
            path.unlink()
    for name, path in wanted.items():
        target = TARGET / name
        text = twin(path.read_text(encoding="utf-8"), name.as_posix())
        if not target.exists() or target.read_text(encoding="utf-8") != text:
            stale.append(target)
            print(f"{target.relative_to(ROOT)} {'is stale: make twins' if check else 'written'}")
            if not check:
                target.parent.mkdir(parents=True, exist_ok=True)
                target.write_text(text, encoding="utf-8")
    return 1 if check and stale else 0


if __name__ == "__main__":
    sys.exit(main())
