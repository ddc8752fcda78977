"""A world in which the situations of a cassette come about again, and the simulator's answers in it.

What is staged is read from the recorded answers: who paid what, which account exists, whether the token was good. May
not know what the answers are compared for.
"""

import hashlib
import json
from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal, InvalidOperation
from typing import Any, NamedTuple

from bakong_conformance.cassettes.cassette import GIVEN, Answer, Cassette, Exchange, Request, content_of
from bakong_conformance.cassettes.taking import ACCOUNT, HASH, MD5
from bakong_contracts.money import exponent
from bakong_scenarios import State
from bakong_schemes.bakong.fake.limits import OFF, Limits
from bakong_schemes.bakong.fake.open_api import serve
from bakong_schemes.bakong.fake.scanning import scan
from bakong_schemes.bakong.fake.scheme import BAKONG, DEFAULT_AMOUNT, MERCHANT, OPENING_BALANCE, WALLET
from bakong_schemes.bakong.fake.transactions import Receipt
from bakong_schemes.bakong.wire import PROFILES
from bakong_schemes.bakong.wire import codes as code
from bakong_simulator.kernel.clock import Mode
from bakong_simulator.kernel.errors import ScanError
from bakong_simulator.kernel.payments import Order
from bakong_simulator.kernel.scheme import Call
from bakong_simulator.kernel.worlds import Worlds

START_MS = 1_770_768_000_000
UNKNOWN_TOKEN = "a-token-that-nobody-issued"  # noqa: S105  it opens nothing
_LISTED = {"SUCCESS": State.PAID, "FAILED": State.FAILED}


class NotStagedError(ValueError):
    """A situation that no world can be brought into. The message completes "not checked, because ..."."""


class Fact(NamedTuple):
    """What an answer says of one payment. transaction: the one it is. is_static: its code names no amount."""

    md5: str = ""
    hash: str = ""
    state: State = State.PAID
    transaction: dict[str, Any] | None = None
    is_static: bool = False


class Stage:
    """A world for one cassette. An exchange that is played meets what all before it had brought about."""

    def __init__(self, cassette: Cassette, profile: str, seed: int = 1) -> None:
        self._exchanges = cassette.exchanges
        self._world = Worlds(lambda: START_MS, (BAKONG,), seed).default
        self._world.clock.set_mode(Mode.FROZEN, at_ms=START_MS)
        self._state = self._world.state(BAKONG)
        self._state.profile = PROFILES[profile]
        self._token = self._state.registrations.issue() if _is_good(cassette) else UNKNOWN_TOKEN
        self._md5s = {fact.hash: fact.md5 for one in self._exchanges for fact in _facts(one) if fact.hash and fact.md5}
        self._staged: dict[str, Receipt] = {}
        self._ours: dict[str, str] = {}

    def play(self, exchange: Exchange) -> Answer:
        """The simulator's answer in this situation. Raises NotStagedError."""
        _check(exchange)
        for earlier in self._exchanges[: self._exchanges.index(exchange) + 1]:
            self._bring_about(earlier)
        state, asked = self._state, exchange.request
        state.limits = _limits(exchange, is_abroad=self._is_abroad)
        token = self._token_of(exchange)
        if _code(exchange) == code.DAILY_QUOTA.number:
            state.exhaust_quota(token)
        call = Call(asked.endpoint, asked.method, token, self._raw(asked), scenario=_scenario(exchange))
        reply = serve(self._world, state, call)
        state.limits = OFF
        headers = {"content-type": reply.content_type.decode("latin-1")}
        headers |= {name.decode().lower(): value.decode("latin-1") for name, value in reply.headers}
        return self._in_their_names(Answer(status=reply.status, headers=headers, **content_of(reply.body)), asked)

    @property
    def _is_abroad(self) -> bool:
        """Whether every answer is the edge's page."""
        answers = [exchange.answer for exchange in self._exchanges if exchange.answer]
        return all(answer.status == 403 and answer.body is None for answer in answers)

    # What has happened before a call

    def _bring_about(self, exchange: Exchange) -> None:
        asked, error = exchange.request.body, _code(exchange)
        for fact in _facts(exchange):
            self._pay(fact)
        if not isinstance(asked, dict):
            return
        if exchange.request.endpoint == ACCOUNT and error == 0:
            self._world.ledger.open(str(asked.get("accountId")))
        is_registered = exchange.request.endpoint == "renew_token" and error == 0
        if is_registered or error == code.EMAIL_REGISTERED.number:
            self._state.registrations.register(str(asked.get("email")))

    def _pay(self, fact: Fact) -> None:
        """Let a wallet pay what the fact says, once; its hash and references are the world's own."""
        md5 = (fact.md5 or self._md5s.get(fact.hash) or _md5_for(fact.hash)).lower()
        if md5 in self._staged:
            return
        said = fact.transaction or {}
        currency = str(said.get("currency")) if said.get("currency") in BAKONG.currencies else "USD"
        minor = _minor(said.get("amount"), currency)
        order = Order(
            md5, _text(said, "toAccountId", MERCHANT), currency, None if fact.is_static else minor, None, None
        )
        payer = _text(said, "fromAccountId", WALLET)
        self._world.ledger.open(payer, balances=OPENING_BALANCE)
        payment = self._world.pay(BAKONG, order, minor=minor, from_account=payer, outcome=fact.state)
        receipt = self._staged[md5] = self._state.receipts_of(payment)[0]
        self._translate(said.get("hash") or fact.hash, receipt.hash)
        self._translate(said.get("externalRef"), receipt.external_ref)
        self._translate(said.get("instructionRef"), receipt.instruction_ref)

    def _translate(self, theirs: Any, ours: str) -> None:
        if isinstance(theirs, str) and theirs:
            self._ours |= {theirs: ours, theirs[:8]: ours[:8]}

    # The call itself

    def _token_of(self, exchange: Exchange) -> str:
        kind = exchange.request.token
        if kind == "other":
            return UNKNOWN_TOKEN if _is_refused(exchange) else self._state.registrations.issue()
        return {"given": self._token, "cut": self._token[:-1]}.get(kind, "")

    def _raw(self, asked: Request) -> bytes:
        """The recorded body with the names that its transactions have in this world."""
        if isinstance(asked.body, list):
            return json.dumps(
                [self._ours.get(item, item) if isinstance(item, str) else item for item in asked.body]
            ).encode()
        if not asked.body:
            return asked.raw()
        names = ("hash", "externalRef", "instructionRef")
        own = {name: self._ours.get(str(asked.body[name]), asked.body[name]) for name in names if name in asked.body}
        return json.dumps(asked.body | own).encode()

    def _in_their_names(self, answer: Answer, asked: Request) -> Answer:
        """The rows of a list under the hashes that were asked for in the recording."""
        rows = answer.body.get("data") if isinstance(answer.body, dict) else None
        if asked.endpoint != f"{HASH}_list" or not isinstance(rows, list):
            return answer
        theirs = {ours: name for name, ours in self._ours.items()}
        named = [row | {"hash": theirs.get(row["hash"], row["hash"])} for row in rows]
        return answer.model_copy(update={"body": dict(answer.body or {}) | {"data": named}})


def _check(exchange: Exchange) -> None:
    """Raises NotStagedError for what the recording cannot say, or no world can bring about."""
    answer = exchange.answer
    if answer is None:
        raise NotStagedError(f"the recording got no answer: {exchange.silence}")
    if answer.status >= 500 and _code(exchange) is None:
        raise NotStagedError(f"the recording met an outage: HTTP {answer.status}")
    if exchange.request.endpoint == "verify" and _code(exchange) == 0:
        raise NotStagedError("the code that was mailed is not in the recording")


def _limits(exchange: Exchange, *, is_abroad: bool) -> Limits:
    answer = exchange.answer
    status = answer.status if answer and answer.body is None else 0
    geo_block = status == 403 and (is_abroad or exchange.request.endpoint != f"{MD5}_list")
    limits = replace(OFF, geo_block=geo_block, mail_down=_code(exchange) == code.EMAIL_SERVER_DOWN.number)
    return replace(limits, calls_per_minute=0) if answer and answer.status == 429 else limits


def _scenario(exchange: Exchange) -> str:
    """The script of a provider that is down, where the code itself is not what is wrong."""
    asked = exchange.request.body
    if _code(exchange) != code.DEEPLINK_PROVIDER.number or not isinstance(asked, dict):
        return ""
    try:
        scan(str(asked.get("qr")))
    except ScanError:
        return ""
    return "deeplink-down"


def _is_good(cassette: Cassette) -> bool:
    """Whether the recording's token was let in anywhere, or never shown to whom it matters."""
    shown = [
        exchange
        for exchange in cassette.exchanges
        if exchange.request.token == GIVEN and exchange.answer and exchange.request.endpoint != ACCOUNT
    ]
    return not shown or not all(_is_refused(exchange) for exchange in shown)


def _is_refused(exchange: Exchange) -> bool:
    answer = exchange.answer
    return answer is not None and (answer.status == 401 or _code(exchange) == code.UNAUTHORIZED.number)


def _code(exchange: Exchange) -> Any:
    """The errorCode; 0 for a success; None where there is no envelope."""
    body = exchange.answer.body if exchange.answer else None
    if not isinstance(body, dict) or "responseCode" not in body:
        return None
    return body.get("errorCode") or (0 if str(body["responseCode"]) == "0" else None)


def _facts(exchange: Exchange) -> Iterator[Fact]:
    """What the answer says of payments."""
    asked, error = exchange.request.body, _code(exchange)
    data = exchange.answer.body.get("data") if exchange.answer and isinstance(exchange.answer.body, dict) else None
    if isinstance(asked, list) and isinstance(data, list):
        yield from (fact for row in data if isinstance(row, dict) for fact in _row(row))
    elif isinstance(asked, dict) and exchange.request.endpoint.startswith("check_transaction_by_"):
        named = Fact(md5=str(asked.get("md5") or ""), hash=str(asked.get("hash") or ""))
        if isinstance(data, dict):
            yield named._replace(hash=_text(data, "hash", named.hash), transaction=data)
        elif error == code.FAILED.number and exchange.request.endpoint in (MD5, HASH):
            yield named._replace(state=State.FAILED)
        elif error == code.STATIC_QR.number and named.md5:
            yield named._replace(is_static=True)


def _row(row: dict[str, Any]) -> Iterator[Fact]:
    named = Fact(md5=_text(row, "md5", ""), hash=_text(row, "hash", ""))
    status, transaction = row.get("status"), row.get("data")
    if isinstance(transaction, dict):
        yield named._replace(hash=_text(transaction, "hash", named.hash), transaction=transaction)
    elif status in _LISTED:
        yield named._replace(state=_LISTED[status])
    elif status == "STATIC_QR":
        yield named._replace(is_static=True)


def _text(said: dict[str, Any], key: str, otherwise: str) -> str:
    value = said.get(key)
    return value if isinstance(value, str) and value else otherwise


def _minor(amount: Any, currency: str) -> int:
    """The amount in minor units; what is customary where it says none that a wallet could pay."""
    try:
        minor = Decimal(str(amount)).scaleb(exponent(currency))
    except InvalidOperation:
        return DEFAULT_AMOUNT[currency]
    return int(minor) if minor == int(minor) and 0 < minor <= OPENING_BALANCE[currency] else DEFAULT_AMOUNT[currency]


def _md5_for(hash_: str) -> str:
    """An md5 for a transaction of which only the hash is known."""
    return hashlib.blake2b(hash_.encode(), digest_size=16).hexdigest()
