"""A server that is told to stop finishes the requests in flight, and announces the close."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing, contextmanager, suppress
from pathlib import Path
from typing import IO, Any

import psutil
import psycopg
import pytest
from sqlalchemy.engine import make_url

from diptych.core.http.wire.timeouts import LINGER_TIMEOUT
from diptych.core.settings import Settings
from tests.support.databases import LOCK_QUEUE, ROOT, Databases, environment
from tests.support.deployments import ADAPTERS, PATIENT, SETTLED, command, deployment, free_port, stop, wait_until_ready
from tests.support.forked import FORKS
from tests.support.waiting import PATIENCE, until
from tests.support.wire import Target, connect
from tests.wire.case import HOST, JSON, head

pytestmark = pytest.mark.long

LIST = head("GET", "/authors", HOST)
CLIENTS = 8
KEEPALIVE_TIMEOUT = Settings().keepalive_timeout
FOR_EVER = {**PATIENT, "DIPTYCH_STOP_TIMEOUT": str(2 * PATIENCE)}
"""No time limit of the server ends what the tests wait for."""

WAITING = 200
"""More connections than Sanic's own backlog."""


@pytest.mark.unsampled
@pytest.mark.parametrize("adapter", ADAPTERS)
def test_connections_end_with_an_answer_that_says_so(databases: Databases, adapter: str):
    with tempfile.TemporaryFile("w+") as log, ThreadPoolExecutor(CLIENTS + 1) as pool, ExitStack() as stack:
        url = databases.migrated("sqlite")
        # Nothing is cut off before it ends by itself.
        target = Target.of(stack.enter_context(deployment(adapter, url, manager=True, log=log, **FOR_EVER)))
        pool.submit(_letter_by_letter, target)
        said: list[list[bytes]] = [[] for _ in range(CLIENTS)]
        clients = [
            pool.submit(_asked_until_the_end, target, each, pause)
            for each, pause in zip(said, (0.0, 0.7) * (CLIENTS // 2), strict=True)
        ]
        until(lambda: all(said))
        time.sleep(SETTLED + 1)

        stack.close()

        for each in clients:
            each.result()
        assert [set(each[:-1]) for each in said] == [{b"keep-alive"}] * CLIENTS
        log.seek(0)
        assert "Traceback" not in log.read()


def _asked_until_the_end(target: Target, said: list[bytes], pause: float) -> None:
    """Send requests on one connection, and record the Connection header of each response, until one says close."""
    with connect(target) as connection:
        while said[-1:] != [b"close"]:
            connection.sendall(LIST)
            answer = b""
            while not answer.endswith(b"}"):
                piece = connection.recv(65536)
                assert piece, f"closed after {len(said)} answers, with {answer!r} of the next"
                answer += piece
            fields = answer.lower().partition(b"\r\n\r\n")[0].split(b"\r\n")
            said.extend(field.removeprefix(b"connection: ") for field in fields if field.startswith(b"connection: "))
            time.sleep(pause)
        assert connection.recv(1) == b""


def _letter_by_letter(target: Target) -> None:
    """Send a request that never ends, and never pauses for long."""
    with connect(target) as connection, suppress(OSError):
        connection.sendall(LIST[:-2] + b"X: ")
        while True:
            connection.sendall(b"x")
            time.sleep(0.5)


@contextmanager
def _started(adapter: str, database_url: str, *options: str, **settings: str) -> Iterator[tuple[Any, Target]]:
    """Run a deployment that the block stops; yield its first process and its address."""
    port = free_port()
    settings = FOR_EVER | settings | {"DATABASE_URL": database_url, "FLASK_PORT": str(port)}
    with tempfile.TemporaryFile("w+") as log:
        process = subprocess.Popen(
            [*command(adapter, port), *options],
            cwd=ROOT, env=environment(**settings), stdout=log, stderr=subprocess.STDOUT, start_new_session=True,
        )  # fmt: skip
        try:
            wait_until_ready(f"http://127.0.0.1:{port}", process, log)
            while "--workers" in options and _told(log).count("Worker ready") < 2:
                # A deployment stopped while it starts ends with a traceback, and without a response.
                time.sleep(0.05)
            time.sleep(SETTLED)
            yield process, Target("127.0.0.1", port, "")
            process.wait(PATIENCE)
        finally:
            if process.poll() is None:
                stop(process, log)
        log.seek(0)
        assert "Traceback" not in (told := log.read()), told
        assert "could not be counted" not in told


def _told(log: IO[str]) -> str:
    """Read a log that other processes write to."""
    return os.pread(log.fileno(), 1 << 20, 0).decode()


DEPLOYMENTS = {
    "gunicorn": ("flask", ()),
    "Sanic": ("sanic", ()),
    "Sanic's workers": ("sanic", ("--workers", "2")),
    "Sanic without a manager": ("sanic", ("--single-process",)),
}


@pytest.mark.parametrize("name", DEPLOYMENTS)
def test_connections_in_the_accept_queue_are_answered(databases: Databases, name: str):
    adapter, options = DEPLOYMENTS[name]
    with _started(adapter, databases.migrated("sqlite"), *options) as (process, target), ExitStack() as stack:
        # Stop the process first, so that it accepts nothing before it handles the signal.
        workers = _family(process.pid)
        for worker in workers:
            os.kill(worker, signal.SIGSTOP)
        until(lambda: all(psutil.Process(worker).status() == psutil.STATUS_STOPPED for worker in workers))
        clients = [stack.enter_context(connect(target)) for _ in range(WAITING)]
        for client in clients:
            client.sendall(LIST)
        process.terminate()
        until(lambda: all(map(_is_told, workers)))
        for worker in workers:
            os.kill(worker, signal.SIGCONT)

        answers = [b"".join(iter(lambda client=client: client.recv(65536), b"")) for client in clients]

    assert [answer[:15] for answer in answers] == [b"HTTP/1.1 200 OK"] * WAITING


def _is_told(pid: int) -> bool:
    """Return whether a stopped process has a signal pending."""
    return re.search(r"^ShdPnd:\s*0*[1-9a-f]", Path(f"/proc/{pid}/status").read_text("utf-8"), re.MULTILINE) is not None


def _family(pid: int) -> list[int]:
    """Return the processes of the same kind that a deployment's first one has started, or that one itself."""
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text("utf-8").split()
    mapped = {int(child) for child in children if _listens(int(child))}
    return sorted(mapped) or [pid]


def _listens(pid: int) -> bool:
    """Return whether a process has a listening TCP socket."""
    inodes = {
        line.split()[9] for line in Path(f"/proc/{pid}/net/tcp").read_text("utf-8").splitlines() if " 0A " in line
    }
    links = []
    for each in Path(f"/proc/{pid}/fd").iterdir():
        with suppress(OSError):
            links.append(str(each.readlink()))
    return any(link.removeprefix("socket:[").rstrip("]") in inodes for link in links)


TELLING = {"its first process": os.kill, "all of its processes at once": os.killpg}


@pytest.mark.parametrize("who", TELLING)
@pytest.mark.parametrize("name", DEPLOYMENTS)
def test_no_client_that_connects_while_a_server_stops_is_reset(databases: Databases, name: str, who: str):
    adapter, options = DEPLOYMENTS[name]
    told: Any = FORKS.Queue()
    with _started(adapter, databases.migrated("sqlite"), *options) as (process, target):
        clients = [FORKS.Process(target=_connected_again_and_again, args=(target, told)) for _ in range(3)]
        for client in clients:
            client.start()
        assert [told.get(timeout=PATIENCE) for _ in clients] == ["first answer"] * len(clients)
        TELLING[who](process.pid, signal.SIGTERM)
        found: Counter[str] = sum((told.get(timeout=PATIENCE) for _ in clients), Counter())
        for client in clients:
            client.join()
        assert process.wait(PATIENCE) == 0

    assert set(found) == {"answered", "refused"}, found
    assert found["refused"] == len(clients)


def _connected_again_and_again(target: Target, told: Any) -> None:
    """Send requests on new connections until one is refused; return their outcomes."""
    found: Counter[str] = Counter()
    while not found["refused"]:
        try:
            client = connect(target)
        except ConnectionRefusedError:
            found["refused"] += 1
            continue
        except OSError as error:
            found[f"connecting: {error}"] += 1
            continue
        with closing(client):
            try:
                client.sendall(LIST.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n"))
                answer = b"".join(iter(lambda client=client: client.recv(65536), b""))
                found["answered" if answer.startswith(b"HTTP/1.1 200 ") else repr(answer[:20])] += 1
            except OSError as error:
                found[f"asking: {error}"] += 1
        if sum(found.values()) == 1:
            told.put("first answer")
    told.put(found)


@pytest.mark.unsampled
@pytest.mark.parametrize("adapter", ADAPTERS)
def test_a_connection_that_waits_is_closed_no_sooner_because_the_server_stops(databases: Databases, adapter: str):
    seconds = KEEPALIVE_TIMEOUT + 2
    started = _started(adapter, databases.migrated("sqlite"), DIPTYCH_KEEPALIVE_TIMEOUT=str(seconds))
    with started as (process, target), connect(target) as client:
        begin = time.monotonic()
        client.sendall(LIST)
        _read_one(client)
        process.terminate()
        assert client.recv(1) == b""
        assert time.monotonic() - begin > seconds - 0.3
        # Nor is it reset when the client sends something in that moment.
        try:
            client.sendall(LIST)
            time.sleep(0.2)
            client.sendall(LIST)
        except OSError:
            # Unless that took longer than the linger timeout.
            assert time.monotonic() - begin > seconds + LINGER_TIMEOUT - 0.3


@pytest.mark.parametrize("adapter", ADAPTERS)
def test_requests_that_arrive_during_sigterm_are_answered(databases: Databases, adapter: str):
    with ThreadPoolExecutor(MANY) as pool, ExitStack() as stack:
        process, target = stack.enter_context(_started(adapter, databases.migrated("sqlite")))
        clients = [stack.enter_context(connect(target)) for _ in range(MANY)]
        begin = time.monotonic()
        for client in clients:
            client.sendall(LIST)
            _read_one(client)
        # From before the signal to nearly the end of an idle connection's keep-alive time.
        asked = [
            pool.submit(_ask_after, client, number * (KEEPALIVE_TIMEOUT - 0.7) / MANY, begin + KEEPALIVE_TIMEOUT)
            for number, client in enumerate(clients)
        ]
        time.sleep(0.2)
        process.terminate()
        answers = [each.result() for each in asked]

    assert {answer[:15] for answer in answers if answer is not None} == {b"HTTP/1.1 200 OK"}


MANY = 60


def _ask_after(client: Any, seconds: float, late: float) -> bytes | None:
    """Return the response, or None where a slow machine has sent the request too late."""
    time.sleep(seconds)
    sent = None
    try:
        client.sendall(LIST)
        sent = time.monotonic()
        return _read_one(client)
    except (OSError, AssertionError):
        if (sent or time.monotonic()) < late:
            raise
        return None


def _read_one(client: Any) -> bytes:
    answer = b""
    while not answer.endswith(b"}"):
        piece = client.recv(65536)
        assert piece, f"closed with {answer!r}"
        answer += piece
    return answer


@contextmanager
def _in_flight(databases: Databases, name: str) -> Iterator[tuple[Any, psycopg.Connection[Any], list[Any]]]:
    """Run a deployment whose requests block until a rollback; yield its process, the blocker, and the clients."""
    adapter, options = DEPLOYMENTS[name]
    url = databases.migrated("postgresql")
    with (
        psycopg.connect(url) as holder,
        _started(adapter, url, *options) as (process, target),
        ExitStack() as stack,
    ):
        holder.execute("LOCK TABLE author")
        clients = [stack.enter_context(connect(target)) for _ in range(CLIENTS)]
        for client in clients:
            client.sendall(LIST)
        until(lambda: _waiting(holder))
        yield process, holder, clients


def _answered(clients: list[Any]) -> None:
    assert [_read_one(client)[:15] for client in clients] == [b"HTTP/1.1 200 OK"] * CLIENTS


@pytest.mark.unsampled
@pytest.mark.parametrize("name", DEPLOYMENTS)
def test_requests_in_flight_are_answered_when_all_processes_get_sigterm_at_once(databases: Databases, name: str):
    with _in_flight(databases, name) as (process, holder, clients):
        os.killpg(process.pid, signal.SIGTERM)
        # No request can be answered in that time.
        time.sleep(2)
        holder.rollback()
        _answered(clients)
        assert process.wait(PATIENCE) == 0


@pytest.mark.unsampled
def test_a_worker_that_gets_several_signals_stops_once(databases: Databases):
    with _in_flight(databases, "Sanic's workers") as (process, holder, clients):
        workers = _family(process.pid)
        process.terminate()
        end = time.monotonic() + 2
        while time.monotonic() < end:
            for worker in workers:
                # One without a request in flight has ended before.
                with suppress(ProcessLookupError):
                    os.kill(worker, signal.SIGINT)
        holder.rollback()
        _answered(clients)
        assert process.wait(PATIENCE) == 0


def _waiting(database: psycopg.Connection[Any]) -> bool:
    """Return whether a session waits for a lock in this database."""
    return database.execute(LOCK_QUEUE).fetchone() is not None


@pytest.mark.unsampled
@pytest.mark.parametrize("adapter", ADAPTERS)
def test_who_sends_slowly_is_waited_for_as_long_as_ever(databases: Databases, adapter: str):
    url = databases.migrated("sqlite")

    def answered() -> bool:
        """Return whether it is answered; where a slow machine sends it even more slowly, the server need not wait."""
        body = b'{"name": "slow"}'
        longest, answer = 0.0, b""
        with _started(adapter, url) as (process, target), connect(target) as client:
            last = time.monotonic()
            client.sendall(head("POST", "/authors", HOST, JSON, f"Content-Length: {len(body)}"))
            process.terminate()
            with suppress(OSError):
                for number in range(len(body)):
                    time.sleep(0.6)
                    before, last = last, time.monotonic()
                    longest = max(longest, last - before)
                    client.sendall(body[number : number + 1])
                    longest = max(longest, time.monotonic() - before)
                answer = b"".join(iter(lambda: client.recv(65536), b""))
            assert process.wait(PATIENCE) == 0
        assert longest > KEEPALIVE_TIMEOUT or answer.startswith(b"HTTP/1.1 201 Created\r\n")
        return longest < KEEPALIVE_TIMEOUT

    until(answered)


# The database's end of the connection


@pytest.mark.unsampled
@pytest.mark.parametrize("name", DEPLOYMENTS)
def test_every_connection_to_the_database_is_closed_in_good_order(databases: Databases, name: str):
    adapter, options = DEPLOYMENTS[name]
    url = databases.migrated("postgresql")
    log, name_of_database = Path(make_url(url).query["host"]) / "log", make_url(url).database  # type: ignore[arg-type]
    written = log.stat().st_size
    with psycopg.connect(url, autocommit=True) as database:
        with _started(adapter, url, *options) as (process, target), ThreadPoolExecutor(CLIENTS) as pool:
            for client in pool.map(lambda _: _asked(target), range(4 * CLIENTS)):
                assert client.startswith(b"HTTP/1.1 200 ")
            assert _connections(database) > 0
            process.terminate()
        until(lambda: _connections(database) == 0)
    lines = log.read_bytes()[written:].decode().splitlines()
    assert [line for line in lines if f" {name_of_database} " in line and "client" in line] == []


def _asked(target: Target) -> bytes:
    with connect(target) as client:
        client.sendall(LIST)
        return _read_one(client)


def _connections(database: psycopg.Connection[Any]) -> int:
    # In a transaction, pg_stat_activity would show the same again.
    database.execute("SELECT pg_stat_clear_snapshot()")
    query = "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'diptych' AND datname = current_database()"
    (count,) = database.execute(query).fetchone() or (None,)
    return int(count)  # type: ignore[arg-type]


@pytest.mark.unsampled
@pytest.mark.parametrize("name", DEPLOYMENTS)
def test_newcomers_are_refused_while_what_is_in_flight_is_waited_for(databases: Databases, name: str):
    adapter, options = DEPLOYMENTS[name]
    url = databases.migrated("postgresql")
    with psycopg.connect(url) as holder, _started(adapter, url, *options) as (process, target), connect(target) as one:
        holder.execute("LOCK TABLE author")
        one.sendall(LIST)
        until(lambda: _waiting(holder))
        process.terminate()
        with pytest.raises(ConnectionRefusedError):
            _connect_again_and_again(target)
        holder.rollback()
        assert _read_one(one).startswith(b"HTTP/1.1 200 OK")


def _connect_again_and_again(target: Target) -> None:
    """Open connections until one is refused; earlier ones are accepted, or retried by TCP."""
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        connect(target).close()
        time.sleep(0.5)


@pytest.mark.parametrize("name", DEPLOYMENTS)
def test_what_is_in_flight_for_too_long_is_cut_off(databases: Databases, name: str):
    adapter, options = DEPLOYMENTS[name]
    url = databases.migrated("postgresql")
    with psycopg.connect(url) as holder, ThreadPoolExecutor(1) as pool:
        with _started(adapter, url, *options, DIPTYCH_STOP_TIMEOUT="3") as (process, target):
            holder.execute("LOCK TABLE author")
            asked = pool.submit(_asked_to_the_end, target)
            until(lambda: _waiting(holder))
            begin = time.monotonic()
            process.terminate()
            process.wait(PATIENCE)
            took = time.monotonic() - begin
        assert asked.result() == b""
        holder.rollback()
        until(lambda: _connections(holder) == 0)

    assert took > 1.5


def _asked_to_the_end(target: Target) -> bytes:
    with connect(target) as client, suppress(ConnectionResetError):
        client.sendall(LIST)
        return b"".join(iter(lambda: client.recv(65536), b""))
    return b""
