"""The files of a twin's books, in a store of their own."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

from diptych.core.database import sync_config
from diptych.core.files.store import FileStore
from tests.services.api import Api
from tests.services.twins import Twin
from tests.support.databases import ROOT, environment
from tests.support.files import age, differences


class Files:
    """The files of a twin's books."""

    def __init__(self, twin: Twin, location: str) -> None:
        self.twin, self.location = twin, location
        self.store = FileStore(location)
        self.api = Api(twin)
        self.engine = sync_config(twin.settings).get_engine()

    async def book(self) -> str:
        return str((await self.api.made("books_create", {"title": "x", "author_id": None}))["id"])

    async def send(self, book: str, content: str) -> Any:
        response, _ = await self.api.call("books_add_file", None, "kind=cover", file=content, id=book)
        return response

    async def sent(self, book: str, content: str) -> str:
        response = await self.send(book, content)
        assert response.status == 201, response.body
        return str(json.loads(response.body)["id"])

    async def listed(self, book: str) -> list[Any]:
        response, _ = await self.api.call("books_list_files", id=book)
        return json.loads(response.body)["items"]  # type: ignore[no-any-return]

    async def delete(self, book: str, file: str) -> None:
        response, _ = await self.api.call("books_delete_file", book_id=book, id=file)
        assert response.status == 204

    async def status(self, book: str, file: str) -> int:
        return (await self.api.call("books_get_file", book_id=book, id=file))[0].status

    async def sweep(self) -> int:
        """Sweep until nothing is left to do, and return how many changes that took."""
        sweep = self.twin.module("file_storage").FileSweep(self.store)
        changes = 0
        while True:
            swept = self.twin.database.execute_write(sweep, in_transaction=True)
            count = await swept if self.twin.name == "aio" else swept
            if not count:
                return changes
            changes += count

    async def sweep_later(self) -> None:
        """Sweep now, and again when that is long ago."""
        await self.sweep()
        with self.engine.connect() as connection:
            age(connection, self.location)
            connection.commit()
        await self.sweep()

    def differences(self) -> list[str]:
        with self.engine.connect() as connection:
            return differences(connection, self.location)

    def killed_in(self, step: str, book: str) -> int:
        """Have another process send a file and be killed in a step; return its exit status."""
        command = [sys.executable, "-m", "tests.services.killed_upload", self.twin.name, self.twin.url, self.location]
        return subprocess.run([*command, book, step], cwd=ROOT, env=environment(), timeout=120).returncode

    async def close(self) -> None:
        self.engine.dispose()
        await self.api.close()
        await self.twin.close()
