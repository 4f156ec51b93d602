"""What the service says of itself, made from the table of operations: its description, a reference, problems."""
