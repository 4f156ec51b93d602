"""What every resource has in common: specification, statements, search, pages. It knows no resource and never waits."""
