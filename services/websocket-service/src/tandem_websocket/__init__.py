"""Tandem's websocket service: hands each task event to the sockets of those who may see it."""
