"""HTTP without a server: requests and responses as values, and every decision about them. Nothing here does I/O."""
