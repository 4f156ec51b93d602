"""Timeouts of both servers for a client, in seconds; `Settings.keepalive_timeout` is one more."""

HEAD_TIMEOUT = 10
"""For a complete head, from its first byte."""

REQUEST_TIMEOUT = 60
"""For a complete request, from its first byte."""

LEAST_RATE = 10_000
"""Bytes a second of a file that is sent, in place of the time for a complete request."""

RATE_WINDOW = 30
"""Over how many seconds that rate is measured."""

WRITE_TIMEOUT = 10
"""For the client to read some more of a response, and to read all of it where the request's deadline is sooner."""

LINGER_TIMEOUT = 2
"""For the client to close after the last response: closing first could reset a response that it is still reading."""
