"""The header ``Idempotency-Key`` (WR4)."""

import re
from typing import Annotated, Final

from fastapi import Depends, Header, Request

from tandem_platform.problems import ProblemError
from tandem_protocol.limits import IDEMPOTENCY_KEY_MAX
from tandem_protocol.problems import ProblemCode

_KEY: Final = re.compile(rf"[\x21-\x7e]{{1,{IDEMPOTENCY_KEY_MAX}}}")


def key_of(request: Request) -> str | None:
    """Return the key of a request, if it has one.

    Raises:
        ProblemError: It is no key.
    """
    key = request.headers.get("idempotency-key")
    if key is not None and not _KEY.fullmatch(key):
        raise ProblemError(
            ProblemCode.INVALID_IDEMPOTENCY_KEY,
            f"An Idempotency-Key has 1 to {IDEMPOTENCY_KEY_MAX} visible ASCII characters.",
        )
    return key


async def _described(
    request: Request,
    idempotency_key: Annotated[
        str | None, Header(description="A repetition under the same key gets the stored answer (WR4)")
    ] = None,
) -> str | None:
    del idempotency_key  # Named for the description of the interface alone.
    return key_of(request)


Key = Annotated[str | None, Depends(_described)]
