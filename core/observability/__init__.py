"""What whoever runs the service can see of it: lines in a log, and numbers."""
