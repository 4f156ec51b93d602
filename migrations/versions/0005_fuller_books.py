"""A fuller record of books: publishers, series, identifiers, other names, and where a record came from.

Revision ID: 0005
Revises: 0004
Create Date: 2026-11-29 14:31:07.508213
"""

from typing import Any
from uuid import uuid4

import sqlalchemy as sa
from alembic import op
from alembic.util import CommandError

from diptych.core.engine import fulltext_index

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

squawk = {
    "prefer-text-field": "the lengths are the API's own limits; to raise one, PostgreSQL writes no table anew",
    "prefer-bigint-over-smallint": "a year stays far below 32767",
    "prefer-bigint-over-int": "a book has 100,000 pages at most",
    "prefer-robust-stmts": "an index that an earlier attempt has left is dropped just before",
    "ban-drop-constraint": "the roles it allows stay allowed: another with more of them takes its place at once",
    "adding-foreign-key-constraint": "the column is new and null, so PostgreSQL scans nothing, and the lock is brief",
    "ban-drop-not-null": "the code before joins books with their authors, and does not see a book without one",
}

rewrites = {
    "book_contributor.role": "the downgrade makes the roles that the code before does not know other",
    "book.author_id": "the downgrade gives books without an author one that it creates",
    "author": "the downgrade creates the author of books without one",
}

contracts = {
    "book.author_id": "it may be null now: the code before leaves books without an author out of its lists",
    "book_contributor.ck_book_contributor_role": "more roles are allowed: the code before shows them as they are",
}

FEWER_ROLES = "role IN ('author', 'editor', 'translator', 'illustrator', 'other')"
MORE_ROLES = "role IN ('author', 'editor', 'translator', 'illustrator', 'narrator', 'foreword', 'compiler', 'other')"
AUTHOR_KEY = "CONSTRAINT fk_book_author_id_author FOREIGN KEY(author_id) REFERENCES author (id) ON DELETE RESTRICT"
PUBLISHER_KEY = (
    ", CONSTRAINT fk_book_publisher_id_publisher FOREIGN KEY(publisher_id) REFERENCES publisher (id) ON DELETE RESTRICT"
)
NAMES = {"author": 255, "publisher": 255, "tag": 100}

COLUMNS: dict[str, list[sa.Column[Any]]] = {
    "author": [
        sa.Column("kind", sa.String(length=10)),
        sa.Column("sort_name", sa.String(length=255)),
        sa.Column("birth_year", sa.SmallInteger()),
        sa.Column("death_year", sa.SmallInteger()),
    ],
    "tag": [sa.Column("scheme", sa.String(length=20))],
    "book": [
        sa.Column("subtitle", sa.String(length=1000)),
        sa.Column("edition", sa.String(length=255)),
        sa.Column("format", sa.String(length=20)),
        sa.Column("pages", sa.Integer()),
        sa.Column("published", sa.String(length=23)),
        sa.Column("original_title", sa.String(length=1000)),
        sa.Column("original_language", sa.String(length=35)),
        sa.Column("original_year", sa.SmallInteger()),
        sa.Column("url", sa.String(length=2000)),
    ],
}


def upgrade() -> None:
    sqlite = op.get_context().dialect.name == "sqlite"
    # On PostgreSQL, an earlier attempt may have ended after the transaction before the index.
    if not _begun():
        for table in ("publisher", "series"):
            _create_named(table)
        _create_rows_of_books()
        _create_names()
        for table, columns in COLUMNS.items():
            for column in columns:
                op.add_column(table, column)
        if sqlite:
            op.execute("ALTER TABLE book ADD COLUMN publisher_id CHAR(32)")
            _edit_sqlite("book", AUTHOR_KEY, AUTHOR_KEY + PUBLISHER_KEY)
            _edit_sqlite("book", "author_id CHAR(32) NOT NULL", "author_id CHAR(32)")
            _edit_sqlite("book_contributor", FEWER_ROLES, MORE_ROLES)
            op.create_index("ix_book_publisher_id", "book", ["publisher_id"])
        else:
            op.execute(
                "ALTER TABLE book ADD COLUMN publisher_id UUID"
                " CONSTRAINT fk_book_publisher_id_publisher REFERENCES publisher (id) ON DELETE RESTRICT"
            )
            op.alter_column("book", "author_id", nullable=True)
            op.drop_constraint(op.f("ck_book_contributor_role"), "book_contributor")
            op.create_check_constraint(
                op.f("ck_book_contributor_role"), "book_contributor", MORE_ROLES, postgresql_not_valid=True
            )
    if not sqlite:
        with op.get_context().autocommit_block():
            op.execute("ALTER TABLE book_contributor VALIDATE CONSTRAINT ck_book_contributor_role")
            # An attempt that was broken off leaves an invalid index.
            op.execute("DROP INDEX CONCURRENTLY IF EXISTS ix_book_publisher_id")
            op.create_index("ix_book_publisher_id", "book", ["publisher_id"], postgresql_concurrently=True)


def downgrade() -> None:
    sqlite = op.get_context().dialect.name == "sqlite"
    _forget_roles()
    _give_every_book_an_author()
    op.drop_index("ix_book_publisher_id", "book")
    if sqlite:
        _edit_sqlite("book_contributor", MORE_ROLES, FEWER_ROLES)
        _edit_sqlite("book", "author_id CHAR(32)", "author_id CHAR(32) NOT NULL")
        # SQLite drops no column with a foreign key.
        _edit_sqlite("book", PUBLISHER_KEY, "")
    else:
        op.drop_constraint(op.f("ck_book_contributor_role"), "book_contributor")
        op.create_check_constraint(op.f("ck_book_contributor_role"), "book_contributor", FEWER_ROLES)
        op.alter_column("book", "author_id", nullable=False)
    op.drop_column("book", "publisher_id")
    for table, columns in COLUMNS.items():
        for column in columns:
            op.drop_column(table, column.name)
    for table in NAMES:
        op.drop_table(f"{table}_name")
    for table in ("book_source", "book_identifier", "book_series"):
        op.drop_table(table)
    for table in ("series", "publisher"):
        fulltext_index.drop(op, table)  # type: ignore[arg-type]  # Alembic's proxy of it
        op.drop_table(table)


def _forget_roles() -> None:
    """Make the roles that the code before does not know "other", where a contributor has that role once."""
    new = "('narrator', 'foreword', 'compiler')"
    op.execute(
        f"DELETE FROM book_contributor WHERE role IN {new} AND EXISTS (SELECT 1 FROM book_contributor AS kept"  # noqa: S608 - constants
        " WHERE kept.book_id = book_contributor.book_id AND kept.author_id = book_contributor.author_id"
        f" AND (kept.role = 'other' OR (kept.role IN {new} AND kept.position < book_contributor.position)))"
    )
    op.execute(f"UPDATE book_contributor SET role = 'other' WHERE role IN {new}")  # noqa: S608 - constants


def _give_every_book_an_author() -> None:
    """Create an author for the books that have none: to the code before, they would not be there."""
    made = uuid4()
    author = sa.table(
        "author", *map(sa.column, ("name", "slug", "search_text", "sort_key", "created_at", "updated_at"))
    )
    author.append_column(sa.column("id", sa.Uuid))
    name = "[no author]"
    columns = {
        "id": sa.literal(made, sa.Uuid),
        "name": sa.literal(name),
        "slug": sa.literal(f"no-author-{made.hex}"),
        "search_text": sa.literal(name),
        "sort_key": sa.literal(name),
        "created_at": sa.func.min(sa.column("created_at")),
        "updated_at": sa.func.min(sa.column("created_at")),
    }
    first = sa.select(*columns.values()).select_from(sa.text("book")).where(sa.text("author_id IS NULL"))
    op.execute(sa.insert(author).from_select(list(columns), first.having(sa.func.count() > 0)))
    book = sa.table("book", sa.column("author_id", sa.Uuid))
    op.execute(sa.update(book).where(book.c.author_id.is_(None)).values(author_id=made))


def _begun() -> bool:
    context = op.get_context()
    if context.as_sql or context.dialect.name == "sqlite":
        return False
    column = "SELECT 1 FROM pg_attribute WHERE attrelid = to_regclass('book') AND attname = 'publisher_id'"
    return op.get_bind().exec_driver_sql(column).first() is not None


def _text_in_one_order(length: int) -> Any:
    return sa.String(length=length).with_variant(sa.String(length=length, collation="C"), "postgresql")


def _create_named(table: str) -> None:
    """Create the table of a resource that has a name and a slug, with the indexes of its lists."""
    op.create_table(
        table,
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("slug", _text_in_one_order(100), nullable=False),
        sa.Column("search_text", sa.Text(), nullable=False),
        sa.Column("sort_key", _text_in_one_order(200), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{table}")),
        sa.UniqueConstraint("slug", name=op.f(f"uq_{table}_slug")),
    )
    op.create_index(f"ix_{table}_name", table, ["name"])
    for column in ("created_at", "updated_at", "sort_key"):
        op.create_index(f"ix_{table}_{column}_id", table, [column, "id"])
    fulltext_index.create(op, table)  # type: ignore[arg-type]  # Alembic's proxy of it


def _create_rows_of_books() -> None:
    """Create the tables of what belongs to a book."""
    op.create_table(
        "book_series",
        sa.Column("book_id", sa.Uuid(), nullable=False),
        sa.Column("series_id", sa.Uuid(), nullable=False),
        sa.Column("position", sa.String(length=50), nullable=True),
        sa.Column("number", sa.Double(), nullable=True),
        _key("book_series", "book_id", "book"),
        _key("book_series", "series_id", "series"),
        sa.PrimaryKeyConstraint("book_id", "series_id", name=op.f("pk_book_series")),
    )
    op.create_index("ix_book_series_series_id", "book_series", ["series_id"])
    op.create_table(
        "book_identifier",
        sa.Column("book_id", sa.Uuid(), nullable=False),
        sa.Column("identifier", _text_in_one_order(213), nullable=False),
        _key("book_identifier", "book_id", "book"),
        sa.PrimaryKeyConstraint("book_id", "identifier", name=op.f("pk_book_identifier")),
    )
    op.create_index("ix_book_identifier_identifier", "book_identifier", ["identifier"])
    op.create_table(
        "book_source",
        sa.Column("book_id", sa.Uuid(), nullable=False),
        sa.Column("digest", _text_in_one_order(64), nullable=False),
        sa.Column("format", sa.String(length=20), nullable=False),
        sa.Column("record_id", sa.String(length=255), nullable=True),
        sa.Column("imported_at", sa.DateTime(timezone=True), nullable=False),
        _key("book_source", "book_id", "book"),
        sa.PrimaryKeyConstraint("book_id", "digest", name=op.f("pk_book_source")),
    )


def _create_names() -> None:
    """Create the tables of other names."""
    for table, length in NAMES.items():
        op.create_table(
            f"{table}_name",
            sa.Column(f"{table}_id", sa.Uuid(), nullable=False),
            sa.Column("name", sa.String(length=length), nullable=False),
            _key(f"{table}_name", f"{table}_id", table),
            sa.PrimaryKeyConstraint(f"{table}_id", "name", name=op.f(f"pk_{table}_name")),
        )
        op.create_index(f"ix_{table}_name_name", f"{table}_name", ["name"])


def _key(table: str, column: str, target: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        [column], [f"{target}.id"], name=op.f(f"fk_{table}_{column}_{target}"), ondelete="CASCADE"
    )


def _edit_sqlite(table: str, old: str, new: str) -> None:
    """Replace a part of the definition of a table, where that changes nothing that is stored.

    https://www.sqlite.org/lang_altertable.html#otheralter: a table that is copied instead takes a minute for a million
    books, in which nobody can write.
    """
    where = "type = 'table' AND name = :name AND instr(sql, :old)"
    values = {"old": old, "new": new, "name": table}
    if not op.get_context().as_sql:
        found = sa.text(f"SELECT 1 FROM sqlite_master WHERE {where}").bindparams(old=old, name=table)  # noqa: S608 - constants
        if op.get_bind().execute(found).first() is None:
            raise CommandError(f"The table {table} is not as earlier revisions have made it: it has no {old!r}.")
    op.execute("PRAGMA writable_schema = ON")
    op.execute(sa.text(f"UPDATE sqlite_master SET sql = replace(sql, :old, :new) WHERE {where}").bindparams(**values))  # noqa: S608 - constants
    # This connection reads the definitions again; others do after the next statement that changes one.
    op.execute("PRAGMA writable_schema = RESET")
