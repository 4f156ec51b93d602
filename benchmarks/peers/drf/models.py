"""Models of the tables that this project's migrations create."""

from django.db import models
from uuid_utils.compat import uuid7


class Record(models.Model):
    """The columns of every table."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    search_text = models.TextField(editable=False)
    sort_key = models.CharField(max_length=200, editable=False)
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        abstract = True


class Author(Record):
    """Authors."""

    name = models.CharField(max_length=255)
    dob = models.DateField(null=True)
    slug = models.CharField(max_length=100, unique=True)

    class Meta:
        managed = False
        db_table = "author"


class Tag(Record):
    """Tags."""

    name = models.CharField(max_length=100, unique=True)
    description = models.TextField(null=True)

    class Meta:
        managed = False
        db_table = "tag"


class Book(Record):
    """Books."""

    title = models.CharField(max_length=1000)
    author = models.ForeignKey(Author, on_delete=models.RESTRICT)
    isbn = models.CharField(max_length=100, null=True, unique=True)
    year = models.SmallIntegerField(null=True)
    language = models.CharField(max_length=35, null=True)
    description = models.TextField(null=True, max_length=10_000)
    slug = models.CharField(max_length=100, unique=True, editable=False)
    tags = models.ManyToManyField(Tag, through="BookTag")

    class Meta:
        managed = False
        db_table = "book"


class BookTag(models.Model):
    """Tags of books. The database deletes these rows with the book or the tag."""

    pk = models.CompositePrimaryKey("book_id", "tag_id")
    book = models.ForeignKey(Book, on_delete=models.DO_NOTHING)
    tag = models.ForeignKey(Tag, on_delete=models.DO_NOTHING)

    class Meta:
        managed = False
        db_table = "book_tag"
