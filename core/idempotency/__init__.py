"""Requests that clients may repeat: their keys, and what was answered to them."""
