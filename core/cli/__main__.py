"""`python -m diptych.core.cli`: what `diptych` is, where it is not on the path."""

from diptych.core.cli import main

if __name__ == "__main__":
    main()
