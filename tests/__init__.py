"""The tests. A package, because one of the tools they use installs a package with this name too."""
