"""The database's history: one for both adapters."""
