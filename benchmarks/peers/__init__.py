"""The same service in other frameworks, each written after its own documentation.

They have an environment of their own (benchmarks/requirements.lock). Of this project they use only the tables and the
rules for single values, so that all reject the same titles, ISBNs and languages, and make the same slugs.
"""
