"""All in which our reader and its judges differ, each with its reason; test_judges.py proves that each still does."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import asdict, dataclass

from tests.core.http.wire.judges import JUDGES, Taken, ours

TAKEN = "taken"


@dataclass(frozen=True)
class Difference:
    """What our reader and a judge say of a message that only one of them takes, or in what both read it otherwise."""

    judge: str
    ours: str
    theirs: str


@dataclass(frozen=True)
class Listed:
    """A difference that is as it should be.

    theirs: how it begins. where: a pattern that is somewhere in the message. example: a message that shows it.
    """

    judges: tuple[str, ...]
    ours: str
    theirs: str
    where: bytes
    example: bytes
    reason: str

    def holds(self, found: Difference, message: bytes) -> bool:
        return (
            found.judge in self.judges
            and found.ours == self.ours
            and found.theirs.startswith(self.theirs)
            and re.search(self.where, message) is not None
        )


def differences(message: bytes) -> Iterator[Difference]:
    """How the judges differ from our reader about the first request of a message.

    What one refuses and another would wait for more of is taken by neither.
    """
    our = ours(message)
    for name, judge in JUDGES.items():
        their = judge(message)
        if isinstance(our, Taken) and isinstance(their, Taken):
            yield from (Difference(name, each, each) for each in _read_otherwise(our, their))
        elif isinstance(our, Taken) or isinstance(their, Taken):
            yield Difference(name, *(TAKEN if isinstance(said, Taken) else said for said in (our, their)))


def unlisted(message: bytes) -> list[Difference]:
    """Those that nobody has given a reason for."""
    return [found for found in differences(message) if not any(each.holds(found, message) for each in LISTED)]


ABSOLUTE, UNDERSCORE = "target in absolute form", "names with _"


def _read_otherwise(our: Taken, their: Taken) -> Iterator[str]:
    told, judged = asdict(our), asdict(their)
    scheme, host, rest = their.target.partition("://")
    rest = re.sub("^[^/?]*", "", rest)
    if scheme.isalpha() and host and our.target == (rest if rest.startswith("/") else "/" + rest):
        judged["target"] = our.target
        yield ABSOLUTE
    plain = {name: value for name, value in their.headers.items() if "_" not in name}
    if plain != their.headers:
        judged["headers"] = plain
        yield UNDERSCORE
    yield from (name for name in told if told[name] != judged[name])


BOTH = ("llhttp", "h11")
LLHTTP, H11 = BOTH[:1], BOTH[1:]

_LINE = "400 The first line is not a method in upper case, a target, and HTTP/1.1."
_LF = "400 A line of the head ends with LF alone."
_CONTROLS = "400 The head has control characters in it."
_TARGET = "400 The target is neither a path nor an address of http or https."
_FIELD = "400 A header line is not a name, a colon and a value."
_CHUNKS = "INCOMPLETE"


def _get(*lines: str, first: str = "GET / HTTP/1.1") -> bytes:
    return "\r\n".join((first, "Host: h", *lines, "", "")).encode()


def _chunks(body: str) -> bytes:
    return _get("Transfer-Encoding: chunked", first="POST / HTTP/1.1") + body.encode()


def _in_trailer(name: bytes) -> bytes:
    return rb"(?i)\r\n0[^\n]*\r\n(.+\r\n)*" + name + b":"


LISTED = [
    # What our reader takes.
    Listed(LLHTTP, TAKEN, "Invalid method encountered", rb"\A(\r\n)?[!-~]+ ", _get(first="FOO / HTTP/1.1"),
           "RFC 9110 section 9.1: any token is a method, and one that is not known is answered with 405 or 501"),
    Listed(LLHTTP, TAKEN, "Expected space after method", rb"\A(\r\n)?[!-~]+ ", _get(first="GETT / HTTP/1.1"),
           "as above: llhttp has found a method that it knows, and more of the word"),
    Listed(LLHTTP, TAKEN, "Invalid HTTP version", rb"\A[^\n]+ HTTP/1\.[2-9]\r\n", _get(first="GET / HTTP/1.2"),
           "RFC 9110 section 2.5: a higher minor version is read as the highest that is known"),
    Listed(H11, TAKEN, "no request line received", rb"\A\r\n", b"\r\n" + _get(),
           "RFC 9112 section 2.2: one empty line before a request should be ignored"),
    Listed(H11, TAKEN, "bad Content-Length", rb"(?i)\r\ncontent-length:[ \t]*\d{21,}[ \t]*\r\n",
           _get("Content-Length: 000000000000000000000"),
           "RFC 9110 section 8.6: any number of digits; h11 takes twenty"),
    Listed(H11, TAKEN, "illegal chunk header", rb"\n[0-9A-Fa-f]+([ \t]+;|;[ \t])", _chunks("1 ;a=b\r\nx\r\n0\r\n\r\n"),
           "RFC 9112 section 7.1.1: blanks around the semicolon are bad, and have to be read and left out"),
    Listed(LLHTTP, TAKEN, "Invalid character in chunk size", rb"\n[0-9A-Fa-f]+[ \t]+;",
           _chunks("1 ;a=b\r\nx\r\n0\r\n\r\n"), "as above"),
    Listed(LLHTTP, TAKEN, "Invalid character in chunk extensions", rb"\n[0-9A-Fa-f]+[^\n]*([;=][ \t]|[ \t][;=])",
           _chunks("1; a=b\r\nx\r\n0\r\n\r\n"), "as above"),
    Listed(LLHTTP, TAKEN, "Content-Length can't be present with Transfer-Encoding", _in_trailer(rb"content-length"),
           _chunks("0\r\nContent-Length: 5\r\n\r\n"),
           "RFC 9110 section 6.5.1: what a trailer says of the framing is not heeded. We leave all trailers out; the "
           "judges read them as if they were in the head"),
    Listed(LLHTTP, TAKEN, "Invalid `Transfer-Encoding` header value", _in_trailer(rb"transfer-encoding"),
           _chunks("0\r\nTransfer-Encoding: x\r\n\r\n"), "as above"),
    Listed(LLHTTP, TAKEN, "Empty Transfer-Encoding", _in_trailer(rb"transfer-encoding"),
           _chunks("0\r\nTransfer-Encoding:\r\n\r\n"), "as above"),
    Listed(H11, TAKEN, "Only Transfer-Encoding: chunked is supported", _in_trailer(rb"transfer-encoding"),
           _chunks("0\r\nTransfer-Encoding: x\r\n\r\n"), "as above"),
    Listed(H11, TAKEN, "bad Content-Length", _in_trailer(rb"content-length"),
           _chunks("0\r\nContent-Length: x\r\n\r\n"), "as above"),
    # What our reader does not take.
    Listed(BOTH, "400 Host is not the name of a host.", TAKEN, rb"(?i)\r\nhost:", _get().replace(b" h", b" a/b"),
           "RFC 9112 section 3.2: has to be refused where it is invalid, and the judges do not look"),
    Listed(LLHTTP, "400 There is no Host.", TAKEN, rb"\A", b"GET / HTTP/1.1\r\n\r\n",
           "RFC 9112 section 3.2: has to be refused"),
    Listed(H11, "400 There is no Host.", TAKEN, rb"\A[^\n]+ HTTP/1\.[2-9]\r\n", b"GET / HTTP/1.2\r\n\r\n",
           "as above, and RFC 9110 section 2.5; h11 looks for it in HTTP/1.1 alone"),
    Listed(LLHTTP, "400 Host is given twice.", TAKEN, rb"(?is)\nhost:.*\nhost:", _get("Host: i"),
           "RFC 9112 section 3.2: has to be refused"),
    Listed(BOTH, "400 Content-Type is given twice.", TAKEN, rb"(?is)\ncontent-type:.*\ncontent-type:",
           _get("Content-Type: a/b", "Content-Type: a/b"),
           "RFC 9110 section 5.3: a field that is no list must not be sent twice, and readers choose different ones"),
    Listed(BOTH, "400 Authorization is given twice.", TAKEN, rb"(?is)\nauthorization:.*\nauthorization:",
           _get("Authorization: a", "Authorization: a"), "as above"),
    Listed(H11, "400 Content-Length is given twice.", TAKEN, rb"(?is)\ncontent-length:.*\ncontent-length:",
           _get("Content-Length: 0", "Content-Length: 0"),
           "RFC 9110 section 8.6: the same length again may be refused, or taken for one"),
    Listed(H11, "400 Content-Length is not a number.", TAKEN, rb"(?i)\ncontent-length:[ \t]*\d+[ \t]*,",
           _get("Content-Length: 0, 0"), "as above"),
    Listed(H11, "400 There are both Content-Length and Transfer-Encoding.", TAKEN, rb"(?i)\ncontent-length:",
           _get("Content-Length: 5", "Transfer-Encoding: chunked") + b"0\r\n\r\n",
           "RFC 9112 section 6.1: a server may refuse it, since it may be an attempt to smuggle a request"),
    Listed(BOTH, "400 HTTP/1.0 has no chunks.", TAKEN, rb" HTTP/1\.0\r\n",
           _get("Transfer-Encoding: chunked", first="GET / HTTP/1.0") + b"0\r\n\r\n",
           "RFC 9112 section 6.1: its framing has to be taken for faulty"),
    Listed(BOTH, "400 Transfer-Encoding is not chunked.", TAKEN, rb"(?i)\ntransfer-encoding:[ \t]*chunked[ \t]*\r\n",
           _get("Transfer-Encoding: CHUNKED") + b"0\r\n\r\n",
           "RFC 9112 section 7 has it in any case. Nobody writes it so but to see who reads it"),
    Listed(LLHTTP, "400 Transfer-Encoding is not chunked.", TAKEN, rb"(?i)\ntransfer-encoding:[^\n]*,[ \t]*chunked",
           _get("Transfer-Encoding: gzip, chunked") + b"0\r\n\r\n",
           "RFC 9112 section 6.1: other codings are not understood here"),
    Listed(LLHTTP, "400 Transfer-Encoding is given twice.", TAKEN, rb"(?is)\ntransfer-encoding:.*\ntransfer-encoding:",
           _get("Transfer-Encoding: gzip", "Transfer-Encoding: chunked") + b"0\r\n\r\n", "as above"),
    Listed(BOTH, "417 What Expect asks for is not done here.", TAKEN, rb"(?i)\nexpect:", _get("Expect: x"),
           "RFC 9110 section 10.1.1: may be answered with 417"),
    Listed(BOTH, "400 The target has a fragment.", TAKEN, rb"\A[^\n]+#", _get(first="GET /#a HTTP/1.1"),
           "RFC 9112 section 3.2: no form of a target has one"),
    Listed(BOTH, _TARGET, TAKEN, rb"\A(\r\n)?[!-~]+ [^/\r\n]", _get(first="GET ftp://h/ HTTP/1.1"),
           "RFC 9112 sections 3.2 and 3.2.2: not one of its forms, or nothing that is served here"),
    Listed(H11, _LINE, TAKEN, rb"\A[^ \r\n]*[a-z][^ \r\n]* ", _get(first="get / HTTP/1.1"),
           "RFC 9110 section 9.1: in lower case it is another method, and none that anybody has registered"),
    Listed(BOTH, _LINE, TAKEN, rb"\A[^\n]+ HTTP/([02-9]\.[0-9]|1\.[0-9]{2})", _get(first="GET / HTTP/2.0"),
           "RFC 9110 section 2.5: another major version is another protocol"),
    Listed(LLHTTP, _LINE, TAKEN, rb"\A[^\n]*(  |[\t\x0b\x0c])", _get(first="GET  / HTTP/1.1"),
           "RFC 9112 section 3: one space; more may be read as one, and who does so is a way to smuggle"),
    Listed(LLHTTP, _LINE, TAKEN, rb"\A(\r\n)*[A-Z]+ [^ \n]+\r\n", _get(first="GET /"),
           "RFC 9112 section 3: HTTP/0.9 has no version, and is not spoken"),
    Listed(LLHTTP, _LINE, TAKEN, rb"\A\r\n\r\n", b"\r\n\r\n" + _get(),
           "RFC 9112 section 2.2: one empty line should be ignored; of more it says nothing"),
    Listed(H11, _LF, TAKEN, rb"[^\r]\n", b"GET / HTTP/1.1\nHost: h\r\n\r\n",
           "RFC 9112 section 2.2: LF alone may be read as an end of line. Where one reader does and another does not, "
           "requests are smuggled"),
    Listed(LLHTTP, _LF, TAKEN, rb"\A(\r\n)*(\n|[A-Z]+ [^ \n]+\n)", b"\n" + _get(),
           "as above; llhttp does before a request, and behind one without a version"),
    Listed(H11, _FIELD, TAKEN, rb"\r\n[ \t]", _get("X-A: b", " c"),
           "RFC 9112 section 5.2: a folded line has to be refused, or unfolded"),
    Listed(LLHTTP, _CONTROLS, TAKEN, rb"\A\r+", b"\r" + _get(),
           "RFC 9112 section 2.2: only CRLF may come before a request"),
    Listed(H11, _CONTROLS, TAKEN, rb"\n[^\n:]+:[^\n]*[\x01-\x08\x0b\x0c\x0e-\x1f\x7f]", _get("X-A: \x01"),
           "RFC 9110 section 5.5: controls may be kept where nobody is hurt by them; that is not known here"),
    Listed(H11, _CHUNKS, TAKEN, rb"\n[0-9A-Fa-f]+[ \t]+\r\n", _chunks("1 \r\nx\r\n0\r\n\r\n"),
           "RFC 9112 section 7.1: no blanks behind a size"),
    Listed(BOTH, _CHUNKS, TAKEN, rb"\n[0-9A-Fa-f]+[ \t]*;", _chunks("1;a=\r\nx\r\n0\r\n\r\n"),
           "RFC 9112 section 7.1.1: extensions that are not well formed, which the judges skip"),
    Listed(H11, _CHUNKS, TAKEN, rb"[^\r]\n", _chunks("1\r\nx\r\n0\r\n\n"),
           "RFC 9112 section 7.1: lines of chunks end with CRLF"),
    Listed(LLHTTP, _CHUNKS, TAKEN, rb"\n0{256}", _chunks("0" * 257 + "1\r\nx\r\n0\r\n\r\n"),
           "RFC 9112 section 7.1: any number of digits, but for limits such as ours"),
    Listed(BOTH, "431 The header section is larger than it may be.", TAKEN, rb"\A(.*\r\n){102}",
           _get(*["X-A: b"] * 100),
           "RFC 9112 section 3 and RFC 9110 section 5.4: limits are each server's own"),
    # What all take, and read otherwise.
    Listed(BOTH, ABSOLUTE, ABSOLUTE, rb"(?i)\A(\r\n)?[!-~]+ https?://",
           _get(first="GET http://h/a?b HTTP/1.1"),
           "RFC 9112 section 3.2.2: the host that is named there counts, and there is one catalogue for all"),
    Listed(LLHTTP, "closes", "closes", rb"\A[^\n]+ HTTP/1\.0\r\n",
           _get("Connection: keep-alive", first="GET / HTTP/1.0"),
           "RFC 9112 section 9.3: a server may close after any answer, and does after those to HTTP/1.0"),
    Listed(BOTH, UNDERSCORE, UNDERSCORE, rb"\n[^\n:]*_[^\n:]*:", _get("X_A: b"),
           "WSGI cannot tell it from X-A, and what cannot be told apart is left out"),
]  # fmt: skip
