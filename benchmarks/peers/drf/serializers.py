"""Serializers."""

from collections.abc import Callable
from typing import Any

from rest_framework import serializers

from benchmarks.peers.drf.models import Author, Book, Tag
from diptych.core.catalogue.books.isbn import isbn13
from diptych.core.catalogue.books.language import language_tag
from diptych.core.engine.slugs import slug, token, with_suffix
from diptych.core.engine.text_normalization import clean, fold, sort_key


def ruled(rule: Callable[[str], str], text: str | None) -> str | None:
    """Apply a rule to a text. Errors: ValidationError."""
    try:
        return text and rule(text)
    except ValueError as error:
        raise serializers.ValidationError(str(error)) from None


def named(book: Book, taken: bool) -> Book:  # noqa: FBT001
    """Set the slug of a new book. taken: whether another book has the plain one."""
    plain = slug(book.title, fallback="book")
    book.slug = with_suffix(plain, token(book.id)) if taken else plain
    return titled(book)


def titled(book: Book) -> Book:
    """Set the columns of a book that are derived from its title."""
    book.search_text, book.sort_key = fold(book.title), sort_key(book.title)
    return book


class AuthorSerializer(serializers.ModelSerializer):
    """An author."""

    class Meta:
        model = Author
        fields = ("id", "name", "dob", "slug", "created_at", "updated_at")


class AuthorReferenceSerializer(serializers.ModelSerializer):
    """The author inside a book."""

    class Meta:
        model = Author
        fields = ("id", "name", "slug")


class TagSerializer(serializers.ModelSerializer):
    """A tag."""

    class Meta:
        model = Tag
        fields = ("id", "name", "description", "created_at", "updated_at")


FIELDS = (
    *("id", "title", "author_id", "isbn", "year", "language", "description"),
    *("slug", "created_at", "updated_at", "author"),
)


class BookSerializer(serializers.ModelSerializer):
    """A book."""

    author_id = serializers.PrimaryKeyRelatedField(source="author", queryset=Author.objects.all())
    author = AuthorReferenceSerializer(read_only=True)
    year = serializers.IntegerField(min_value=-4000, max_value=3000, allow_null=True, required=False)

    class Meta:
        model = Book
        fields = FIELDS
        read_only_fields = ("slug",)

    def validate_title(self, text: str) -> str | None:
        return ruled(clean, text)

    def validate_isbn(self, text: str | None) -> str | None:
        return ruled(isbn13, text)

    def validate_language(self, text: str | None) -> str | None:
        return ruled(language_tag, text)

    def validate_description(self, text: str | None) -> str | None:
        return ruled(lambda given: clean(given, multiline=True), text)

    def create(self, validated_data: dict[str, Any]) -> Book:
        book = Book(**validated_data)
        plain = slug(book.title, fallback="book")
        named(book, Book.objects.filter(slug=plain).exists()).save(force_insert=True)
        return book

    def update(self, instance: Book, validated_data: dict[str, Any]) -> Book:
        for name, value in validated_data.items():
            setattr(instance, name, value)
        if "title" in validated_data:
            titled(instance)
        instance.save()
        return instance


class BookWithTagsSerializer(BookSerializer):
    """A book with its tags, for `include=tags`."""

    tags = TagSerializer(many=True, read_only=True)

    class Meta(BookSerializer.Meta):
        fields = (*FIELDS, "tags")


class BookListSerializer(serializers.ListSerializer):
    """Books that are created together."""

    def create(self, validated_data: list[dict[str, Any]]) -> list[Book]:
        authors = Author.objects.in_bulk({item["author_id"] for item in validated_data})
        books = [Book(**{**item, "author": authors[item["author_id"]]}) for item in validated_data]
        plain = [slug(book.title, fallback="book") for book in books]
        taken = set(Book.objects.filter(slug__in=plain).values_list("slug", flat=True))
        return Book.objects.bulk_create([named(book, one in taken) for book, one in zip(books, plain, strict=True)])


class BookItemSerializer(BookSerializer):
    """A book of a batch. References and unique values are checked by the database, not by a query for each item."""

    author_id = serializers.UUIDField()

    class Meta(BookSerializer.Meta):
        list_serializer_class = BookListSerializer
        extra_kwargs = {"isbn": {"validators": []}}  # noqa: RUF012
