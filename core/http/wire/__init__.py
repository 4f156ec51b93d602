"""HTTP/1.1 on the wire: one sans-I/O reader and writer for both servers."""
