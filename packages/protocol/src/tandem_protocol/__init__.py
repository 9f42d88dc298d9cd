"""The wire format of Tandem, defined once.

Everything that crosses a process border is a model of this package. JSON Schema and OpenAPI are exported from
it (``make schema``) and TypeScript is generated from those, so the two sides cannot drift apart unnoticed.
"""
