"""The table of files that exports have written."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import ForeignKey, Integer, LargeBinary
from sqlalchemy.orm import Mapped, mapped_column

from diptych.core.engine.entity import NOT_DUMPED, Base


class ExportChunk(Base):
    """A part of the file that a job writes. number: from 0. Once the job has succeeded, the file is whole."""

    __tablename__ = "export_chunk"
    __table_args__ = ({"info": NOT_DUMPED},)

    job_id: Mapped[UUID] = mapped_column(ForeignKey("job.id", ondelete="CASCADE"), primary_key=True)
    number: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    content: Mapped[bytes] = mapped_column(LargeBinary)
