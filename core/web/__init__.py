"""Pages for people: what they show, in which words, and how it looks. Nothing here waits or knows a framework."""
