"""HTTP without a server: requests and answers as values, and everything decided about them. Nothing here waits."""
