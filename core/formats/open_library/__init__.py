"""The records of Open Library, as its dumps and its API give them."""
