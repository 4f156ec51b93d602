"""Adopting a database that was there before: found out, planned, judged row by row, and done whole or not at all."""
