"""Who may do what: accounts, their tokens, permissions, and what anonymous clients may do. Nothing here awaits."""

RESOURCES = ("accounts", "tokens")
"""The resources of this package, in the order in which the API's documents list them; see diptych.core.catalogue."""
