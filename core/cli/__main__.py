"""`python -m core.cli`: what `diptych` is, where it is not on the path."""

from core.cli import main

if __name__ == "__main__":
    main()
