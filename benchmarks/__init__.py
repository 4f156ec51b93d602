"""`make bench`: compare both adapters with hand-written SQL and with other frameworks."""
