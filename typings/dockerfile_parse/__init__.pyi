# What the tests use of dockerfile-parse, which brings no types of its own.

from typing import IO, TypedDict

class Instruction(TypedDict):
    instruction: str
    startline: int
    endline: int
    content: str
    value: str

class DockerfileParser:
    def __init__(self, *, fileobj: IO[bytes]) -> None: ...
    @property
    def structure(self) -> list[Instruction]: ...
