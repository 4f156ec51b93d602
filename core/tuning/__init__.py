"""What is there for speed alone. The service would work without any of it, as fast as the figures say.

- `listening_connection`: the event loop keeps watching a connection to PostgreSQL. Under Sanic, reads of an author are
  13 % faster, reads of a book 9 %, creates 4 % (paired runs of `make bench` on a quiet machine).
- `accept_yield`: gunicorn's workers share new connections. Reads of one row are 11 % faster (eight pairs of runs).
- `garbage_collection`: no pause of a tenth of a second, in which a worker answers nothing, now and then.

A trick that pays less than 5 % of a cell of `make bench` in a paired run has to go.
"""
