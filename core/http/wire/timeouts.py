"""How long either server waits for a client, in seconds."""

PAUSE = 5
"""For more of a request, and for the next one on a connection."""

HEAD = 10
"""For a whole head, from its first byte."""

REQUEST = 60
"""For a whole request, from its first byte."""

TAKING = 10
"""For the client to take something more of an answer."""

LINGER = 2
"""For the client to go, after the last answer: a close before it has read all may cost it the answer."""
