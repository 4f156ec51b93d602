"""docs/haproxy.cfg and docs/nginx.conf: TLS, limits, what they keep out, and what they leave as it is."""

from __future__ import annotations

import socket
import ssl
import time
import uuid
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, ExitStack, suppress
from itertools import count
from typing import Any

import httpx
import pytest

from tests.support import patient
from tests.support.databases import Databases
from tests.support.deployments import ADAPTERS, deployment, free_port
from tests.support.fronts import HOST, Front
from tests.support.haproxy import Proxy, haproxy
from tests.support.metrics import requests, scraped
from tests.support.nginx import nginx
from tests.support.recorder import Recorder, recorder
from tests.support.waiting import PATIENCE, until
from tests.support.wire import Target

pytestmark = pytest.mark.long

PROXIES: Mapping[str, Callable[..., AbstractContextManager[Front]]] = {"haproxy": haproxy, "nginx": nginx}

BODY_LIMIT = 65536

HALF = f"POST /tags HTTP/1.1\r\nHost: {HOST}\r\nContent-Length: 4\r\n\r\nab".encode()


@pytest.fixture(scope="module")
def adapters(databases: Databases) -> Iterator[Mapping[str, str]]:
    """Yield the URLs of both adapters on one database."""
    settings = {"DIPTYCH_MAX_BODY_BYTES": str(BODY_LIMIT), "DIPTYCH_HOSTS": f"{HOST},127.0.0.1"}
    database = databases.migrated("sqlite")
    with ExitStack() as stack:
        yield {each: stack.enter_context(deployment(each, database, **settings)) for each in ADAPTERS}


@pytest.fixture(scope="module", params=PROXIES)
def proxy(request: pytest.FixtureRequest, adapters: Mapping[str, str]) -> Iterator[Front]:
    """Yield a proxy without limits before both adapters."""
    with PROXIES[request.param](_ports(adapters)) as found:
        yield found


@pytest.fixture(params=PROXIES)
def limiting(request: pytest.FixtureRequest, adapters: Mapping[str, str]) -> Iterator[Front]:
    """Yield a proxy with its limits, which no client has used up."""
    with PROXIES[request.param](_ports(adapters), limits=True) as found:
        yield found


@pytest.fixture(params=PROXIES)
def alone(request: pytest.FixtureRequest) -> Iterator[tuple[Front, Recorder]]:
    """Yield a proxy, and the recorder that is both of its servers."""
    with recorder() as server, PROXIES[request.param]({"one": server.port, "other": server.port}) as found:
        yield found, server


def _ports(adapters: Mapping[str, str]) -> dict[str, int]:
    return {name: Target.of(url).port for name, url in adapters.items()}


def _secure(proxy: Front) -> httpx.Client:
    return patient.Client(base_url=proxy.secure_url, verify=proxy.trusting(), headers={"Host": HOST})


def _from(address: str, url: str) -> httpx.Client:
    """Return a client that asks from an address of its own."""
    transport = httpx.HTTPTransport(verify=patient.VERIFY, local_address=address)
    return patient.Client(base_url=url, transport=transport)


@pytest.mark.unsampled
def test_reads_and_writes_with_tls_reach_both_adapters(proxy: Front, adapters: Mapping[str, str]):
    before = {name: _reached(url) for name, url in adapters.items()}
    sent: Counter[str] = Counter()

    def both() -> bool:
        with _secure(proxy) as api:
            written = api.post("/tags", json={"name": uuid.uuid4().hex})
            assert written.status_code == 201
            assert api.get(written.headers["Location"]).json() == written.json()
        sent.update(["POST", "GET"])
        found = [_reached(url) - before[name] for name, url in adapters.items()]
        assert sum(found, Counter()) == sent
        return all(found)

    until(both)


def _reached(url: str) -> Counter[str]:
    """Return how many writes and reads a deployment has served."""
    with patient.Client(base_url=url) as api:
        numbers = scraped(api)
    return Counter(
        POST=int(requests(numbers, "POST", "/tags", "201")), GET=int(requests(numbers, "GET", "/tags/{id}", "200"))
    )


@pytest.mark.unsampled
def test_the_service_judges_the_host_that_the_client_named(proxy: Front):
    with _secure(proxy) as api:
        found = [api.get("/tags", headers={"Host": host}).status_code for host in (HOST, f"{HOST}:443", "evil.example")]

    assert found == [200, 200, 421]


@pytest.mark.unsampled
@pytest.mark.filterwarnings("ignore:ssl.TLSVersion:DeprecationWarning")
def test_old_versions_of_tls_are_refused(proxy: Front):
    context = proxy.trusting()
    # Without this, this side would refuse them itself.
    context.set_ciphers("ALL:@SECLEVEL=0")
    context.minimum_version = ssl.TLSVersion.TLSv1
    context.maximum_version = ssl.TLSVersion.TLSv1_1
    with socket.create_connection(("127.0.0.1", proxy.tls_port), timeout=PATIENCE) as client:  # noqa: SIM117 - it must connect
        with pytest.raises(ssl.SSLError, match="alert protocol version"):
            context.wrap_socket(client, server_hostname=HOST)


def test_weak_ciphers_are_refused(proxy: Front):
    context = proxy.trusting()
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    # Two in a mode that has had attacks on its padding (CBC), and one without forward secrecy.
    context.set_ciphers("ECDHE-RSA-AES256-SHA384:ECDHE-ECDSA-AES256-SHA384:AES256-GCM-SHA384:@SECLEVEL=0")
    with socket.create_connection(("127.0.0.1", proxy.tls_port), timeout=PATIENCE) as client:  # noqa: SIM117 - it must connect
        with pytest.raises(ssl.SSLError, match="handshake failure"):
            context.wrap_socket(client, server_hostname=HOST)


# What is kept out


METRICS = (
    "/metrics", "/metrics?a=b", "/metrics/", "//metrics", "/./metrics", "/%6detrics", "/metrics%20", "/x/../metrics",
    "/metrics;a=b", "/METRICS", f"http://{HOST}/metrics", f"http://{HOST}//metrics", "/metrics%3Fa", "/metrics%00",
)  # fmt: skip


@pytest.mark.parametrize("target", METRICS)
def test_metrics_are_for_nobody_outside(proxy: Front, adapters: Mapping[str, str], target: str):
    message = f"GET {target} HTTP/1.1\r\nHost: {HOST}\r\nConnection: close\r\n\r\n".encode()

    found = _closed(Target.of(proxy.url), message)

    assert found.split(b" ")[1] in {b"400", b"404"}
    assert b"diptych_" not in found
    for url in adapters.values():
        assert patient.get(f"{url}/metrics").status_code == 200


def _closed(target: Target, message: bytes) -> bytes:
    """Send a message, and return all that comes until the connection is closed."""
    with socket.create_connection((target.host, target.port), timeout=PATIENCE) as client:
        client.sendall(message)
        return b"".join(iter(lambda: client.recv(65536), b""))


def test_what_a_client_says_about_where_it_comes_from_is_not_passed_on(alone: tuple[Front, Recorder]):
    proxy, server = alone
    lies = [
        "Forwarded", "X-Real-IP", "X-Forwarded-For", "X-Forwarded-Proto", "X-Forwarded-Host", "X-Forwarded-Port",
        "X-Forwarded-Prefix", "X-Forwarded-Server",
    ]  # fmt: skip
    with _secure(proxy) as api:
        assert api.get("/tags?a=%2f", headers=[(name, "lie") for name in lies for _ in range(2)]).status_code == 200
    assert patient.get(f"{proxy.url}/tags").status_code == 200

    found = [[each for each in request.headers if "for" in each[0].lower()] for request in server.received]

    assert not any("lie" in value for request in server.received for _, value in request.headers)
    assert [sorted((name.lower(), value) for name, value in headers) for headers in found] == [
        [("x-forwarded-for", "127.0.0.1"), ("x-forwarded-proto", scheme)] for scheme in ("https", "http")
    ]
    assert [request.target for request in server.received] == ["/tags?a=%2f", "/tags"]


# Slow and busy clients


def test_a_body_that_comes_slowly_waits_in_the_proxy(alone: tuple[Front, Recorder]):
    proxy, server = alone
    with ExitStack() as stack:
        slow = [stack.enter_context(_begun(proxy)) for _ in range(20)]
        for _ in range(20):
            assert patient.get(f"{proxy.url}/tags").status_code == 200
        assert Counter(each.method for each in server.received) == {"GET": 20}

        for client in slow:
            client.sendall(b"c")
        assert patient.get(f"{proxy.url}/tags").status_code == 200
        assert Counter(each.method for each in server.received) == {"GET": 21}

        for client in slow:
            client.sendall(b"d")
            assert client.recv(65536).startswith(b"HTTP/1.1 200 ")
    assert Counter((each.method, each.body) for each in server.received) == {("GET", b""): 21, ("POST", b"abcd"): 20}


def _begun(proxy: Front, address: str = "127.0.0.1") -> socket.socket:
    """Return a connection on which half a request has been sent."""
    client = _connected(proxy, address)
    client.sendall(HALF)
    return client


def _connected(proxy: Front, address: str) -> socket.socket:
    target = Target.of(proxy.url)
    return socket.create_connection((target.host, target.port), timeout=PATIENCE, source_address=(address, 0))


@pytest.mark.unsampled
def test_whoever_asks_too_often_is_told_to_wait_and_nobody_else(limiting: Front):
    with _from("127.0.0.2", limiting.url) as busy, _from("127.0.0.3", limiting.url) as other:
        assert [busy.get("/tags").status_code for _ in range(100)] == [200] * 100

        refused = until(lambda: _refused(busy.get("/tags")))
        assert (refused.headers["Retry-After"], refused.json()["status"]) == ("10", 429)
        assert refused.headers.get_list("X-Content-Type-Options") == ["nosniff"]

        assert other.get("/tags").status_code == 200
        until(lambda: _after(int(refused.headers["Retry-After"]), busy).status_code == 200)


def _after(seconds: int, api: httpx.Client) -> httpx.Response:
    time.sleep(seconds)
    return api.get("/tags")


def _refused(answer: httpx.Response) -> httpx.Response | None:
    assert answer.status_code in {200, 429}
    return answer if answer.status_code == 429 else None


def test_whoever_has_too_many_requests_open_is_told_to_wait_and_nobody_else(limiting: Front):
    with _from("127.0.0.2", limiting.url) as busy, _from("127.0.0.3", limiting.url) as other:
        # A machine may be so slow that the proxy has given up the first before it has the last.
        refused = until(lambda: _refused(_with_many_open(limiting, busy, other)))
        assert refused.headers["Retry-After"] == "10"

        until(lambda: busy.get("/tags").status_code == 200)


def _with_many_open(proxy: Front, busy: httpx.Client, other: httpx.Client) -> httpx.Response:
    """Return the answer to a client that has begun as many other requests as it may."""
    with ExitStack() as stack:
        for _ in range(51):
            stack.enter_context(_begun(proxy, "127.0.0.2"))
        assert other.get("/tags").status_code == 200
        return busy.get("/tags")


@pytest.mark.unsampled
@pytest.mark.parametrize("adapter", ADAPTERS)
@pytest.mark.parametrize("name", PROXIES)
def test_the_service_tells_the_clients_of_a_proxy_apart(databases: Databases, name: str, adapter: str):
    settings = {"DIPTYCH_RATE_LIMIT": "20", "DIPTYCH_TRUSTED_PROXIES": "127.0.0.1"}
    with ExitStack() as stack:
        port = Target.of(stack.enter_context(deployment(adapter, databases.migrated("sqlite"), **settings))).port
        proxy = stack.enter_context(PROXIES[name]({"one": port, "other": port}))
        busy, other = (stack.enter_context(_from(f"127.0.0.{each}", proxy.url)) for each in (2, 3))
        claims = ({"X-Forwarded-For": f"192.0.2.{each % 256}", "Forwarded": "for=192.0.2.1"} for each in count())

        refused = until(lambda: _refused(busy.get("/tags", headers=next(claims))))
        assert len(refused.headers.get_list("Retry-After")) == 1
        assert refused.json()["type"] == "/problems/too-many-requests"
        assert "RateLimit" in refused.headers

        assert other.get("/tags").status_code == 200


def test_haproxy_refuses_connections_of_whoever_has_too_many(adapters: Mapping[str, str]):
    with haproxy(_ports(adapters), limits=True) as proxy, _from("127.0.0.3", proxy.url) as other:
        # Those that ask nothing are told nothing.
        until(lambda: _refused_of(proxy, 120, other) >= 20)


def _refused_of(proxy: Proxy, many: int, other: httpx.Client) -> int:
    """Return how many connections of one client are refused, of as many as this."""
    before = proxy.refused_connections()
    with ExitStack() as stack:
        for _ in range(many):
            with suppress(ConnectionError):  # it may be refused this soon
                stack.enter_context(_connected(proxy, "127.0.0.2"))
        assert other.get("/tags").status_code == 200
        return proxy.refused_connections() - before


# What is left as it is


def test_security_headers_are_there_once(proxy: Front):
    with _secure(proxy) as api:
        # The last one is the proxy's own answer.
        answers = [api.get("/tags"), api.get("/docs"), api.get("/nothing"), api.get("/metrics")]
        plain = patient.get(f"{proxy.url}/tags", headers={"Host": HOST})

    for answer in (*answers, plain):
        assert answer.headers.get_list("X-Content-Type-Options") == ["nosniff"]
        secure = [] if answer is plain else ["max-age=63072000; includeSubDomains"]
        assert answer.headers.get_list("Strict-Transport-Security") == secure
        [policy] = answer.headers.get_list("Content-Security-Policy")
        assert ("style-src" in policy) == (answer is answers[1])
        assert policy.endswith("frame-ancestors 'none'")
    for answer in (*answers[:-1], plain):
        assert answer.headers.get_list("Referrer-Policy") == ["no-referrer"]


SAME: Mapping[str, tuple[str, str, dict[str, Any]]] = {
    "a read": ("GET", "/docs", {}),
    "a list": ("GET", "/tags?pageSize=1", {}),
    "gzip": ("GET", "/docs", {"headers": {"Accept-Encoding": "gzip"}}),
    "brotli": ("GET", "/openapi.json", {"headers": {"Accept-Encoding": "br"}}),
    "HEAD": ("HEAD", "/docs", {}),
    "a HEAD of gzip": ("HEAD", "/docs", {"headers": {"Accept-Encoding": "gzip"}}),
    "a 304": ("GET", "/docs", {"headers": {"If-None-Match": "*"}}),
    "a 304 of gzip": ("GET", "/docs", {"headers": {"If-None-Match": "*", "Accept-Encoding": "gzip"}}),
    "OPTIONS": ("OPTIONS", "/tags", {}),
    "a 404": ("GET", "/tags/%2f", {}),
    "a 405": ("PUT", "/tags", {"content": b"{}"}),
    "a 422": ("POST", "/tags", {"json": {}}),
    "a large body": ("POST", "/tags", {"json": {"name": "x" * (BODY_LIMIT - 100)}}),
    "a 413": ("POST", "/tags", {"json": {"name": "x" * BODY_LIMIT}}),
    "a 413 of PUT": ("PUT", f"/tags/{uuid.UUID(int=0)}", {"json": {"name": "x" * BODY_LIMIT}}),
}


@pytest.mark.parametrize("what", SAME)
def test_what_the_service_answers_passes_unchanged(proxy: Front, adapters: Mapping[str, str], what: str):
    method, path, options = SAME[what]
    with patient.Client(base_url=proxy.url) as through, patient.Client(base_url=adapters["flask"]) as direct:
        options = {**options, "headers": {"Accept-Encoding": "identity", "Host": HOST, **options.get("headers", {})}}

        assert _told(through, method, path, options) == _told(direct, method, path, options)


def _told(api: httpx.Client, method: str, path: str, options: dict[str, Any]) -> tuple[Any, ...]:
    """Return the answer's status, its headers but those of the connection and of this one request, and its bytes."""
    own = {"date", "connection", "x-request-id"}
    with api.stream(method, path, **options) as answer:
        body = b"".join(answer.iter_raw())
    return answer.status_code, sorted(each for each in answer.headers.multi_items() if each[0] not in own), body


def test_a_file_that_is_larger_than_other_bodies_passes(proxy: Front):
    content = b"title\n" + b"x" * (8 << 20)
    with _secure(proxy) as api:
        response = api.post("/imports", content=content)

    assert (response.status_code, response.json()["size"]) == (201, len(content))


# No request is sent twice

METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("name", PROXIES)
def test_a_request_whose_connection_breaks_is_not_sent_again(name: str, method: str):
    with recorder(answers=False) as one, recorder(answers=False) as other:
        with PROXIES[name]({"one": one.port, "other": other.port}) as proxy:
            answer = patient.request(method, f"{proxy.url}/tags/1", content=b"" if method == "GET" else b"{}")
        sent = [*one.received, *other.received]

    assert answer.status_code == 502
    # nginx may ask again where asking changes nothing.
    assert len(sent) == 1 or (name == "nginx" and method == "GET")


@pytest.mark.parametrize("method", METHODS)
def test_nginx_tries_the_other_server_where_it_cannot_connect(method: str):
    with recorder() as one, nginx({"one": free_port(), "other": one.port}) as proxy:
        answers = Counter(patient.request(method, f"{proxy.url}/tags/1").status_code for _ in range(10))

    assert [each.method for each in one.received] == [method] * answers[200]
    # nginx cannot be told to try these again only if it has sent nothing.
    assert answers[200] == 10 or (method in {"PUT", "DELETE"} and set(answers) == {200, 502})
