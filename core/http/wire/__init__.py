"""Requests as bytes: one reader of HTTP/1.1 under both servers."""
