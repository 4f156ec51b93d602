"""Security events: who signed in, who did not, and what has changed of accounts, tokens and the policy."""
