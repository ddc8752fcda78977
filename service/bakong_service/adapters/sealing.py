"""Sealed columns: AES-256-GCM bound to the row, keys derived from ENCRYPTION_KEY.

A sealed text is `v1.<key id>.<base64url of nonce, ciphertext and tag>`. Table, column and row id are associated
data, so that a text moved to another row does not open. Old encryption keys open what they sealed; the present seals.
"""

import base64
import binascii
import os
from collections import deque
from collections.abc import Iterable

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

VERSION = "v1"
NONCE_BYTES = 12
NONCES = 64
_KEY_ID_BYTES = 6


class SealError(Exception):
    """A text that does not open: another key, another row, or a changed byte. It never says what it holds."""


def derive(secret: str, purpose: str, length: int = 32) -> bytes:
    """A key for one purpose (HKDF-SHA256, RFC 5869) from a secret that has enough entropy by itself."""
    return HKDF(SHA256(), length, salt=None, info=f"bakong-sandbox/{purpose}".encode()).derive(secret.encode())


class Sealer:
    """Seals with the first of the encryption keys, opens with any of them."""

    def __init__(self, encryption_keys: Iterable[str]) -> None:
        secrets = tuple(encryption_keys)
        self._ciphers = {_key_id(secret): AESGCM(derive(secret, "columns")) for secret in secrets}
        self.key_id = _key_id(secrets[0])
        self._cipher = self._ciphers[self.key_id]
        self._nonces: deque[bytes] = deque()

    def seal(self, text: str, table: str, column: str, row_id: str) -> str:
        nonce = self._nonce()
        sealed = self._cipher.encrypt(nonce, text.encode(), _bound(table, column, row_id))
        return f"{VERSION}.{self.key_id}.{base64.urlsafe_b64encode(nonce + sealed).decode()}"

    def _nonce(self) -> bytes:
        """From a pool of random bytes: a call of the system gives up the interpreter's lock, which costs much more."""
        while True:
            try:
                return self._nonces.popleft()
            except IndexError:
                drawn = os.urandom(NONCE_BYTES * NONCES)
                self._nonces.extend(drawn[at : at + NONCE_BYTES] for at in range(0, len(drawn), NONCE_BYTES))

    def open(self, sealed: str, table: str, column: str, row_id: str) -> str:
        """The text. Raises SealError, and never returns a part."""
        version, _, rest = sealed.partition(".")
        key_id, _, body = rest.partition(".")
        cipher = self._ciphers.get(key_id)
        if version != VERSION or cipher is None:
            raise SealError(f"{table}.{column} of {row_id} was sealed with the key {key_id[:16]!r}, which is not here")
        try:
            raw = base64.b64decode(body, altchars=b"-_", validate=True)
            if base64.urlsafe_b64encode(raw).decode() != body:
                raise SealError(f"{table}.{column} of {row_id} is not as it was written")
            return cipher.decrypt(raw[:NONCE_BYTES], raw[NONCE_BYTES:], _bound(table, column, row_id)).decode()
        except (InvalidTag, binascii.Error, ValueError):
            raise SealError(f"{table}.{column} of {row_id} was changed, or belongs to another row") from None

    def has_key(self, key_id: str) -> bool:
        """Whether a key of this id is one of these."""
        return key_id in self._ciphers

    def is_current(self, sealed: str) -> bool:
        """Whether the present key sealed it."""
        return sealed.startswith(f"{VERSION}.{self.key_id}.")


def _key_id(secret: str) -> str:
    return derive(secret, "key id", _KEY_ID_BYTES).hex()


def _bound(table: str, column: str, row_id: str) -> bytes:
    return f"{table}\x1f{column}\x1f{row_id}".encode()
