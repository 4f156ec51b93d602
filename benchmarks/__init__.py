"""How fast both adapters are, beside what can be had at most and what others have: `make bench`."""
