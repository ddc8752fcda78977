"""Who may ask: e-mails, mailed codes, tokens, and the outbox of mails. May not know of requests."""

from collections import deque
from dataclasses import dataclass, replace
from typing import NamedTuple

from bakong_simulator.streams import Streams
from bakong_simulator.tokens import LIFE_S, Registration, mint

CODE_LENGTH = 20
MOST_MAILS = 1000
MOST_CODES = 1000
MOST_TOKENS = 10_000


class Mail(NamedTuple):
    """A mail that Bakong has sent, and which secret it carries."""

    at_ms: int
    to: str
    subject: str
    code: str | None = None
    token: str | None = None

    def shown(self) -> dict[str, object]:
        return self._asdict()


@dataclass(slots=True)
class Registrations:
    """The registrations of a world, by e-mail, with the codes that wait for an answer and the tokens issued."""

    name: str
    streams: Streams
    ids: dict[str, str]
    tokens: dict[str, Registration]
    codes: dict[str, str]
    outbox: deque[Mail]

    @classmethod
    def new(cls, name: str, streams: Streams) -> "Registrations":
        return cls(name, streams, {}, {}, {}, deque(maxlen=MOST_MAILS))

    def register(self, email: str) -> str:
        """The registration id of an e-mail: 16 hex digits, the same at every call."""
        if email not in self.ids:
            self.ids[email] = self.streams.hex("registration", 16)
        return self.ids[email]

    def request(self, email: str, now_ms: int) -> str:
        """Mail a code of 20 characters to an e-mail; an earlier one of its own stops being good."""
        for code in [code for code, waiting in self.codes.items() if waiting == email]:
            del self.codes[code]
        if len(self.codes) >= MOST_CODES:
            del self.codes[next(iter(self.codes))]
        code = self.streams.hex("code", CODE_LENGTH)
        self.codes[code] = email
        self.outbox.append(Mail(now_ms, email, "Your Bakong Open API verification code", code=code))
        return code

    def verify(self, code: str, now_ms: int) -> str | None:
        """The token for a mailed code, which is spent by it; None for a code that waits for nobody."""
        email = self.codes.pop(code, None)
        if email is None:
            return None
        token = self.issue(email, LIFE_S, now_ms)
        self.outbox.append(Mail(now_ms, email, "Your Bakong Open API token", token=token))
        return token

    def issue(self, email: str, life_s: int, now_ms: int) -> str:
        """A new token for an e-mail, which is registered by it."""
        issued_s = now_ms // 1000
        key = f"sandbox-{self.name}-{self.streams.seed}-{self.streams.hex('token', 16)}".encode()
        token = mint(key, self.register(email), issued_s, life_s)
        self.adopt(token, email, (issued_s + life_s) * 1000)
        return token

    def adopt(self, token: str, email: str, expires_ms: int) -> None:
        """Let a token in that was issued before, such as in an earlier run."""
        self.register(email)
        if len(self.tokens) >= MOST_TOKENS:
            del self.tokens[next(iter(self.tokens))]
        self.tokens[token] = Registration(email, expires_ms)

    def revoke(self, token: str) -> bool:
        """Take a token back; whether there was one."""
        if token not in self.tokens:
            return False
        self.tokens[token] = self.tokens[token]._replace(revoked=True)
        return True

    def admits(self, token: str, now_ms: int) -> bool:
        found = self.tokens.get(token)
        return found is not None and now_ms < found.expires_ms and not found.revoked

    def begin_again(self, streams: Streams) -> "Registrations":
        """As new over these streams; tokens that were issued stay as they are."""
        again = replace(self, streams=streams, ids={}, codes={}, outbox=deque(maxlen=MOST_MAILS))
        for registration in self.tokens.values():
            again.register(registration.email)
        return again
