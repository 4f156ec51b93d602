"""URL patterns."""

from rest_framework.routers import SimpleRouter

from benchmarks.peers.drf.views import AuthorViewSet, BookViewSet

router = SimpleRouter(trailing_slash=False)
router.register("authors", AuthorViewSet)
router.register("books", BookViewSet)

urlpatterns = router.urls
