"""What knows the database: its drivers, connections, errors and schema versions."""
