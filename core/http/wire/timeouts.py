"""How long either server waits for a client, in seconds."""

KEEPALIVE_TIMEOUT = 5
"""For more of a request, and for the next one on a connection."""

HEAD_TIMEOUT = 10
"""For a whole head, from its first byte."""

REQUEST_TIMEOUT = 60
"""For a whole request, from its first byte."""

WRITE_TIMEOUT = 10
"""For the client to take something more of an answer."""

LINGER_TIMEOUT = 2
"""For the client to go, after the last answer: a close before it has read all may cost it the answer."""
