"""Pytest plugin."""

pytest_plugins = ["tandem_testing.postgres"]
