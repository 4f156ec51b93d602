"""The same service as others would write it, after the documentation of what they use.

They have an environment of their own (benchmarks/requirements.lock) and of this project nothing but its tables and the
rules about single values, so that all of them find the same things wrong with a title, an ISBN or a language, and
make the same slugs.
"""
