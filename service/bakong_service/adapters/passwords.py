"""Passwords by argon2id, in threads, a few at a time. Knows no users.

The parameters are argon2-cffi's, which are RFC 9106's second choice: 64 MiB, 3 passes, 4 lanes.
"""

import asyncio
from contextlib import suppress

from argon2 import PasswordHasher
from argon2.exceptions import Argon2Error, InvalidHashError

AT_ONCE = 2  # each takes 64 MiB, and all of a processor or four
# The hash of a password that nobody has, with the present parameters: checking it costs what checking a real one does.
NOBODYS = "$argon2id$v=19$m=65536,t=3,p=4$B5jSPA2YMG82RF9Sws2wvw$g0ChAsKW1Dbr+U2fHhX0+k/6Uwl3Y+Z26dXr9lPnuQg"


class Argon2:
    """See bakong_service.ports.Passwords."""

    def __init__(self, hasher: PasswordHasher | None = None) -> None:
        self._hasher = hasher or PasswordHasher()
        self._turns = asyncio.Semaphore(AT_ONCE)

    async def hash(self, password: str) -> str:
        async with self._turns:
            return await asyncio.to_thread(self._hasher.hash, password)

    async def verify(self, hashed: str | None, password: str) -> bool:
        """Whether it is the password; one verification, also where there is no hash to hold it to."""
        async with self._turns:
            fits = await asyncio.to_thread(self._fits, hashed or NOBODYS, password)
        return fits and hashed is not None

    def is_outdated(self, hashed: str) -> bool:
        """Whether it was made with other parameters than the present."""
        return self._hasher.check_needs_rehash(hashed)

    def _fits(self, hashed: str, password: str) -> bool:
        with suppress(Argon2Error, InvalidHashError, UnicodeError):
            return self._hasher.verify(hashed, password)
        return False
