"""What every resource's input (pydantic models) and output (msgspec structs) are made of."""
