"""Signed tokens (RFC 7515, 7517, 8037) by PyJWT: read strictly, signed, verified. Knows no claims and no clock.

PyJWT is imported when the first token is met, which takes 70 ms that a start need not pay.
"""

import base64
import binascii
import hashlib
import json
import re
from collections.abc import Mapping
from typing import Any, NamedTuple

import orjson
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key

MAX_BYTES = 8 * 1024
MIN_RSA_BITS = 2048
OURS = ("EdDSA", "RS256")  # what we sign with where there is no JWT_SECRET
SHARED = "HS256"
# What a public key may verify, by its kty and crv; the first where its JWK names none. HS256 is none of any.
PUBLIC: Mapping[tuple[str, str], tuple[str, ...]] = {
    ("OKP", "Ed25519"): ("EdDSA",),
    ("EC", "P-256"): ("ES256",),
    ("EC", "P-384"): ("ES384",),
    ("RSA", ""): ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512"),
}
_FORM = re.compile(r"[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+", re.ASCII)
_TYPES = ("", "jwt", "at+jwt", "application/at+jwt")
_PUBLIC_MEMBERS = ("kty", "crv", "x", "y", "n", "e")
_REFUSED = ("crit", "b64")  # what would have to be understood


class Read(NamedTuple):
    """A token whose form is good, and of which nothing is proven. kid "": it names none."""

    text: str
    algorithm: str
    kid: str
    claims: dict[str, Any]


def read(text: str) -> Read | None:
    """The parts of a compact JWS with JSON claims; None for any other text, and for other letters of the same bytes."""
    if len(text) > MAX_BYTES or not _FORM.fullmatch(text):
        return None
    head, body, signature = text.split(".")
    header, claims = _json(head), _json(body)
    if header is None or claims is None or _bytes(signature) is None or any(name in header for name in _REFUSED):
        return None
    algorithm, kid, kind = header.get("alg"), header.get("kid", ""), header.get("typ", "")
    if not (isinstance(algorithm, str) and isinstance(kid, str) and isinstance(kind, str)):
        return None
    return Read(text, algorithm, kid, claims) if kind.lower() in _TYPES else None


def _json(part: str) -> dict[str, Any] | None:
    raw = _bytes(part)
    try:
        value = None if raw is None else orjson.loads(raw)
    except orjson.JSONDecodeError:
        return None
    return value if isinstance(value, dict) else None


def _bytes(part: str) -> bytes | None:
    """Of base64url without padding, in the one way that there is to write them."""
    try:
        raw = base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))
    except (binascii.Error, ValueError):
        return None
    return raw if base64.urlsafe_b64encode(raw).rstrip(b"=").decode() == part else None


def is_signed(token: Read, key: Any, algorithm: str) -> bool:
    """Whether the key signed it; algorithm: the one that the key is for, whatever the token says."""
    from jwt.api_jws import PyJWS  # noqa: PLC0415
    from jwt.exceptions import PyJWTError  # noqa: PLC0415

    if token.algorithm != algorithm:
        return False
    try:
        PyJWS().decode_complete(token.text, key, algorithms=[algorithm])
    except (PyJWTError, ValueError, TypeError, RecursionError):  # whatever a stranger's bytes bring about
        return False
    return True


def sign(claims: Mapping[str, Any], key: Any, algorithm: str, kid: str) -> str:
    from jwt.api_jws import PyJWS  # noqa: PLC0415

    return PyJWS().encode(orjson.dumps(dict(claims)), key, algorithm=algorithm, headers={"kid": kid, "typ": "at+jwt"})


def key_of(jwk: Mapping[str, Any], algorithm: str) -> Any:
    """The key of a JSON Web Key. Raises ValueError for one that is none, or weak."""
    from jwt import PyJWK  # noqa: PLC0415
    from jwt.exceptions import PyJWTError  # noqa: PLC0415

    try:
        key = PyJWK(dict(jwk), algorithm).key
    except (PyJWTError, ValueError, TypeError, KeyError, AttributeError, OverflowError) as error:
        raise ValueError(f"no key: {type(error).__name__}") from None
    if getattr(key, "key_size", MIN_RSA_BITS) < MIN_RSA_BITS and jwk.get("kty") == "RSA":
        raise ValueError(f"an RSA key of {key.key_size} bits, expected at least {MIN_RSA_BITS}")
    return key


def public_half(jwk: Mapping[str, Any]) -> dict[str, Any]:
    """The members of a JSON Web Key that everybody may know."""
    return {name: jwk[name] for name in _PUBLIC_MEMBERS if name in jwk}


def thumbprint(jwk: Mapping[str, Any]) -> str:
    """RFC 7638: SHA-256 of the members that make the public key, in order."""
    text = json.dumps(public_half(jwk), separators=(",", ":"), sort_keys=True)
    return base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).rstrip(b"=").decode()


def algorithm_of(jwk: Mapping[str, Any]) -> str | None:
    """What the public key of a JSON Web Key may verify here; None: nothing."""
    kind = jwk.get("kty"), jwk.get("crv", "")
    if not all(isinstance(word, str) for word in kind) or jwk.get("use", "sig") != "sig":
        return None
    allowed = PUBLIC.get((str(kind[0]), str(kind[1])), ())
    named = jwk.get("alg", allowed[0] if allowed else None)
    named = "EdDSA" if named == "Ed25519" else named  # its name since RFC 9864
    return named if named in allowed else None


def draw_key(algorithm: str) -> str:
    """A new private key as a JSON Web Key in JSON."""
    from jwt.algorithms import OKPAlgorithm, RSAAlgorithm  # noqa: PLC0415

    if algorithm == "EdDSA":
        return OKPAlgorithm.to_jwk(Ed25519PrivateKey.generate())
    return RSAAlgorithm.to_jwk(generate_private_key(public_exponent=65537, key_size=MIN_RSA_BITS))
