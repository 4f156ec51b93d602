"""Every problem type: one entry here defines its response, its page, and its place in the OpenAPI document."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType


@dataclass(frozen=True, slots=True, kw_only=True)
class ProblemType:
    """One type: `/problems/{name}` is its address and the page about it.

    meaning: what has happened. advice: what the client should do. headers: those that the response always has, with
    their descriptions. example: a `detail` of such a problem.
    """

    status: int
    name: str
    title: str
    meaning: str
    advice: str
    example: str
    headers: Mapping[str, str] = field(default_factory=dict)


_TYPES = (
    ProblemType(
        status=400,
        name="malformed",
        title="Malformed request",
        meaning="The request could not be read: its query string is not percent-encoded UTF-8, its body is not JSON,"
        " or the body did not arrive whole.",
        advice="Put the message right: as it is, it is refused every time. `detail` tells where reading stopped.",
        example="The body is not JSON that can be accepted: Expecting value: line 1 column 1.",
    ),
    ProblemType(
        status=401,
        name="unauthorized",
        title="Unauthorized",
        meaning="This needs an account: the request has no token, or one that is not valid: it is malformed, unknown,"
        " revoked or expired, or its account is disabled.",
        advice="Send `Authorization: Bearer` with a token. `POST /tokens` or `diptych tokens create` makes one; where"
        " the operator has configured an identity provider, its access tokens are taken, too.",
        headers={"WWW-Authenticate": "How to authenticate, and what is wrong with the token (RFC 6750)."},
        example="Send a token: Authorization: Bearer dpt_...",
    ),
    ProblemType(
        status=403,
        name="forbidden",
        title="Forbidden",
        meaning="The token is valid, and does not allow this: its account's role has no permission for it, or its scope"
        " leaves it out; or an identity provider's token gives no role here.",
        advice="Use a token with the scope that `WWW-Authenticate` names, of an account whose role allows it. `GET /me`"
        " tells what a token allows.",
        headers={"WWW-Authenticate": "The scope that is needed (RFC 6750)."},
        example="This needs catalogue:write.",
    ),
    ProblemType(
        status=403,
        name="cross-site",
        title="Cross-site request",
        meaning="A page of another site has made this request: in the name of a user who is signed in here, or without"
        " a token. It has changed nothing.",
        advice="Make the request from a page of this site, or from a program. A page of another site has to send a"
        " token, or an administrator names its origin in `DIPTYCH_CORS_ORIGINS`.",
        example="A page of another site cannot do this.",
    ),
    ProblemType(
        status=404,
        name="not-found",
        title="Not found",
        meaning="There is nothing at this address, or no longer. In a batch, `errors` names each item without a row.",
        advice="Look the address up again, in a list or by searching. An id that is not a UUID never leads anywhere.",
        example="There is no such book.",
    ),
    ProblemType(
        status=405,
        name="method-not-allowed",
        title="Method not allowed",
        meaning="The address exists, and does not take this method.",
        advice="Use one of the methods that the `Allow` header lists.",
        headers={"Allow": "The methods this address takes."},
        example="Allowed here: GET, HEAD, OPTIONS.",
    ),
    ProblemType(
        status=408,
        name="request-timeout",
        title="Request timeout",
        meaning="The request did not arrive in the time a server waits for one.",
        advice="Send it again, on a new connection.",
        example="The request did not arrive in time.",
    ),
    ProblemType(
        status=409,
        name="conflict",
        title="Conflict",
        meaning="The request is valid, but conflicts with stored data: a value that is taken, or a row that others"
        " depend on. `errors` names each place where that is known.",
        advice="Read what is stored, decide which of the two should hold, and send a request that fits.",
        example="Another has this value already.",
    ),
    ProblemType(
        status=409,
        name="key-in-use",
        title="Idempotency key in use",
        meaning="A request with this `Idempotency-Key` is being answered at this moment; this one has changed nothing.",
        advice="Wait as long as the `Retry-After` header says, then send the same request again: it gets the answer"
        " that the first got.",
        headers={"Retry-After": "Seconds to wait before trying again."},
        example="A request with this Idempotency-Key is being answered.",
    ),
    ProblemType(
        status=412,
        name="precondition-failed",
        title="Precondition failed",
        meaning="`If-Match` does not name the tag of what is there now, or `If-None-Match` does: somebody else was"
        " quicker. Nothing was saved.",
        advice="Read it again, make the change to what is there now, and send it with the `ETag` of that answer.",
        example="This is not as the request says it is.",
    ),
    ProblemType(
        status=413,
        name="too-large",
        title="Content too large",
        meaning="The body is larger than this deployment accepts.",
        advice="Send less at a time: split a batch in two. `detail` tells the limit.",
        example="A body may have 8388608 bytes at most.",
    ),
    ProblemType(
        status=413,
        name="storage-limit",
        title="Storage limit reached",
        meaning="The account has sent as many bytes of files as this deployment keeps for one. A file counts once,"
        " as 64 KiB at least, until it is deleted from the store: a week after no book has it any more. Clients"
        " without an account count as one, and administrators are not limited.",
        advice="Delete files that are not needed, and send this one when they are gone; or have an administrator send"
        " it, or the operator raise `DIPTYCH_FILE_BYTES_PER_ACCOUNT`.",
        example="An account may have 10737418240 bytes of files stored; 10736000000 are.",
    ),
    ProblemType(
        status=414,
        name="uri-too-long",
        title="URI too long",
        meaning="The request target is longer than a server reads.",
        advice="Ask for less at once: filter by fewer values, or send ids in a body where that is possible.",
        example="The request target is longer than it may be.",
    ),
    ProblemType(
        status=415,
        name="unsupported-media-type",
        title="Unsupported media type",
        meaning="The body is not of a media type that is taken here.",
        advice="Send JSON, and say so: `Content-Type: application/json`.",
        example="Send application/json.",
    ),
    ProblemType(
        status=416,
        name="range-not-satisfiable",
        title="Range not satisfiable",
        meaning="The part that `Range` asks for begins behind the end of the file.",
        advice="Ask for a part of what there is: `Content-Range` has the size.",
        headers={"Content-Range": "The size of the file (RFC 9110 section 14.4)."},
        example="The file has 4096 bytes.",
    ),
    ProblemType(
        status=417,
        name="expectation-failed",
        title="Expectation failed",
        meaning="What the `Expect` header asks for is not done here.",
        advice="Send the request without `Expect`.",
        example="What Expect asks for is not done here.",
    ),
    ProblemType(
        status=421,
        name="misdirected-request",
        title="Misdirected request",
        meaning="The service does not answer for the host that the request names, in its address or in `Host`.",
        advice="Use the service's own host name. An operator adds one in `DIPTYCH_HOSTS`.",
        example="The request is for a host that is not served here.",
    ),
    ProblemType(
        status=422,
        name="invalid",
        title="Invalid",
        meaning="The request was understood, and its values cannot be accepted. `errors` lists at once every fault"
        " that can be seen in it, or else every one that the catalogue finds: each with a JSON Pointer into the body or"
        " the name of a query parameter.",
        advice="Put right what `errors` lists and send the request again. `code` is stable; `detail` is for people.",
        example="The request has errors; each is listed.",
    ),
    ProblemType(
        status=422,
        name="key-reused",
        title="Idempotency key reused",
        meaning="This `Idempotency-Key` came with another request within the last day: to another address, or with"
        " another body. This one has changed nothing.",
        advice="Give each request a key of its own, and send the same request again only with the same bytes.",
        example="Another request had this Idempotency-Key.",
    ),
    ProblemType(
        status=428,
        name="precondition-required",
        title="Precondition required",
        meaning="Here nothing is changed blindly: the request has to say what it changes.",
        advice="Read it, and send its `ETag` as `If-Match`. To create what is not there, send `If-None-Match: *`.",
        example="Send If-Match, with the ETag of what you have read.",
    ),
    ProblemType(
        status=429,
        name="too-many-requests",
        title="Too many requests",
        meaning="This client has asked for more than it may in a minute.",
        advice="Wait as many seconds as `Retry-After` says, and send the request again. `RateLimit` in each"
        " response tells what is left.",
        headers={"Retry-After": "Seconds until the request may be sent again."},
        example="More was asked for than one client may in a minute.",
    ),
    ProblemType(
        status=431,
        name="header-too-large",
        title="Header too large",
        meaning="The header section is larger than a server reads.",
        advice="Send fewer or shorter header fields.",
        example="The header section is larger than it may be.",
    ),
    ProblemType(
        status=500,
        name="internal",
        title="Internal server error",
        meaning="Something happened that nobody expected, and nothing of it was saved. The log of the service has it.",
        advice="Trying again may help. Tell the operators of the service when it does not.",
        example="Something unexpected happened here. It has been logged.",
    ),
    ProblemType(
        status=503,
        name="unavailable",
        title="Service unavailable",
        meaning="The database cannot serve this now: it is down, too busy, behind this release, or other writers were"
        " quicker too often; or the keys of the identity provider are not known. Nothing was saved, unless the"
        " connection to the database was lost in the moment of the commit.",
        advice="Wait as long as the `Retry-After` header says, then send the same request again; a POST with the"
        " `Idempotency-Key` that it had is not done twice.",
        headers={"Retry-After": "Seconds to wait before trying again."},
        example="This cannot be served now.",
    ),
)

PROBLEM_TYPES: Mapping[str, ProblemType] = MappingProxyType({each.name: each for each in _TYPES})
"""Every type by its name, ordered by status."""
