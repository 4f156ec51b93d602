"""What goes in (pydantic models, which name every fault at once) and what comes out (msgspec's structs)."""
