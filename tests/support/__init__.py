"""What the tests stand on: databases and running deployments."""
