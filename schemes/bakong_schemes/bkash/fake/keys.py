"""RSA keys that a text gives, always the same: what tokens and the IPN are signed with, and the IPN's certificate.

They sign in a sandbox alone: whoever knows the text has the key. The libraries are imported where a key is needed.
"""

import hashlib
from base64 import b64encode
from collections.abc import Iterator
from datetime import UTC, datetime
from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

PRIME_BITS, EXPONENT = 1024, 65537
_SMALL = [number for number in range(3, 2000, 2) if all(number % other for other in range(3, int(number**0.5) + 1, 2))]
_ROUNDS = 4  # of Miller and Rabin; for a number that was not made to deceive it one is nearly enough


@lru_cache(maxsize=64)
def key_of(text: str) -> "RSAPrivateKey":
    """The key of a text. Takes half a second the first time."""
    from cryptography.hazmat.primitives.asymmetric import rsa  # noqa: PLC0415  no call but a grant needs it

    p, q = _prime(f"{text}/p"), _prime(f"{text}/q")
    d = pow(EXPONENT, -1, (p - 1) * (q - 1))
    numbers = rsa.RSAPrivateNumbers(
        *(p, q, d),
        *(rsa.rsa_crt_dmp1(d, p), rsa.rsa_crt_dmq1(d, q), rsa.rsa_crt_iqmp(p, q)),
        rsa.RSAPublicNumbers(EXPONENT, p * q),
    )
    return numbers.private_key()


@lru_cache(maxsize=64)
def certificate_of(text: str) -> bytes:
    """Its self-made certificate, PEM: issuer and subject name Amazon's service, and say that it is imitated."""
    from cryptography import x509  # noqa: PLC0415
    from cryptography.hazmat.primitives import hashes  # noqa: PLC0415
    from cryptography.hazmat.primitives.serialization import Encoding  # noqa: PLC0415
    from cryptography.x509.oid import NameOID  # noqa: PLC0415

    key = key_of(text)
    name = x509.Name([x509.NameAttribute(NameOID.ORGANIZATION_NAME, "Amazon (sandbox imitation)")])
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), int.from_bytes(_digest(text, 0)[:8]) | 1)
        .not_valid_before(datetime(2013, 1, 1, tzinfo=UTC))
        .not_valid_after(datetime(2285, 1, 1, tzinfo=UTC))
        .sign(key, hashes.SHA256())
    )
    return made.public_bytes(Encoding.PEM)


def sha1_signature(text: str, signed: bytes) -> str:
    """SHA1withRSA, base64, as SNS signs with SignatureVersion 1."""
    from cryptography.hazmat.primitives import hashes  # noqa: PLC0415
    from cryptography.hazmat.primitives.asymmetric import padding  # noqa: PLC0415

    return b64encode(key_of(text).sign(signed, padding.PKCS1v15(), hashes.SHA1())).decode()  # noqa: S303  SNS's own


def name_of(text: str) -> str:
    """What the certificate's file is called by: 32 hexadecimal digits."""
    return _digest(text, 1).hex()[:32]


def _prime(text: str) -> int:
    return next(number for number in _candidates(text) if _is_prime(number, text))


def _candidates(text: str) -> Iterator[int]:
    """Odd numbers with the two highest bits set, without a small factor, and right for the exponent."""
    drawn = b"".join(_digest(text, at) for at in range(PRIME_BITS // 512))
    number = int.from_bytes(drawn) | 3 << PRIME_BITS - 2 | 1
    while True:
        if all(number % small for small in _SMALL) and number % EXPONENT != 1:
            yield number
        number += 2


def _is_prime(number: int, text: str) -> bool:
    """Miller and Rabin's test, by bases of the text."""
    odd, twos = number - 1, 0
    while odd % 2 == 0:
        odd, twos = odd // 2, twos + 1
    bases = (2, *(int.from_bytes(_digest(text, at)) for at in range(9, 8 + _ROUNDS)))
    return all(_passes(number, base, odd, twos) for base in bases)


def _passes(number: int, base: int, odd: int, twos: int) -> bool:
    power = pow(base, odd, number)
    if power in (1, number - 1):
        return True
    for _ in range(twos - 1):
        power = power * power % number
        if power == number - 1:
            return True
    return False


def _digest(text: str, at: int) -> bytes:
    return hashlib.blake2b(f"bkash/rsa/{text}/{at}".encode()).digest()
