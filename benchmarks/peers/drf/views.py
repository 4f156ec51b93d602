"""Views."""

from typing import Any

import django_filters
from django.db.models import Prefetch, QuerySet
from django_filters.rest_framework import DjangoFilterBackend
from rest_framework import filters, mixins, pagination, viewsets
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import BaseSerializer

from benchmarks.peers.drf.models import Author, Book, Tag
from benchmarks.peers.drf.serializers import (
    AuthorSerializer,
    BookItemSerializer,
    BookSerializer,
    BookWithTagsSerializer,
)


class Pages(pagination.PageNumberPagination):
    """Pages in the format of this API."""

    page_query_param = "currentPage"
    page_size_query_param = "pageSize"
    page_size = 20
    max_page_size = 1000

    def get_paginated_response(self, data: Any) -> Response:
        size = self.page.paginator.per_page
        return Response(
            {
                "items": data,
                "limit": size,
                "offset": (self.page.number - 1) * size,
                "total": self.page.paginator.count,
            }
        )


class Ordering(filters.OrderingFilter):
    """orderBy and sortOrder; the id decides ties."""

    ordering_param = "orderBy"

    def get_ordering(self, request: Request, queryset: QuerySet[Book], view: viewsets.GenericViewSet) -> list[str]:
        wanted = request.query_params.get(self.ordering_param, "created_at")
        (column, *_) = self.remove_invalid_fields(queryset, [wanted], view, request) or ["created_at"]
        sign = "" if request.query_params.get("sortOrder") == "asc" else "-"
        return [f"{sign}{column}", f"{sign}id"]


class WordsFilter(django_filters.BaseInFilter, django_filters.CharFilter):
    """A filter by any of several words."""


class BookFilter(django_filters.FilterSet):
    """The filters of the list of books."""

    languageIn = WordsFilter(field_name="language", lookup_expr="in")  # noqa: N815 - the name of the parameter

    class Meta:
        model = Book
        fields = ()


class AuthorViewSet(mixins.RetrieveModelMixin, viewsets.GenericViewSet):
    """Authors."""

    queryset = Author.objects.defer("search_text", "sort_key")
    serializer_class = AuthorSerializer


class BookViewSet(viewsets.ModelViewSet):
    """Books."""

    queryset = Book.objects.select_related("author").defer(
        "search_text", "sort_key", "author__search_text", "author__sort_key"
    )
    pagination_class = Pages
    filter_backends = (DjangoFilterBackend, filters.SearchFilter, Ordering)
    filterset_class = BookFilter
    search_fields = ("title",)
    ordering_fields = ("created_at", "year")

    @property
    def tagged(self) -> bool:
        """Whether the request includes tags."""
        return self.request.query_params.get("include") == "tags"

    def get_queryset(self) -> QuerySet[Book]:
        found = super().get_queryset()
        tags = Tag.objects.defer("search_text").order_by("sort_key", "id")
        return found.prefetch_related(Prefetch("tags", tags)) if self.tagged else found

    def get_serializer_class(self) -> type[BaseSerializer[Book]]:
        return BookWithTagsSerializer if self.tagged else BookSerializer

    @action(detail=False, methods=["post"])
    def batch(self, request: Request) -> Response:
        """Create books."""
        items = BookItemSerializer(data=request.data["items"], many=True)
        items.is_valid(raise_exception=True)
        items.save()
        return Response({"items": items.data}, status=201)
