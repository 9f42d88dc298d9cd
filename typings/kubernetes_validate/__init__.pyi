# What the tests use of kubernetes-validate, which brings no types of its own.

from typing import Any

def validate(data: dict[str, Any], desired_version: str, strict: bool = ...) -> str: ...
