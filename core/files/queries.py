"""The statements about files, and those of books; all values are bind parameters."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sqlalchemy import (
    BigInteger,
    Text,
    Uuid,
    and_,
    bindparam,
    case,
    cast,
    delete,
    exists,
    func,
    insert,
    null,
    or_,
    select,
    union_all,
    update,
)
from sqlalchemy.dialects import postgresql, sqlite

from diptych.core.engine.database_clock import current_time, seconds_from_now
from diptych.core.engine.row_statements import in_list, in_values
from diptych.core.exports.model import ExportFile
from diptych.core.files import schemas
from diptych.core.files.content.media_types import JPEG
from diptych.core.files.model import BookFile, File, FileCopy, FileDescription, FileSender
from diptych.core.files.rules import SWEPT
from diptych.core.imports.model import ImportContent

_THIS = File.sha256 == bindparam("digest", type_=Text)
_REFERRING = (BookFile.sha256, FileCopy.sha256, ExportFile.sha256, ImportContent.sha256)
_IS_REFERENCED = or_(*(exists().where(column == File.sha256) for column in _REFERRING))


def _receive(insert_into: Any) -> Any:
    statement = insert_into(File).values(
        sha256=bindparam("digest", type_=Text), state="pending", created_at=current_time(),
        unreferenced_since=current_time(),
        **{name: bindparam(f"new_{name}", type_=getattr(File, name).type) for name in ("size", "media_type")},
    )  # fmt: skip
    is_kept = and_(File.state == "ready", File.unreferenced_since.is_(None))
    return statement.on_conflict_do_update(
        index_elements=[File.sha256],
        set_={
            "state": case((File.state == "ready", "ready"), else_="pending"),
            "unreferenced_since": case((is_kept, null()), else_=current_time()),
        },
    )


RECEIVE = {"postgresql": _receive(postgresql.insert), "sqlite": _receive(sqlite.insert)}
"""Insert the row of a file that is going to be stored, by dialect name. It waits while the file is being deleted."""


def _send(insert_into: Any) -> Any:
    values = {each.name: bindparam(each.name, type_=each.type) for each in FileSender.__table__.columns}
    return insert_into(FileSender).values(**values).on_conflict_do_nothing()


ADD_SENDER = {"postgresql": _send(postgresql.insert), "sqlite": _send(sqlite.insert)}
"""Count a file for its sender, unless it counts already; by dialect name."""

LOCK_SENDER = select(func.pg_advisory_xact_lock(bindparam("lock", type_=BigInteger)))
"""Have others who count files for the same sender wait for the end of the transaction. SQLite has one writer anyway."""

SENT = select(func.coalesce(func.sum(FileSender.size), 0)).where(
    FileSender.principal == bindparam("principal", type_=Uuid)
)
"""Select the bytes that count for a sender."""

KEEP = (
    update(File)
    .where(_THIS, File.state.in_(("pending", "ready")))
    .values(state="ready", unreferenced_since=None)
    .returning(File.sha256)
)
"""Mark a file as stored and referenced. No row is returned where it was deleted meanwhile."""

READY = update(File).where(_THIS, File.state == "pending").values(state="ready")
"""Mark a file as stored that no book has yet. It is kept as long as one that no book has any more."""

KEEP_STORED = (
    update(File).where(_THIS, File.state == "ready").values(unreferenced_since=None).returning(File.media_type)
)
"""Keep a file that is still stored, and return its media type. No row is returned where it was deleted meanwhile."""

KEEP_AGAIN = (
    update(File)
    .where(in_list(File.sha256, "digests"), File.state == "ready")
    .values(unreferenced_since=None)
    .returning(File.sha256)
)
"""Keep those of the files with these `digests` that are still stored, and return which."""

_SHOWN = (
    BookFile.id,
    BookFile.book_id,
    BookFile.kind,
    BookFile.name,
    File.media_type,
    File.size,
    BookFile.sha256,
    BookFile.created_at,
)
_OF_BOOK = BookFile.book_id == bindparam("book", type_=Uuid)
_ONE = and_(_OF_BOOK, BookFile.id == bindparam("file", type_=Uuid))
_WITH_FILE = select(*_SHOWN).join(File, File.sha256 == BookFile.sha256)

LIST = _WITH_FILE.where(_OF_BOOK).order_by(BookFile.id)
"""Select the files of a `book`."""

OF_BOOKS = (
    _WITH_FILE.add_columns(exists().where(FileCopy.original == BookFile.sha256))
    .where(in_values(BookFile.book_id))
    .order_by(BookFile.id)
)
"""Select the files of the books with ids in VALUES, and whether there are copies of each for display."""

ONE = _WITH_FILE.where(_ONE)
"""Select one `file` of a `book`."""

LOCK = select(BookFile.id).where(_ONE).with_for_update()

FIRST_COVER = (
    select(BookFile.id, BookFile.sha256).where(_OF_BOOK, BookFile.kind == "cover").order_by(BookFile.id).limit(1)
)
"""Select id and sha256 of the first cover of a `book`."""

COUNT = select(func.count()).select_from(BookFile).where(_OF_BOOK)

_NEW = {name: bindparam(f"new_{name}", type_=getattr(BookFile, name).type) for name in ("kind", "name", "sha256")}

ADD = insert(BookFile).values(
    book_id=bindparam("book", type_=Uuid),
    id=bindparam("file", type_=Uuid),
    created_at=bindparam("moment", type_=BookFile.created_at.type),
    **_NEW,
)

REPLACE = update(BookFile).where(_ONE).values(**_NEW).returning(BookFile.created_at)

REMOVE = delete(BookFile).where(_ONE).returning(BookFile.id)


def represent(row: Any) -> schemas.BookFile:
    """Return the answer of a row of LIST or ONE."""
    return schemas.BookFile(*row)


def represent_displayed(row: Any) -> schemas.DisplayedFile:
    """Return a file of a page from a row of SHOWN."""
    *own, width, height, examined, error = row
    return schemas.DisplayedFile(represent(own), width, height, bool(examined), error)


# Examination

FIND = select(File.media_type, File.size, exists().where(FileDescription.sha256 == File.sha256)).where(
    _THIS, File.state == "ready"
)
"""Select the media type and size of a stored file, and whether it was examined."""

LOCK_STORED = select(File.sha256).where(_THIS, File.state == "ready").with_for_update(read=True, key_share=True)
"""Keep a stored file from being deleted until the end of the transaction."""

_COPY = {each.name: bindparam(each.name, type_=each.type) for each in FileCopy.__table__.columns}

FORGET_COPIES = delete(FileCopy).where(FileCopy.original == bindparam("digest", type_=Text))

ADD_COPY = insert(FileCopy).values(**_COPY)

FORGET_DESCRIPTION = delete(FileDescription).where(FileDescription.sha256 == bindparam("digest", type_=Text))

ADD_DESCRIPTION = insert(FileDescription).values(
    sha256=bindparam("digest", type_=Text), content=bindparam("new_content", type_=FileDescription.content.type)
)

DESCRIPTION = (
    select(BookFile.sha256, FileDescription.content)
    .outerjoin(FileDescription, FileDescription.sha256 == BookFile.sha256)
    .where(_ONE)
)
"""Select the sha256 of a `file` of a `book`, and what was found in it; null where it has not been examined."""

COPIES = (
    select(FileCopy.size, FileCopy.media_type, FileCopy.width, FileCopy.height)
    .where(FileCopy.original == bindparam("digest", type_=Text))
    .order_by(FileCopy.height, FileCopy.size, FileCopy.media_type)
)
"""Select the copies of a file."""

COPY = (
    select(File.sha256, File.size)
    .join(FileCopy, FileCopy.sha256 == File.sha256)
    .join(BookFile, BookFile.sha256 == FileCopy.original)
    .where(_ONE, FileCopy.size == bindparam("size", type_=Text), FileCopy.media_type == bindparam("type", type_=Text))
)
"""Select one copy of a `file` of a `book`."""

COPY_OF = (
    select(File.sha256, File.size)
    .join(FileCopy, FileCopy.sha256 == File.sha256)
    .where(
        FileCopy.original == bindparam("digest", type_=Text),
        FileCopy.size == bindparam("size", type_=Text),
        FileCopy.media_type == bindparam("type", type_=Text),
        exists().where(BookFile.sha256 == FileCopy.original),
    )
)
"""Select one copy of the file with a `digest`, as long as a book has that."""


def cover_of(book: Any) -> Any:
    """Return the subquery for the cover of a book, the first one with copies, or that of an e-book. book: the model.

    It is one text, because a subquery has one column: the sha256 of the original, width and height of a small copy.
    """
    shown = FileCopy.original + " " + cast(FileCopy.width, Text) + " " + cast(FileCopy.height, Text)
    return (
        select(shown)
        .join(BookFile, BookFile.sha256 == FileCopy.original)
        .where(BookFile.book_id == book.id, FileCopy.size == "small", FileCopy.media_type == JPEG.media_type)
        .order_by(BookFile.kind, BookFile.id)
        .limit(1)
        .correlate(book)
        .scalar_subquery()
    )


_LARGE = and_(FileCopy.original == BookFile.sha256, FileCopy.size == "large", FileCopy.media_type == JPEG.media_type)

SHOWN = (
    _WITH_FILE.add_columns(
        FileCopy.width,
        FileCopy.height,
        FileDescription.sha256.is_not(None),
        FileDescription.content["error"].as_string(),
    )
    .outerjoin(FileCopy, _LARGE)
    .outerjoin(FileDescription, FileDescription.sha256 == BookFile.sha256)
    .order_by(BookFile.kind, BookFile.id)
)
"""Select files, covers first, with the size of a large copy, whether each was examined, and its error."""

SHOWN_OF_BOOK = SHOWN.where(_OF_BOOK)
"""Select the same of a `book`."""


# The sweep

_SOME = select(File.sha256).order_by(File.sha256).limit(SWEPT).with_for_update(skip_locked=True).correlate(None)

_REFERENCED_AGAIN = (File.unreferenced_since.is_not(None), File.state == "ready", _IS_REFERENCED)
_NEWLY_UNREFERENCED = (File.unreferenced_since.is_(None), ~_IS_REFERENCED)
_OLD = (
    File.state != "deleting",
    or_(
        and_(File.state == "pending", File.unreferenced_since <= seconds_from_now("unstored")),
        File.unreferenced_since <= seconds_from_now("unreferenced"),
    ),
    ~_IS_REFERENCED,
)


def _marks(some_of: Callable[[Any], Any]) -> list[Any]:
    changes: list[tuple[Any, dict[str, Any]]] = [
        (_REFERENCED_AGAIN, {"unreferenced_since": None}),
        (_NEWLY_UNREFERENCED, {"unreferenced_since": current_time()}),
        (_OLD, {"state": "deleting"}),
    ]
    return [
        update(File).where(some_of(_SOME.where(*conditions))).values(**values).returning(File.sha256)
        for conditions, values in changes
    ]


MARKS = {
    # An array, because PostgreSQL may evaluate a locking subquery again for each row that it is compared with.
    "postgresql": _marks(lambda some: File.sha256 == func.any(func.array(some.scalar_subquery()))),
    "sqlite": _marks(File.sha256.in_),
}
"""Mark some files as referenced, as unreferenced from now on, and as to be deleted; by dialect name.

The last are those that nobody has referenced since a moment so many (negative) seconds from now: `unstored` for those
whose upload has not ended, `unreferenced` for others. Rows that an upload has locked are passed over.
"""

DELETING = (
    select(File.sha256)
    .where(File.state == "deleting")
    .order_by(File.sha256)
    .limit(SWEPT)
    .with_for_update(skip_locked=True)
)
"""Lock some files that are to be deleted: an upload of one waits until it is."""

REFERENCED = union_all(*(select(column).where(in_list(column, "digests")) for column in _REFERRING))
"""Select those of these `digests` that a book has, a file as its copy, an export, or an import."""

FORGET = delete(File).where(_THIS)


def _doom(insert_into: Any) -> Any:
    statement = insert_into(File).values(
        sha256=bindparam("digest", type_=Text), state="deleting", created_at=current_time(),
        unreferenced_since=current_time(), size=0, media_type="",
    )  # fmt: skip
    return statement.on_conflict_do_update(
        index_elements=[File.sha256], set_={"state": "deleting"}, where=and_(File.state == "ready", ~_IS_REFERENCED)
    )


DOOM = {"postgresql": _doom(postgresql.insert), "sqlite": _doom(sqlite.insert)}
"""Have the sweep delete a file that has no row, or that nothing refers to; by dialect name."""

# Verification

PAGE = (
    select(File.sha256, File.size, File.state, _IS_REFERENCED)
    .where(File.sha256 > bindparam("after", type_=Text))
    .order_by(File.sha256)
    .limit(1000)
)
"""Select a page of files, those after a digest `after`, with whether a book has each."""
