"""The tables of files, and of which books have them."""

from __future__ import annotations

from datetime import datetime
from typing import Any, ClassVar
from uuid import UUID

from sqlalchemy import (
    JSON,
    BigInteger,
    CheckConstraint,
    ForeignKey,
    Index,
    Integer,
    String,
    UniqueConstraint,
    Uuid,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column
from uuid_utils.compat import uuid7

from diptych.core.engine.derived_values import Rules
from diptych.core.engine.entity import NOT_DUMPED, Base, UtcDateTime, binary_collated_string, part_of_history
from diptych.core.files.rules import KINDS, NAME_LENGTH, STATES

_EBOOK = text("kind = 'ebook'")
_WAITING = text("unreferenced_since IS NOT NULL")


class File(Base):
    """A content in the store of files. sha256: of it, in hexadecimal, which is its name there.

    state: pending while it may not be in the store yet, and deleting while it may not be any more. unreferenced_since:
    when it was seen that nothing refers to it: no book, no copy of a file, no export, no import.
    """

    __tablename__ = "file"
    __table_args__ = (
        CheckConstraint(f"state IN {STATES}", name="state"),
        Index("ix_file_unreferenced_since", "unreferenced_since", postgresql_where=_WAITING, sqlite_where=_WAITING),
    )

    sha256: Mapped[str] = mapped_column(binary_collated_string(64), primary_key=True)
    size: Mapped[int] = mapped_column(BigInteger)
    media_type: Mapped[str] = mapped_column(String(100))
    state: Mapped[str] = mapped_column(String(10))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime(timezone=True))
    unreferenced_since: Mapped[datetime | None] = mapped_column(UtcDateTime(timezone=True))


@part_of_history("files")
class BookFile(Base):
    """A file that a book has: a cover, or an e-book. name: to save it by."""

    __tablename__ = "book_file"
    __table_args__ = (
        UniqueConstraint("book_id", "kind", "sha256"),
        CheckConstraint(f"kind IN {KINDS}", name="kind"),
        Index("ix_book_file_ebook", "book_id", postgresql_where=_EBOOK, sqlite_where=_EBOOK),
    )
    rules: ClassVar = Rules(noun="file", named_by="name", normalizers={})

    # With its type: the table that it refers to is mapped later.
    book_id: Mapped[UUID] = mapped_column(Uuid, ForeignKey("book.id", ondelete="CASCADE"), primary_key=True)
    id: Mapped[UUID] = mapped_column(Uuid, primary_key=True, default=uuid7)
    kind: Mapped[str] = mapped_column(String(10))
    name: Mapped[str | None] = mapped_column(String(NAME_LENGTH))
    sha256: Mapped[str] = mapped_column(ForeignKey("file.sha256", ondelete="RESTRICT"), index=True)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime(timezone=True))


class FileCopy(Base):
    """A copy for display of the image that a file is, or has: itself a file. original: the sha256 of the first."""

    __tablename__ = "file_copy"
    __table_args__ = ({"info": NOT_DUMPED},)

    original: Mapped[str] = mapped_column(ForeignKey("file.sha256", ondelete="CASCADE"), primary_key=True)
    size: Mapped[str] = mapped_column(String(10), primary_key=True)
    media_type: Mapped[str] = mapped_column(String(100), primary_key=True)
    sha256: Mapped[str] = mapped_column(ForeignKey("file.sha256", ondelete="RESTRICT"), index=True)
    width: Mapped[int] = mapped_column(Integer)
    height: Mapped[int] = mapped_column(Integer)


class FileDescription(Base):
    """What was found in a file: metadata, left_out and error of diptych.core.files.schemas.FileDetails."""

    __tablename__ = "file_description"
    __table_args__ = ({"info": NOT_DUMPED},)

    sha256: Mapped[str] = mapped_column(ForeignKey("file.sha256", ondelete="CASCADE"), primary_key=True)
    content: Mapped[dict[str, Any]] = mapped_column(JSON(none_as_null=True))


class FileSender(Base):
    """That somebody has sent a file that is still stored. principal: who; size: the bytes that count for them.

    The row goes with that of the file, when the file is deleted from the store.
    """

    __tablename__ = "file_sender"
    __table_args__ = ({"info": NOT_DUMPED},)

    # With its type: it refers to no account here, but also to users of others.
    principal: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    sha256: Mapped[str] = mapped_column(ForeignKey("file.sha256", ondelete="CASCADE"), primary_key=True, index=True)
    size: Mapped[int] = mapped_column(BigInteger)
