"""What goes in (pydantic models, which name every fault at once) and what comes out (plain dataclasses)."""
