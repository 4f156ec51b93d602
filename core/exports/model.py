"""The tables of files that exports have written."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import ForeignKey, Integer, LargeBinary
from sqlalchemy.orm import Mapped, mapped_column

from diptych.core.engine.entity import NOT_DUMPED, Base


class ExportFile(Base):
    """The file that a job has written, in the store of files.

    Its row goes with that of the file, not the other way round: a worker of the release before does not know that a
    file belongs to an export, and may delete it.
    """

    __tablename__ = "export_file"
    __table_args__ = ({"info": NOT_DUMPED},)

    job_id: Mapped[UUID] = mapped_column(ForeignKey("job.id", ondelete="CASCADE"), primary_key=True)
    sha256: Mapped[str] = mapped_column(ForeignKey("file.sha256", ondelete="CASCADE"), index=True)


class ExportChunk(Base):
    """A part of the file that a job writes, until the file is in the store. number: from 0."""

    __tablename__ = "export_chunk"
    __table_args__ = ({"info": NOT_DUMPED},)

    job_id: Mapped[UUID] = mapped_column(ForeignKey("job.id", ondelete="CASCADE"), primary_key=True)
    number: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    content: Mapped[bytes] = mapped_column(LargeBinary)
