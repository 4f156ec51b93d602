"""The password in the URL of every PostgreSQL database of the tests: nothing that is logged or printed may have it."""

from __future__ import annotations

import re

from diptych.core.access.bearer_tokens import digest_of

PASSWORD = "pa55word-of-a-test-database"  # noqa: S105 - it is what the tests look for
"""The server asks for none, so any does."""


def planted(url: str) -> str:
    """Return the URL of a PostgreSQL database with the password."""
    return url.replace("postgres@", f"postgres:{PASSWORD}@", 1)


TOKEN = re.compile(r"dpt_[0-9A-Za-z]{49}")


def check_log(log: str) -> None:
    """Check that a server's log has neither the password nor a token in it. Errors: AssertionError."""
    check("a server's log", log)
    found = [each for each in TOKEN.findall(log) if digest_of(each)]
    assert not found, f"a server's log has {len(found)} tokens"


def check(where: str, *texts: str) -> None:
    """Check that no text has the password in it. Errors: AssertionError."""
    for text in texts:
        if PASSWORD in text:
            line = next(line for line in text.splitlines() if PASSWORD in line)
            raise AssertionError(f"{where} has the database's password: {line.replace(PASSWORD, '...')}")
