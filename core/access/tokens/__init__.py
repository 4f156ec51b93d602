"""Tokens of accounts."""
