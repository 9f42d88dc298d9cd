"""Accounts, sessions and what a client may know of the server before signing in."""

import unicodedata
from typing import Annotated, Final, Literal

from pydantic import AfterValidator, StringConstraints, TypeAdapter, ValidationError

from tandem_protocol.base import NO_CONTROL, Identifier, Inward, Outward, Timestamp
from tandem_protocol.limits import EMAIL_MAX, NAME_MAX, PASSWORD_MAX, PASSWORD_MIN


def normalise_email(text: str) -> str:
    """Return the form of an address by which accounts are told apart: NFKC, case folded."""
    return unicodedata.normalize("NFKC", text).casefold()


_ADDRESS: Final = StringConstraints(
    strip_whitespace=True, max_length=EMAIL_MAX, pattern=r"^[^\s@\x00-\x1f\x7f]+@[^\s@\x00-\x1f\x7f]+$"
)
_CHECK: Final = TypeAdapter[str](Annotated[str, _ADDRESS])


def _normalised(text: str) -> str:
    """Return the normal form, which may be longer than the text, and hold an @ or a space that the text did not."""
    normal = normalise_email(text)
    try:
        return _CHECK.validate_python(normal)
    except ValidationError:
        raise ValueError("not an address once it is normalised (NFKC)") from None


Email = Annotated[
    str,
    _ADDRESS,
    AfterValidator(_normalised),
]
"""An address to sign in with. Tandem sends no mail, so an address of a home network will do."""

Name = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=NAME_MAX, pattern=NO_CONTROL)]
NewPassword = Annotated[str, StringConstraints(min_length=PASSWORD_MIN, max_length=PASSWORD_MAX)]
Password = Annotated[str, StringConstraints(min_length=1, max_length=PASSWORD_MAX)]


class Register(Inward):
    """A new account; without ``name`` the part of the address before the @ is taken."""

    email: Email
    password: NewPassword
    name: Name | None = None


class Login(Inward):
    """Signing in."""

    email: Email
    password: Password


class ProfilePatch(Inward):
    """A change of one's own account."""

    name: Name


class PasswordChange(Inward):
    """A new password; every other session ends."""

    current_password: Password
    new_password: NewPassword


class User(Outward):
    """An account as its owner sees it."""

    id: Identifier
    email: str
    name: str


class Authenticated(Outward):
    """A signed-in session: the access token, and for how many seconds it is good (RFC 6750)."""

    user: User
    session_id: Identifier
    access_token: str
    token_type: Literal["Bearer"] = "Bearer"  # noqa: S105 - no password, the name of a scheme
    expires_in: int


class Session(Outward):
    """One signed-in device."""

    id: Identifier
    device: str
    created_at: Timestamp
    last_used_at: Timestamp
    current: bool


class SessionList(Outward):
    """The devices on which a user is signed in."""

    sessions: list[Session]


class ServerInfo(Outward):
    """What anybody may know of a server."""

    version: str
    protocol: int
    registration_open: bool
