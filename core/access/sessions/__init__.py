"""Sessions: people who have signed in with a password, for the pages."""
