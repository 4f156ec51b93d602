"""Support for the tests: databases and running deployments."""
