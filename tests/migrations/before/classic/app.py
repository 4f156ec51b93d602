"""An application as in the tutorials of Flask-SQLAlchemy and Flask-Migrate: ids are numbers."""

import datetime as dt
import os

from flask import Flask
from flask_migrate import Migrate
from flask_sqlalchemy import SQLAlchemy

app = Flask(__name__)
app.config["SQLALCHEMY_DATABASE_URI"] = os.environ["OLD_DATABASE_URL"]
db = SQLAlchemy(app)
migrate = Migrate(app, db)


class Author(db.Model):
    id = db.Column(db.Integer, primary_key=True)
    name = db.Column(db.String(100), nullable=False, index=True)
    bio = db.Column(db.Text)
    dob = db.Column(db.Date)
    books = db.relationship("Book", backref="author")


class Book(db.Model):
    id = db.Column(db.Integer, primary_key=True)
    title = db.Column(db.String(200), nullable=False)
    created_at = db.Column(db.DateTime, nullable=False)
    author_id = db.Column(db.Integer, db.ForeignKey("author.id"))


def fill(authors):
    moment = dt.datetime(2019, 3, 4, 5, 6, 7, 89)  # noqa: DTZ001 - as such applications have it
    for number in range(1, authors + 1):
        dob = dt.date(1900, 1, 1) + dt.timedelta(number) if number % 2 else None
        author = Author(id=number * 10, name=f"Žofie №{number}", bio=f"Life {number}", dob=dob)
        titles = ["Émile", "Émile", f"Band {number}"]
        author.books = [Book(title=title, created_at=moment + dt.timedelta(number)) for title in titles]
        db.session.add(author)
    db.session.commit()
