"""Books, their contributors, and the tags on them."""
