"""Timeouts of both servers for a client, in seconds; `Settings.keepalive_timeout` is one more."""

HEAD_TIMEOUT = 10
"""For a complete head, from its first byte."""

REQUEST_TIMEOUT = 60
"""For a complete request, from its first byte."""

WRITE_TIMEOUT = 10
"""For the client to read some more of a response, and to read all of it where the request's deadline is sooner."""

LINGER_TIMEOUT = 2
"""For the client to close after the last response: closing first could reset a response that it is still reading."""
