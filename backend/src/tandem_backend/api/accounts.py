"""Routes of accounts and sessions."""

from http import HTTPStatus
from typing import Annotated, Final

from fastapi import APIRouter, Cookie, Depends, Request, Response

from tandem_backend.api.audit import Audit
from tandem_backend.api.authentication import Caller, Claims, own_site
from tandem_backend.api.context import Context, InContext
from tandem_backend.services.sessions import SignedIn
from tandem_platform.problems import ProblemError
from tandem_protocol.accounts import Authenticated, Login, PasswordChange, ProfilePatch, Register, SessionList, User
from tandem_protocol.base import Identifier
from tandem_protocol.problems import ProblemCode

COOKIE: Final = "tandem_refresh"
_PATH: Final = "/api/auth"

router = APIRouter(prefix=_PATH, tags=["accounts"])
RefreshCookie = Annotated[str | None, Cookie(alias=COOKIE)]


@router.post("/register", status_code=HTTPStatus.CREATED, dependencies=[Depends(own_site)])
async def register(
    body: Register, request: Request, response: Response, context: InContext, caller: Caller, audit: Audit
) -> Authenticated:
    """Make an account, and sign in."""
    with audit.refusals("registration_refused", email=body.email):
        if context.settings.registration == "closed":
            raise ProblemError(ProblemCode.REGISTRATION_CLOSED, "Ask the operator of this server for an account.")
        signed_in = await context.accounts.register(body, caller)
    audit.signed_in("registered", signed_in)
    return _signed_in(signed_in, request, response, context)


@router.post("/login", dependencies=[Depends(own_site)])
async def login(
    body: Login, request: Request, response: Response, context: InContext, caller: Caller, audit: Audit
) -> Authenticated:
    """Sign in."""
    with audit.refusals("sign_in_refused", email=body.email):
        signed_in = await context.accounts.login(body, caller)
    audit.signed_in("signed_in", signed_in)
    return _signed_in(signed_in, request, response, context)


@router.post("/refresh", dependencies=[Depends(own_site)])
async def refresh(
    request: Request, response: Response, context: InContext, audit: Audit, cookie: RefreshCookie = None
) -> Authenticated:
    """Exchange the refresh cookie for a new one and an access token (AU4)."""
    if cookie is None:
        raise ProblemError(ProblemCode.UNAUTHENTICATED, "There is no refresh cookie; sign in.")
    try:
        with audit.refusals("refresh_refused"):
            signed_in = await context.sessions.refresh(cookie, audit.trace)
    except ProblemError as refusal:
        # The cookie is no good any more: a browser that kept it would ask again at each start.
        refusal.headers["set-cookie"] = f'{COOKIE}=""; Max-Age=0; Path={_PATH}; HttpOnly; SameSite=Strict'
        raise
    return _signed_in(signed_in, request, response, context)


@router.post("/logout", status_code=HTTPStatus.NO_CONTENT, dependencies=[Depends(own_site)])
async def logout(response: Response, context: InContext, audit: Audit, cookie: RefreshCookie = None) -> None:
    """End the session of the refresh cookie."""
    ended = None if cookie is None else await context.sessions.end_by_token(cookie, audit.trace)
    if ended is not None:
        audit.write("signed_out", user=ended[0], session=ended[1])
    response.delete_cookie(COOKIE, path=_PATH, httponly=True, samesite="strict")


@router.post("/logout-all", status_code=HTTPStatus.NO_CONTENT)
async def logout_all(response: Response, claims: Claims, context: InContext, audit: Audit) -> None:
    """End every session of the user (AU5)."""
    ended = await context.sessions.end_all(claims, audit.trace)
    audit.write("signed_out_everywhere", user=claims.user_id, session=claims.session_id, sessions=len(ended))
    response.delete_cookie(COOKIE, path=_PATH, httponly=True, samesite="strict")


@router.get("/me")
async def profile(claims: Claims, context: InContext) -> User:
    """Return the account that is signed in."""
    return await context.accounts.profile(claims)


@router.patch("/me")
async def rename(body: ProfilePatch, claims: Claims, context: InContext) -> User:
    """Change the name that others see."""
    return await context.accounts.rename(claims, body.name)


@router.post("/password", status_code=HTTPStatus.NO_CONTENT)
async def change_password(body: PasswordChange, claims: Claims, context: InContext, audit: Audit) -> None:
    """Replace the password; every other session ends."""
    with audit.refusals("password_change_refused", claims=claims):
        ended = await context.accounts.change_password(claims, body, audit.trace)
    audit.write("password_changed", user=claims.user_id, session=claims.session_id, sessions=len(ended))


@router.get("/sessions")
async def sessions(claims: Claims, context: InContext) -> SessionList:
    """Return the devices on which the user is signed in."""
    return await context.sessions.running(claims)


@router.delete("/sessions/{session_id}", status_code=HTTPStatus.NO_CONTENT)
async def end_session(session_id: Identifier, claims: Claims, context: InContext, audit: Audit) -> None:
    """End one session."""
    await context.sessions.end_one(claims, session_id, audit.trace)
    audit.write("session_revoked", user=claims.user_id, session=claims.session_id, revoked=session_id)


def _signed_in(signed_in: SignedIn, request: Request, response: Response, context: Context) -> Authenticated:
    response.set_cookie(
        COOKIE,
        signed_in.refresh_token,
        max_age=context.settings.session_days * 24 * 3600,
        path=_PATH,
        httponly=True,
        samesite="strict",
        secure=request.url.scheme == "https",
    )
    response.headers["cache-control"] = "no-store"
    return signed_in.authenticated
