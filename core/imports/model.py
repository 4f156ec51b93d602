"""The tables of files that were sent to be imported."""

from __future__ import annotations

from datetime import datetime
from typing import Any, ClassVar
from uuid import UUID

from sqlalchemy import JSON, BigInteger, ForeignKey, Index, Integer, LargeBinary, String, Text, Uuid
from sqlalchemy.orm import Mapped, mapped_column
from uuid_utils.compat import uuid7

from diptych.core.engine.derived_values import Rules
from diptych.core.engine.entity import NOT_DUMPED, Base, UtcDateTime
from diptych.core.imports.rules import NAME_LENGTH

# Not JSONB, which cannot hold all that is in a file.
_JSON = JSON(none_as_null=True)


class ImportFile(Base):
    """A file. name: as its sender calls it. preview: what it would become. left_out: what the import has left out.

    columns: of a table with a header. job_id: the last job that read it, which may be deleted already.
    """

    __tablename__ = "import_file"
    __table_args__ = (Index("ix_import_file_principal_id", "principal", "id"), {"info": NOT_DUMPED})
    rules: ClassVar = Rules(noun="import", named_by="name", normalizers={})

    id: Mapped[UUID] = mapped_column(Uuid, primary_key=True, default=uuid7)
    name: Mapped[str | None] = mapped_column(String(NAME_LENGTH))
    size: Mapped[int] = mapped_column(BigInteger)
    principal: Mapped[str | None] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime(timezone=True), index=True)
    preview: Mapped[dict[str, Any] | None] = mapped_column(_JSON)
    columns: Mapped[list[str] | None] = mapped_column(_JSON)
    left_out: Mapped[list[str] | None] = mapped_column(_JSON)
    job_id: Mapped[UUID | None] = mapped_column(Uuid)


class ImportContent(Base):
    """The content of a file, in the store of files.

    Its row goes with that of the stored file: a worker of the release before does not know that an import has it, and
    may delete it.
    """

    __tablename__ = "import_content"
    __table_args__ = ({"info": NOT_DUMPED},)

    import_id: Mapped[UUID] = mapped_column(ForeignKey("import_file.id", ondelete="CASCADE"), primary_key=True)
    sha256: Mapped[str] = mapped_column(ForeignKey("file.sha256", ondelete="CASCADE"), index=True)


class ImportChunk(Base):
    """A part of a file that the release before has stored.

    number: from 0; all but the last have diptych.core.imports.rules.CHUNK bytes.
    """

    __tablename__ = "import_chunk"
    __table_args__ = ({"info": NOT_DUMPED},)

    import_id: Mapped[UUID] = mapped_column(ForeignKey("import_file.id", ondelete="CASCADE"), primary_key=True)
    number: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    content: Mapped[bytes] = mapped_column(LargeBinary)


class ImportReject(Base):
    """A row or record that was not imported. number: from 0. line: of the file. raw: JSON in ASCII, as text."""

    __tablename__ = "import_reject"
    __table_args__ = ({"info": NOT_DUMPED},)

    import_id: Mapped[UUID] = mapped_column(ForeignKey("import_file.id", ondelete="CASCADE"), primary_key=True)
    number: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    line: Mapped[int] = mapped_column(BigInteger)
    reason: Mapped[str] = mapped_column(Text)
    raw: Mapped[str] = mapped_column(Text)
