"""httpx as tests use it: an answer may take as long as everything else that a test waits for."""

from __future__ import annotations

from functools import partial

import httpx

from tests.support.waiting import PATIENCE

VERIFY = httpx.create_ssl_context()
"""httpx would read the certificates again for each client, which costs more than most requests."""

Client = partial(httpx.Client, timeout=PATIENCE, verify=VERIFY)

get = partial(httpx.get, timeout=PATIENCE, verify=VERIFY)
patch = partial(httpx.patch, timeout=PATIENCE, verify=VERIFY)
post = partial(httpx.post, timeout=PATIENCE, verify=VERIFY)
request = partial(httpx.request, timeout=PATIENCE, verify=VERIFY)
