"""Second factors: codes that an authenticator app shows, and recovery codes."""
