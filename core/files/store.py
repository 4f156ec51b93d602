"""The store of files: a directory or a bucket, in which each file is named by its SHA-256."""

from __future__ import annotations

import hashlib
import logging
import os
import re
import secrets
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import timedelta
from functools import cached_property
from pathlib import Path
from typing import Any

import obstore
from obstore.exceptions import AlreadyExistsError, BaseError
from obstore.store import LocalStore, S3Store

from diptych.core.errors import ServiceUnavailable
from diptych.core.http.request_response import FileRange
from diptych.core.http.spool import Spool

PART = 65_536
"""Bytes of a file that are sent at a time: a client has ten seconds for each."""

SINGLE = 8 * 1024 * 1024
"""Bytes of the largest file that is stored in one request. Larger ones are stored in parts, never all in memory."""

PARTS = 3
"""Parts of 5 MiB of a larger file that are sent at the same time."""

UNAVAILABLE = "The store of files cannot serve this now."

_FOLDER = "sha256"
_KEY = re.compile(rf"{_FOLDER}/[0-9a-f]{{2}}/([0-9a-f]{{64}})")
_ANSWER = re.compile(r"<Code>(.*?)</Code>\s*<Message>(.*?)</Message>")
_CLIENT: Any = {"connect_timeout": timedelta(seconds=3), "timeout": timedelta(seconds=30)}
_RETRIES: Any = {
    "max_retries": 2,
    "retry_timeout": timedelta(seconds=5),
    "backoff": {"init_backoff": timedelta(milliseconds=50), "max_backoff": timedelta(seconds=1), "base": 2},
}

_log = logging.getLogger("diptych")


class FileStore:
    """The files of a deployment. location: a directory, or s3://bucket/prefix.

    What the AWS command line reads from the environment (AWS_ACCESS_KEY_ID, AWS_ENDPOINT_URL and so on) counts for a
    bucket. It is opened when it is used first, in the process that uses it.

    Errors of all: ServiceUnavailable.
    """

    def __init__(self, location: str) -> None:
        self._location = location

    @property
    def _directory(self) -> Path | None:
        return None if "://" in self._location else Path(self._location).resolve()

    @cached_property
    def _store(self) -> Any:
        if self._directory is not None:
            return LocalStore(self._directory, mkdir=True)
        plain = os.environ.get("AWS_ENDPOINT_URL", "").startswith("http://")
        options: Any = {**_CLIENT, "allow_http": True} if plain else _CLIENT
        return S3Store.from_url(self._location, client_options=options, retry_config=_RETRIES)

    def check(self) -> None:
        """Store, read and delete a small file. Errors: ServiceUnavailable, which says what is wrong."""
        content = secrets.token_bytes(32)
        key = _key(hashlib.sha256(content).hexdigest())
        step = "written"
        try:
            obstore.put(self._store, key, content)
            step = "read"
            obstore.get(self._store, key).bytes()
            step = "deleted from"
            obstore.delete(self._store, key)
        except (BaseError, OSError) as error:
            raise self._unusable(step, error) from error

    def check_readable(self) -> None:
        """List files without creating anything. Errors: ServiceUnavailable, which says what is wrong."""
        try:
            if self._directory is not None:
                # Opening the store would create a missing directory.
                os.listdir(self._directory)  # noqa: PTH208 - Path.iterdir opens it when it is iterated
            next(iter(obstore.list(self._store, prefix=_FOLDER)), None)
        except (BaseError, OSError) as error:
            raise self._unusable("read", error) from error

    def _unusable(self, step: str, error: Exception) -> ServiceUnavailable:
        return ServiceUnavailable(f"The store of files, {self._location}, cannot be {step}: {_reason(error)}")

    def blocked_folder(self) -> Path | None:
        """Return a folder in which this process may not write, where the store is a directory and has one.

        Nothing is made or written: a start may be by another user than the service's.
        """
        if self._directory is None:
            return None
        # Not Path.exists, which raises an error where a folder may not be searched.
        there = next(each for each in (self._directory, *self._directory.parents) if os.path.exists(each))  # noqa: PTH110
        folders = (there, *self._directory.glob(_FOLDER), *self._directory.glob(f"{_FOLDER}/??"))
        return next((each for each in folders if not (each.is_dir() and os.access(each, os.W_OK | os.X_OK))), None)

    def put(self, digest: str, spool: Spool) -> None:
        """Store a file, unless it is there already. When this returns it outlives a loss of power."""
        key = _key(digest)
        with _errors():
            size = self._size_of(key)
            if size != len(spool):
                self._write(key, spool, is_new=size is None)
            if self._directory is not None:
                _sync(self._directory / key, self._directory)

    def _write(self, key: str, spool: Spool, *, is_new: bool) -> None:
        if not is_new or len(spool) > SINGLE:
            # Equal contents have equal names, so a second write stores the same bytes.
            obstore.put(self._store, key, spool.rewound(), max_concurrency=PARTS)
            return
        try:
            obstore.put(self._store, key, spool.rewound(), mode="create")
        except AlreadyExistsError:
            if self._size_of(key) != len(spool):
                raise

    def size(self, digest: str) -> int | None:
        """Return the size of a file in bytes; None where it is not there."""
        with _errors():
            return self._size_of(_key(digest))

    def _size_of(self, key: str) -> int | None:
        try:
            return int(obstore.head(self._store, key)["size"])
        except FileNotFoundError:
            return None

    def read(self, part: FileRange) -> Iterator[bytes]:
        """Yield a part of a file in pieces of at most PART bytes."""
        left = part.stop - part.start
        with _errors(missing=part.digest):
            options: Any = {"range": (part.start, part.stop)}
            found = obstore.get(self._store, _key(part.digest), options=options)
            for piece in found.stream(min_chunk_size=PART):
                data = bytes(piece)
                left -= len(data)
                for start in range(0, len(data), PART):
                    yield data[start : start + PART]
        if left:
            _log.error("the file %s in the store is not as large as it was", part.digest)
            raise ServiceUnavailable(UNAVAILABLE)

    def delete(self, digest: str) -> None:
        """Delete a file; nothing happens where it is not there."""
        with _errors(), suppress(FileNotFoundError):
            obstore.delete(self._store, _key(digest))

    def listed(self) -> Iterator[tuple[str, int]]:
        """Yield the digest and the size of each file, and the name of what else is there, in no order."""
        with _errors():
            for page in obstore.list(self._store, prefix=_FOLDER):
                for each in page:
                    found = _KEY.fullmatch(each["path"])
                    yield (found[1] if found else each["path"]), each["size"]

    def delete_unfinished(self, seconds: float) -> int:
        """Delete what killed processes have left in a directory that long ago or longer; return how many files.

        In a bucket the parts of uploads that were not completed are deleted by a rule of the bucket's own.
        """
        if self._directory is None:
            return 0
        count = 0
        with _errors():
            # As obstore names a file until it is complete.
            for path in (self._directory / _FOLDER).glob("*/*#*"):
                if path.stat().st_mtime < time.time() - seconds:
                    path.unlink(missing_ok=True)
                    count += 1
        return count


def _key(digest: str) -> str:
    return f"{_FOLDER}/{digest[:2]}/{digest}"


def _sync(path: Path, root: Path) -> None:
    """Have a file on the disk, with its name in its folders."""
    for each in (path, *[folder for folder in path.parents if folder.is_relative_to(root)]):
        descriptor = os.open(each, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


@contextmanager
def _errors(missing: str = "") -> Iterator[None]:
    """Raise ServiceUnavailable for what the store raises, and log it. missing: the file that is there by all rules."""
    try:
        yield
    except (BaseError, OSError) as error:
        if missing and isinstance(error, FileNotFoundError):
            _log.error("the file %s is missing in the store", missing)
        else:
            _log.error("the store of files failed: %s", _reason(error))
        raise ServiceUnavailable(UNAVAILABLE) from error


def _reason(error: Exception) -> str:
    """Return in one line why a request to the store failed: what a bucket has answered, if it has."""
    text = getattr(error, "strerror", None) or str(error)
    answered = _ANSWER.search(text)
    return f"{answered[1]}: {answered[2]}" if answered else text.partition("\n")[0]
