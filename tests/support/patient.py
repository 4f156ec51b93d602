"""httpx as tests use it: an answer may take as long as everything else that a test waits for."""

from __future__ import annotations

from functools import partial

import httpx

from tests.support.waiting import PATIENCE

Client = partial(httpx.Client, timeout=PATIENCE)

get = partial(httpx.get, timeout=PATIENCE)
patch = partial(httpx.patch, timeout=PATIENCE)
post = partial(httpx.post, timeout=PATIENCE)
request = partial(httpx.request, timeout=PATIENCE)
