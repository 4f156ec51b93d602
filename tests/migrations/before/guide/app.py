"""An application with the models of Litestar's and advanced-alchemy's guides under Flask-Migrate: ids are UUIDs."""

import datetime as dt
import os
import uuid

from advanced_alchemy.base import UUIDAuditBase, UUIDBase
from flask import Flask
from flask_migrate import Migrate
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column, relationship

app = Flask(__name__)
app.config["SQLALCHEMY_DATABASE_URI"] = os.environ["OLD_DATABASE_URL"]


class Author(UUIDBase):
    __tablename__ = "author"
    name: Mapped[str]
    dob: Mapped[dt.date | None]
    books: Mapped[list["Book"]] = relationship(back_populates="author")


class Book(UUIDAuditBase):
    __tablename__ = "book"
    title: Mapped[str]
    author_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("author.id"))
    author: Mapped[Author] = relationship(back_populates="books")


db = SQLAlchemy(app, metadata=Author.metadata)
migrate = Migrate(app, db)


def fill(authors):
    moment = dt.datetime(2019, 3, 4, 5, 6, 7, 89, dt.UTC)
    for number in range(1, authors + 1):
        dob = dt.date(1900, 1, 1) + dt.timedelta(number) if number % 2 else None
        author = Author(name=f"Žofie №{number}", dob=dob)
        made = moment + dt.timedelta(number)
        author.books = [
            Book(title=title, created_at=made, updated_at=made + dt.timedelta(hours=1))
            for title in ("Émile", "Émile", f"Band {number}")
        ]
        db.session.add(author)
    db.session.commit()
