"""Logging in and out, and tokens for machines (RFC 6749, 4.4). Must not depend on the adapters."""

import base64
import binascii
from collections.abc import Awaitable, Callable
from typing import Annotated, Any, NamedTuple
from urllib.parse import parse_qsl, unquote_plus

import orjson
from fastapi import APIRouter, Depends, Request, Response
from pydantic import StringConstraints

from bakong_contracts import service_api as api
from bakong_service.api.examples import refusals
from bakong_service.api.problems import reply_to
from bakong_service.api.shapes import Body
from bakong_service.domain.accounts import MAX_PASSWORD
from bakong_service.usecases import access as tokens
from bakong_service.usecases.access import Access, Machine, Pair

FORM = "application/x-www-form-urlencoded"
TOKEN_PATH, KEYS_PATH = "/oauth2/token", "/.well-known/jwks.json"
MAX_FIELDS = 20
_CREDENTIALS = ("client_id", "client_secret")
Short = Annotated[str, StringConstraints(strict=True, min_length=1, max_length=MAX_PASSWORD)]


class LogIn(Body):
    """A user's name and password."""

    username: Short
    password: Short


class Held(Body):
    """A refresh token."""

    refresh_token: Short


class AccessPorts(NamedTuple):
    """What the routes are given. published: the key set."""

    access: Access
    published: Callable[[], Awaitable[list[dict[str, Any]]]]


async def _ports(request: Request) -> AccessPorts:
    ports: AccessPorts = request.app.state.access
    return ports


PortsDep = Annotated[AccessPorts, Depends(_ports)]
_LIMITED = (api.BLOCKED, api.RATE_LIMITED, api.UNAVAILABLE, api.REPEATED_HEADER)
_BODY = (*_LIMITED, api.BAD_JSON, api.TOO_LARGE, api.UNSUPPORTED_MEDIA, api.INVALID)
_REFUSED = refusals(*_BODY, api.UNAUTHORIZED)
_TOKENS: dict[str, Any] = {
    "tokenType": "Bearer",
    "accessToken": "eyJhbGciOiJFZERTQSIsImtpZCI6Ii4uLiJ9.eyJ1c2VybmFtZSI6InNva2hhIn0.c2ln",
    "expiresIn": 900,
    "refreshToken": "rt_...",
    "refreshExpiresIn": 2_592_000,
    "user": {"id": "019c4a1e-7d2b-7c3a-9f10-2b3c4d5e6f70", "username": "sokha", "roles": ["merchant"]},
}
_LOGIN = {"username": "sokha", "password": "correct horse battery staple"}
_HELD = {"refreshToken": "rt_..."}
_KEY = {"kty": "OKP", "crv": "Ed25519", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}
_KEYS = {"keys": [_KEY | {"kid": "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k", "alg": "EdDSA", "use": "sig"}]}
_KEY_SET: dict[int | str, dict[str, Any]] = {
    200: {"description": "The keys", "content": {"application/json": {"example": _KEYS}}}
}
router = APIRouter(tags=["access"])


def _sent(body: dict[str, Any]) -> dict[str, Any]:
    return {"requestBody": {"content": {"application/json": {"example": body}}}}


def _answered(data: Any) -> dict[int | str, dict[str, Any]]:
    return {200: {"description": "Done", "content": {"application/json": {"example": _ok(data)}}}}


def _ok(data: Any) -> dict[str, Any]:
    return {"success": True, "statusCode": 200, "data": data}


@router.post(
    "/api/v1/auth/login", operation_id="login", openapi_extra=_sent(_LOGIN), responses=_answered(_TOKENS) | _REFUSED
)
async def log_in(body: LogIn, ports: PortsDep, request: Request) -> Any:
    """An access token of 15 minutes and a refresh token of 30 days, for a name and a password."""
    pair = await tokens.log_in(ports.access, body.username, body.password)
    if pair is None:
        return await _refused(ports, request, "the name or the password is wrong")
    return _ok(_shown(pair))


@router.post(
    "/api/v1/auth/refresh", operation_id="refresh", openapi_extra=_sent(_HELD), responses=_answered(_TOKENS) | _REFUSED
)
async def refresh(body: Held, ports: PortsDep, request: Request) -> Any:
    """Both tokens anew. A refresh token is good once; where it comes twice, all that came of its login are revoked."""
    outcome = await tokens.refresh(ports.access, body.refresh_token)
    if isinstance(outcome, str):
        why = "the refresh token has expired" if outcome == "expired" else "the refresh token is not good"
        return await _refused(ports, request, why, counts=outcome != "expired")
    return _ok(_shown(outcome))


@router.post(
    "/api/v1/auth/logout",
    operation_id="logout",
    openapi_extra=_sent(_HELD),
    responses=_answered(None) | refusals(*_BODY),
)
async def log_out(body: Held, ports: PortsDep) -> dict[str, Any]:
    """End a login: its refresh tokens at once, its access tokens within a second. Answered alike whatever is sent."""
    await tokens.log_out(ports.access, body.refresh_token)
    return _ok(None)


@router.get(KEYS_PATH, operation_id="jwks", responses=_KEY_SET | refusals(*_LIMITED))
async def key_set(ports: PortsDep) -> dict[str, Any]:
    """The public keys that verify access tokens (RFC 7517); none where JWT_SECRET signs them."""
    return {"keys": await ports.published()}


_ERROR = {"description": "RFC 6749, 5.2", "content": {"application/json": {"example": {"error": "invalid_scope"}}}}
_GRANTED = {"access_token": "eyJ...", "token_type": "Bearer", "expires_in": 900, "scope": "orders refunds"}
_FORM = {
    "type": "object",
    "properties": {
        "grant_type": {"type": "string", "enum": ["client_credentials"]},
        "scope": {"type": "string", "description": "some of the client's, with a space between; by default all"},
        "client_id": {"type": "string"},
        "client_secret": {"type": "string"},
    },
    "required": ["grant_type"],
}


@router.post(
    TOKEN_PATH,
    operation_id="client_token",
    responses={
        200: {"description": "Granted", "content": {"application/json": {"example": _GRANTED}}},
        **refusals(*_LIMITED, api.TOO_LARGE),
        400: _ERROR,
        401: _ERROR,
    },
    openapi_extra={"requestBody": {"required": True, "content": {FORM: {"schema": _FORM}}}},
)
async def client_token(ports: PortsDep, request: Request) -> Response:
    """An access token of 15 minutes for a machine, by its client credentials: HTTP Basic, or in the form."""
    try:
        asked = _asked(request, await request.body())
    except _OAuthError as error:
        if error.code == "invalid_client":
            await _count(ports, request)
        return error.response
    outcome = await tokens.client_token(ports.access, asked.client_id, asked.secret, asked.scopes)
    if outcome == "invalid_client":
        await _count(ports, request)
    if isinstance(outcome, Machine):
        return _json(200, {
            "access_token": outcome.access,
            "token_type": "Bearer",
            "expires_in": outcome.access_s,
            "scope": " ".join(outcome.scopes),
        })  # fmt: skip
    return _OAuthError(outcome, _WHY[outcome]).response


_WHY = {"invalid_client": "the client or its secret is wrong", "invalid_scope": "the client may not have such a scope"}


class _OAuthError(Exception):
    """An error of the token endpoint (RFC 6749, 5.2)."""

    def __init__(self, code: str, description: str) -> None:
        super().__init__(description)
        self.code = code

    @property
    def response(self) -> Response:
        is_client = self.code == "invalid_client"
        response = _json(401 if is_client else 400, {"error": self.code, "error_description": str(self)})
        if is_client:
            response.headers["www-authenticate"] = 'Basic realm="oauth2", charset="UTF-8"'
        return response


class _Asked(NamedTuple):
    client_id: str
    secret: str
    scopes: list[str]


def _asked(request: Request, body: bytes) -> _Asked:
    """What a request for a token asks, and as whom. Raises _OAuthError."""
    form = _form(request, body)
    grant = form.get("grant_type", "")
    if not grant:
        raise _OAuthError("invalid_request", "grant_type is missing")
    client_id, secret = _client(request, form)
    if grant != "client_credentials":
        raise _OAuthError("unsupported_grant_type", "expected client_credentials")
    return _Asked(client_id, secret, [word for word in form.get("scope", "").split(" ") if word])


def _form(request: Request, body: bytes) -> dict[str, str]:
    """The fields that have a value; one without counts as left out (RFC 6749, 3.2). Raises _OAuthError."""
    media = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if media != FORM:
        raise _OAuthError("invalid_request", f"expected {FORM}")
    try:
        pairs = parse_qsl(body.decode(), keep_blank_values=True, max_num_fields=MAX_FIELDS, errors="strict")
    except ValueError:  # also UnicodeDecodeError
        raise _OAuthError("invalid_request", "the form cannot be read") from None
    if len({name for name, _ in pairs}) < len(pairs):
        raise _OAuthError("invalid_request", "a field comes twice")
    return {name: value for name, value in pairs if value}


def _client(request: Request, form: dict[str, str]) -> tuple[str, str]:
    """The client's id and secret. Raises _OAuthError."""
    scheme, _, given = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() == "basic":
        if "client_secret" in form:
            raise _OAuthError("invalid_request", "credentials come twice, in the header and in the form")
        client_id, secret = _basic(given.strip())
        if form.get("client_id", client_id) != client_id:
            raise _OAuthError("invalid_request", "client_id is not the header's")
        return client_id, secret
    if scheme or not all(name in form for name in _CREDENTIALS):
        raise _OAuthError("invalid_client", "expected HTTP Basic, or client_id and client_secret in the form")
    return form["client_id"], form["client_secret"]


def _basic(given: str) -> tuple[str, str]:
    """Of HTTP Basic, each part form-encoded (RFC 6749, 2.3.1). Raises _OAuthError."""
    try:
        name, colon, secret = base64.b64decode(given, validate=True).decode().partition(":")
    except (binascii.Error, ValueError):
        name = colon = secret = ""
    if not colon:
        raise _OAuthError("invalid_client", "the Basic credentials cannot be read")
    return unquote_plus(name), unquote_plus(secret)


def _json(status: int, body: dict[str, Any]) -> Response:
    """The guard adds Cache-Control: no-store, as to every answer."""
    return Response(orjson.dumps(body), status, {"pragma": "no-cache"}, "application/json")


def _shown(pair: Pair) -> dict[str, Any]:
    return {
        "tokenType": "Bearer",
        "accessToken": pair.access,
        "expiresIn": pair.access_s,
        "refreshToken": pair.refresh,
        "refreshExpiresIn": pair.refresh_s,
        "user": {"id": pair.user.id, "username": pair.user.username, "roles": list(pair.user.roles)},
    }


async def _refused(ports: AccessPorts, request: Request, why: str, *, counts: bool = True) -> Response:
    if counts:
        await _count(ports, request)
    response = reply_to(request, api.UNAUTHORIZED, why)
    response.headers["www-authenticate"] = "Bearer"
    return response


async def _count(ports: AccessPorts, request: Request) -> None:
    """A wrong secret counts against the address, as a wrong API key does."""
    await ports.access.failed(request.state.address)
