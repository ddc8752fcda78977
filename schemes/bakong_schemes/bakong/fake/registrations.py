"""Who may ask: e-mails, mailed codes, tokens, and the outbox of mails."""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

from bakong_schemes.bakong.fake.tokens import LIFE_S, RELAY, Registration, mint, relay_token
from bakong_simulator.kernel.rng import Rng

EMAIL = "developer@sandbox.test"  # who is registered in every world
CODE_LENGTH = 20
MAX_MAILS = 1000
MAX_CODES = 1000
MAX_TOKENS = 10_000


@dataclass(frozen=True, slots=True)
class Mail:
    """A mail that Bakong has sent, and which secret it carries."""

    at_ms: int
    to: str
    subject: str
    code: str | None = None
    token: str | None = None


class Registrations:
    """The registrations of a world, by e-mail, with the codes that wait for an answer and the tokens issued.

    on_token, on_token_dropped: called with each token that is let in, and that is known no more.
    """

    def __init__(
        self,
        name: str,
        rng: Rng,
        now_ms: Callable[[], int],
        on_token: Callable[[str], object],
        on_token_dropped: Callable[[str], object],
    ) -> None:
        self.name = name
        self._now_ms = now_ms
        self._on_token = on_token
        self._on_token_dropped = on_token_dropped
        self.tokens: dict[str, Registration] = {}
        self._begin(rng)

    def _begin(self, rng: Rng) -> None:
        self.rng = rng
        self.ids: dict[str, str] = {}
        self.codes: dict[str, str] = {}
        self.outbox: deque[Mail] = deque(maxlen=MAX_MAILS)

    def reset(self, rng: Rng) -> None:
        """As new over these rng; tokens that were issued stay as they are."""
        self._begin(rng)
        for registration in self.tokens.values():
            self.register(registration.email)
        self.register(EMAIL)

    def register(self, email: str) -> str:
        """The registration id of an e-mail: 16 hex digits, the same at every call."""
        if email not in self.ids:
            self.ids[email] = self.rng.hex("registration", 16)
        return self.ids[email]

    def request(self, email: str) -> str:
        """Mail a code of 20 characters to an e-mail; an earlier one of its own stops being good."""
        for code in [code for code, waiting in self.codes.items() if waiting == email]:
            del self.codes[code]
        if len(self.codes) >= MAX_CODES:
            del self.codes[next(iter(self.codes))]
        code = self.rng.hex("code", CODE_LENGTH)
        self.codes[code] = email
        self.outbox.append(Mail(self._now_ms(), email, "Your Bakong Open API verification code", code=code))
        return code

    def verify(self, code: str, good_for: str = "any") -> str | None:
        """The token for a mailed code, which is spent by it; None for a code that waits for nobody."""
        email = self.codes.pop(code, None)
        if email is None:
            return None
        token = self.issue(email, good_for=good_for)
        self.outbox.append(Mail(self._now_ms(), email, "Your Bakong Open API token", token=token))
        return token

    def issue(self, email: str = EMAIL, life_s: int = LIFE_S, good_for: str = "any") -> str:
        """A new token for an e-mail, which is registered by it. good_for: the host that takes it."""
        issued_s = self._now_ms() // 1000
        key = f"sandbox-{self.name}-{self.rng.seed}-{self.rng.hex('token', 16)}".encode()
        registration_id = self.register(email)
        token = relay_token(key) if good_for == RELAY else mint(key, registration_id, issued_s, life_s)
        self.adopt(token, email, (issued_s + life_s) * 1000, good_for)
        return token

    def adopt(self, token: str, email: str, expires_ms: int, good_for: str = "any") -> None:
        """Let a token in that was issued before, such as in an earlier run."""
        self.register(email)
        self.put(token, Registration(email, expires_ms, good_for=good_for))

    def put(self, token: str, registration: Registration) -> None:
        """Keep a token; beyond 10,000 the oldest is dropped."""
        if token not in self.tokens and len(self.tokens) >= MAX_TOKENS:
            oldest = next(iter(self.tokens))
            del self.tokens[oldest]
            self._on_token_dropped(oldest)
        self.tokens[token] = registration
        self._on_token(token)

    def revoke(self, token: str) -> bool:
        """Take a token back: from now on 401, code 6. Whether there was one; a renewed one is good again."""
        if token not in self.tokens:
            return False
        self.tokens[token] = self.tokens[token]._replace(revoked=True)
        return True

    def revoke_all(self) -> None:
        """Take back every token that was issued so far."""
        for token in self.tokens:
            self.revoke(token)

    def admits(self, token: str, now_ms: int | None = None, at: str = "any") -> bool:
        """Whether a token is good, now or then, at a host that takes those of its own."""
        registration = self.tokens.get(token)
        if registration is None or registration.revoked:
            return False
        if registration.good_for != at and "any" not in (registration.good_for, at):
            return False
        return (self._now_ms() if now_ms is None else now_ms) < registration.expires_ms
