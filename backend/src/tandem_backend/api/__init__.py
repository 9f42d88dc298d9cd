"""The HTTP interface; docs/protocol.md describes it."""
