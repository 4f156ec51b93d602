"""The tests. A package, because one of the tools they use installs a package of this name, too."""
