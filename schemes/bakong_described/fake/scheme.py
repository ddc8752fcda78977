"""The fake that plays a description: bytes in, a reply out, and callbacks when money moves."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import orjson

from bakong_contracts.money import exponent
from bakong_described import codes, signing
from bakong_described.description import Description, Operation, Refusal, Said, milliseconds
from bakong_described.fake import state as states
from bakong_described.fake import triggers
from bakong_described.fake.callbacks import Callbacks
from bakong_described.fake.pages import page_of, picture
from bakong_described.fake.requests import Gate, Refused, Request, Router, masked, secrets_shown
from bakong_described.fake.state import DescribedState, Record
from bakong_described.forms import TIMES, Money, minor_of
from bakong_described.templates import ANY, MismatchError, fill, holes, text
from bakong_scenarios import Scenario, SchemeWords, State
from bakong_simulator.kernel.calls import NOTHING, CallTarget, about_none, about_one, faults, record
from bakong_simulator.kernel.errors import BodyError, ScanError
from bakong_simulator.kernel.ledger import LedgerError
from bakong_simulator.kernel.payments import Order, Payment
from bakong_simulator.kernel.scheme import Call, FakeScheme, OpeningAccount
from bakong_simulator.kernel.triggers import Trigger
from bakong_simulator.kernel.webhooks import Message
from bakong_simulator.kernel.world import World, WorldError
from bakong_simulator.wire import body_faults, connection_faults
from bakong_simulator.wire.connection_faults import Fault, play
from bakong_simulator.wire.reply import Reply

if TYPE_CHECKING:
    from bakong_simulator.control.scheme_control import SchemeControl
    from bakong_simulator.kernel.worlds import Worlds

EXPERIMENTAL = (b"x-sandbox-experimental", b"1")
UNKNOWN = "unknown_call"
DEFAULT = "default"  # the world that is meant where a call shows no other's credentials
RICH = 10_000_000  # whole units that the payer has


class DescribedScheme(FakeScheme[DescribedState]):
    """One described API. scripts: the folder of those that only it plays."""

    def __init__(self, description: Description, scripts: Path | None = None) -> None:
        self.description = is_ = description
        self.name, self.prefix, self.base_url, self.hosts = is_.name, is_.prefix, is_.base_url, is_.hosts
        self.scripts = scripts
        self.reference_name = is_.reference.name
        self.currencies = tuple(is_.currencies)
        self.issuer, self.payer = f"{is_.name}_bank", f"{is_.name}_payer"
        held = {currency: RICH * 10 ** exponent(currency) for currency in is_.currencies}
        self.accounts = (OpeningAccount(self.payer, "Payer", held), OpeningAccount(is_.merchant, "Merchant"))
        self.default_amounts = {currency: minor_of(amount, currency) for currency, amount in is_.currencies.items()}
        self.words = SchemeWords(
            name=is_.name,
            steps=(*is_.states, State.HIDDEN),
            endpoints=tuple(is_.operations),
            checks=tuple(is_.doing("query")),
            refusals=tuple(is_.errors.table),
            currencies=self.currencies,
        )
        self.headers = frozenset(name.encode() for auth in is_.auth.values() for name in auth.headers)
        if any(auth.basic for auth in is_.auth.values()):
            self.headers |= {b"authorization"}
        self._faults: dict[str, Fault] = {
            **connection_faults.FAULTS,
            **body_faults.FAULTS,
            "refuse": Fault(lambda _reply, _luck, *, as_: self._error(is_.errors.table[as_]), reaches_api=False),
        }
        self._values = {f"value.{name}": value for name, value in is_.values.items()}
        self._router = Router(is_)
        self._gate = Gate(is_, self._values)
        self.events = triggers.events_of(is_)
        self._agrees_first = bool(is_.doing("confirm"))
        self.unknown_world = self._error(is_.refusal("unauthorized"))

    # The world

    def new(self, world: World, before: DescribedState | None) -> DescribedState:
        """As new; credentials and tokens stay good."""
        state = DescribedState(states.credentials_of(self.description, world.name))
        if before is not None:
            state.credentials, state.tokens = before.credentials, before.tokens
        if self.description.callback:
            world.outbox.register(Callbacks(self.description, self._secrets(state)).webhooks())
        self._admit(world, state)
        return state

    def world_of(self, worlds: "Worlds", call: Call) -> "World | None":
        """By the first text of the call that is a credential; else the default world."""
        fits = (worlds.by_token[shown] for shown in secrets_shown(call) if shown in worlds.by_token)
        return next(fits, worlds.default)

    @staticmethod
    def _admit(world: World, state: DescribedState) -> None:
        """Let calls with these credentials find the world; the default one is found without."""
        if world.name != DEFAULT:
            for key in (*state.credentials.values(), *state.tokens):
                world.admit(key)

    def _secrets(self, state: DescribedState) -> dict[str, Any]:
        return {**self._values, **{f"credential.{name}": value for name, value in state.credentials.items()}}

    # Calls

    def serve(self, world: World, state: DescribedState, call: Call) -> Reply:
        world.journal.begin()
        now_ms = world.clock.now_ms()
        request = self._router.find(call)
        endpoint = request.name if request else UNKNOWN
        payment, refused = self._read(world, state, call, request)
        about = NOTHING if request is None else _target(world, self, endpoint, payment)
        rules = faults(world, self, endpoint, about)
        reply = self._error(self.description.refusal("busy"))
        if all(self._faults[rule.fault].reaches_api for rule in rules):
            reply = self._answer(world, state, call, request, payment, refused)
        for rule in rules:
            reply = play(self._faults, rule, reply, world.player.luck(rule.fault))
        if self.description.experimental:
            reply = reply._replace(headers=(*reply.headers, EXPERIMENTAL))
        kept = masked(self.description, request, call) if request else call
        return record(world, self, kept, now_ms, endpoint, about, reply, rules[0].fault if rules else None)

    def _read(
        self, world: World, state: DescribedState, call: Call, request: Request | None
    ) -> tuple[Payment | None, Refused | None]:
        """The payment that a call is about, and why it is refused."""
        if request is None:
            return None, Refused("not-found", why="no such call")
        refused = None
        try:
            self._gate.authenticate(request, call, self._router.below(call.path), state, world.clock.now_ms())
            if request.operation.does != "page":
                self._gate.fields(request, call, state)
        except Refused as error:
            refused = error
        return self._payment(world, state, request), refused

    def _payment(self, world: World, state: DescribedState, request: Request) -> Payment | None:
        if request.operation.does == "create":
            return None
        slip = state.slips.get(request.of.get("slip", ""))
        reference = request.of.get("reference") or (slip[0] if slip else None)
        if reference is None and "shop_reference" in request.of:
            reference = state.reference_of(request.of["shop_reference"])
        return None if reference is None else world.payments.get((self.name, reference))

    def _answer(
        self,
        world: World,
        state: DescribedState,
        call: Call,
        request: Request | None,
        payment: Payment | None,
        refused: Refused | None,
    ) -> Reply:
        try:
            if refused is not None or request is None:
                raise refused or Refused("not-found")
            return self._do(world, state, call, request, payment)
        except Refused as error:
            reply = self._error(self.description.refusal(*error.names), error.why)
            return self._sealed(state, request, reply) if refused is None else reply

    def _do(self, world: World, state: DescribedState, call: Call, request: Request, payment: Payment | None) -> Reply:
        operation = request.operation
        if operation.does == "token":
            return self._token(world, state, operation)
        if operation.does == "create":
            made = self._create(world, state, request)
            return self._sealed(state, request, self._shown(world, state, request, made))
        if payment is None or payment.order is None:
            if empty := self._said(operation, None):
                return self._sealed(state, request, self._written(world, state, empty, {}, request))
            raise Refused("not-found")
        if operation.does == "page":
            return self._page(world, state, call, operation, payment)
        if operation.does == "query":
            world.player.on_poll(payment)
        else:
            self._change(world, state, request, payment)
        return self._sealed(state, request, self._shown(world, state, request, payment))

    def _shown(self, world: World, state: DescribedState, request: Request, payment: Payment) -> Reply:
        """The answer that the payment's state has; where a call has none for it, it is as if nothing were there."""
        at = self.state_of(world, payment)
        values = self.values(world, state, payment)
        if (asked := request.of.get("paid_on")) and not _was_paid_on(values["paid_at"], *asked):
            at = State.UNPAID
        said = self._said(request.operation, at)
        if said is None:
            raise Refused("not-found")
        return self._written(world, state, said, values, request)

    @staticmethod
    def _said(operation: Operation, at: State | None) -> Said | None:
        """The answer for a state.

        None stands for no payment at all, which is answered as an unpaid one where that has nothing of it in it.
        """
        if at is not None:
            return next((said for said in operation.answers if not said.when or at in said.when), None)
        empty = (said for said in operation.answers if State.UNPAID in said.when and not _names_any(said))
        return next(empty, None) if operation.does == "query" else None

    def _token(self, world: World, state: DescribedState, operation: Operation) -> Reply:
        token = f"{self.name}_token_{world.rng.hex(f'{self.name}/token', 32)}"
        life_ms = milliseconds(self.description.token_life)
        now_ms = world.clock.now_ms()
        state.tokens = {one: until for one, until in state.tokens.items() if until > now_ms - life_ms}
        state.tokens[token] = now_ms + life_ms
        self._admit(world, state)
        values = {"token": token, "token_life": life_ms // 1000, "expires": now_ms + life_ms}
        return self._written(world, state, operation.answers[0], values, None)

    def _create(self, world: World, state: DescribedState, request: Request, named: Scenario | None = None) -> Payment:
        of, now_ms = request.of, world.clock.now_ms()
        if "minor" not in of:
            raise Refused("missing", "invalid", why="no amount")
        reference = of.get("reference") or self._drawn(world)
        if reference in state.records:
            raise Refused("duplicate", "invalid", why=f"{reference} was used before")
        shop_reference = of.get("shop_reference", reference)
        currency = of.get("currency") or self.currencies[0]
        order = Order(
            reference,
            self.description.merchant,
            currency,
            of["minor"],
            shop_reference[:25] or None,
            now_ms + self.description.life_ms,
        )
        names = {"callback_url": of.get("callback_url", ""), "return_url": of.get("return_url", "")}
        row = Record(shop_reference, request.by_name, now_ms, of.get("description", ""), **names)
        code = self._code(order, row)
        state.records[reference] = row
        return world.register(self, order, code, named)

    def _drawn(self, world: World) -> str:
        def value(kind: str, length: str) -> str:
            name = f"{self.name}/reference"
            return world.rng.digits(name, int(length)) if kind == "digits" else world.rng.hex(name, int(length))

        made = self.description.reference.made
        for hole in holes(made):
            made = made.replace(f"<{hole.name}:{hole.form}>", value(hole.name, hole.form or "16"), 1)
        return made

    def _code(self, order: Order, row: Record) -> str | None:
        if self.description.code is None:
            return None
        values = {"reference": order.reference, "shop_reference": row.shop_reference, "currency": order.currency}
        amount = Money(order.minor or 0, order.currency)
        try:
            return codes.write(self.description.code, {**self._values, **values, "amount": amount})
        except ValueError as error:
            raise Refused("invalid", why=f"no code can be made: {error}") from None

    def _change(self, world: World, state: DescribedState, request: Request, payment: Payment) -> None:
        """What a call does to a payment that is there."""
        operation, at = request.operation, self.state_of(world, payment)
        assert payment.order is not None  # noqa: S101  its caller's
        if operation.allowed and at not in operation.allowed:
            raise Refused(f"{at}", "state", why=f"the payment is {at}")
        money = payment.order.minor, payment.order.currency
        if "minor" in request.of and (request.of["minor"], request.of.get("currency", money[1])) != money:
            raise Refused("amount-differs", "amount", why="not the payment's own amount")
        try:
            if operation.does == "confirm":
                self._pay(world, payment)
            elif operation.does == "cancel":
                if payment.settlements:
                    raise Refused(f"{at}", "state", why=f"the payment is {at}")
                payment.reached = State.CANCELLED
            elif operation.does == "refund":
                self._refund(world, state, payment, at)
        except (WorldError, LedgerError) as error:
            raise Refused("state", why=str(error)) from None

    def _pay(self, world: World, payment: Payment, outcome: State | None = None) -> None:
        assert payment.order is not None  # noqa: S101  its callers'
        try:
            world.pay(self, payment.order, payment.code, outcome=outcome)
        except (WorldError, LedgerError) as error:
            raise Refused("state", why=str(error)) from None

    def _refund(self, world: World, state: DescribedState, payment: Payment, at: State) -> None:
        if at is not State.PAID or payment.shown is None:
            raise Refused(f"{at}", "state", why=f"the payment is {at}")
        row = state.records.get(payment.reference)
        if row is not None:
            row.refund = "3" + world.rng.digits(f"{self.name}/refund", 17)
        world.send_back(payment, payment.shown)

    def _page(self, world: World, state: DescribedState, call: Call, operation: Operation, payment: Payment) -> Reply:
        """The page on which the payer pays or refuses; afterwards it leads to where the shop wants it."""
        assert payment.order is not None  # noqa: S101  its caller's
        if call.method == "GET":
            return page_of(self.description, payment.order, self.state_of(world, payment))
        pays = b"decision=refuse" not in call.body
        if self.state_of(world, payment) is State.UNPAID:
            if self._agrees_first:
                payment.reached = State.AUTHORIZED if pays else State.CANCELLED
            else:
                self._pay(world, payment, None if pays else State.FAILED)
        to = text(operation.to, self.values(world, state, payment))
        if not to:
            return page_of(self.description, payment.order, self.state_of(world, payment))
        return Reply(303, b"", b"text/html", headers=((b"location", to.encode("ascii", "replace")),))

    # What is said

    def state_of(self, world: World, payment: Payment) -> State:
        """The payment's state as the API sees it, which has words for some only."""
        if payment.hidden:
            return State.UNPAID
        settlement = payment.settlement
        at = State.REFUNDED if settlement is not None and settlement.returned else payment.state
        ends_ms = payment.order.expires_at_ms if payment.order else None
        if at is State.UNPAID and ends_ms is not None and world.clock.now_ms() >= ends_ms:
            at = State.EXPIRED
        return at if at in self.description.states else _LIKE.get(at, State.UNPAID)

    def values(self, world: World, state: DescribedState, payment: Payment, at: int | None = None) -> dict[str, Any]:
        """What templates may say of a payment. at: the number of the settlement, by default the one that is shown."""
        order, row = payment.order, state.records.get(payment.reference)
        at = payment.shown if at is None else at
        settlement = payment.settlements[at] if at is not None else None
        source = settlement or order
        assert order is not None and source is not None  # noqa: PT018, S101  of a payment that somebody has shown
        values = {
            "reference": payment.reference,
            "shop_reference": row.shop_reference if row else order.bill_number or payment.reference,
            "amount": Money(source.minor or 0, source.currency),
            "currency": source.currency,
            "status": self.description.states[self.state_of(world, payment)],
            "description": row.description if row else "",
            "code": payment.code,
            "page": text(self.description.page_url, {"reference": payment.reference, "base": self.base_url}),
            "created": row.created_ms if row else payment.begun_ms,
            "expires": order.expires_at_ms,
            "paid_at": settlement.at_ms if settlement else None,
            "slip": None if at is None else state.slip_of(payment.reference, at),
            "payer": settlement.from_account if settlement else None,
            "payee": order.to_account,
            "refund": row.refund if row else None,
            "return_url": row.return_url if row else "",
        }
        return values | {f"request.{name}": value for name, value in (row.request if row else {}).items()}

    def _written(
        self, world: World, state: DescribedState, said: Said, values: Mapping[str, Any], request: Request | None
    ) -> Reply:
        asked = {f"request.{name}": value for name, value in request.by_name.items()} if request else {}
        now_ms = world.clock.now_ms()
        drawn = {"now": now_ms, "nonce": f"{self.name}{now_ms}"}
        whole = {**self._secrets(state), **drawn, **asked, **values}
        if said.image:
            return picture(said.status, text(said.image, whole))
        return Reply(said.status, b"" if said.json is None else orjson.dumps(fill(said.json, whole)))

    def _error(self, refusal: Refusal, why: str = "") -> Reply:
        message = f"{refusal.message}: {why}" if why else refusal.message
        values = {**self._values, "error.code": refusal.code, "error.message": message, "now": 0, "nonce": ""}
        body = orjson.dumps(fill(self.description.errors.answer, values))
        return Reply(refusal.status, body, error_code=refusal.code)

    def _sealed(self, state: DescribedState, request: Request | None, reply: Reply) -> Reply:
        sealing = self.description.sealing
        if sealing is None or request is None or not request.operation.sealed:
            return reply
        key = text(sealing.key, self._secrets(state))
        return reply._replace(body=signing.seal(sealing, key, reply.body))

    # Codes and money

    def scan(self, scanned: str) -> Order:
        code = self.description.code
        if code is None:
            raise ScanError(f"read {scanned[:80]!r}: a payment of {self.name} is paid by its page, not by a code")
        try:
            read = {hole.name: value for hole, value in codes.read(code, scanned).items()}
            currency = read.get("currency", self.currencies[0])
            currency = currency if currency in self.currencies else self.currencies[0]
            minor = minor_of(read["amount"], currency)
        except (MismatchError, ValueError) as error:
            raise ScanError(f"read {scanned[:80]!r}, expected a code of {self.name}: {error}") from None
        shop_reference = read.get("shop_reference", read["reference"])
        return Order(read["reference"], self.description.merchant, currency, minor, shop_reference[:25], None)

    def moved(self, world: World, state: DescribedState, payment: Payment, at: int) -> None:
        settlement, callback = payment.settlements[at], self.description.callback
        if not settlement.failed and state.slip_of(payment.reference, at) is None:
            state.slips[f"{self.name}{world.rng.digits(f'{self.name}/slip', 20)}"] = (payment.reference, at)
        moved = State.REFUNDED if settlement.returned else State.FAILED if settlement.failed else State.PAID
        if callback is None or moved not in callback.events or payment.order is None:
            return
        state.events += 1
        event = {"event.id": f"evt_{world.rng.hex(f'{self.name}/event', 16)}", "event.type": callback.events[moved]}
        values = self.values(world, state, payment, at) | {"status": self.description.states[moved]} | event
        whole = {**self._secrets(state), "now": world.clock.now_ms(), **values}
        callbacks = Callbacks(self.description, self._secrets(state))
        message = Message(event["event.id"], event["event.type"], callbacks.body(whole))
        row = state.records.get(payment.reference)
        callbacks.post(world, message, payment, row.callback_url if row else "")

    # Events on demand

    def webhook_secret(self, world: World, state: DescribedState) -> str | None:  # noqa: ARG002
        callback = self.description.callback
        return text(callback.secret, self._secrets(state)) or None if callback else None

    def trigger(self, world: World, state: DescribedState, asked: Trigger) -> dict[str, str]:
        description = self.description
        operation = triggers.creation(description)
        assert operation is not None  # noqa: S101  one that has events
        name = next(name for name, row in description.operations.items() if row is operation)
        request = Request(name, operation)
        try:
            self._gate.take(request, triggers.request_of(description, operation, world, state, asked), state)
            payment = self._create(world, state, request, asked.script)
            self._end(world, state, payment, triggers.state_of(description, asked.event))
        except Refused as error:
            raise BodyError(f"override: {self.name} refuses it ({error.names[0]}): {error.why}") from None
        return {"payment": payment.reference}

    def _end(self, world: World, state: DescribedState, payment: Payment, to: State) -> None:
        """Let a new payment come to an end; its payer has the money."""
        assert payment.order is not None  # noqa: S101  its caller's
        currency, minor = payment.order.currency, payment.order.minor or 0
        lacking = minor - world.ledger.balance(self.payer, currency)
        if lacking > 0:
            world.ledger.open(self.payer, balances={currency: lacking}, issuer=self.issuer)
        self._pay(world, payment, State.FAILED if to is State.FAILED else State.PAID)
        if to is State.REFUNDED:
            self._refund(world, state, payment, State.PAID)

    def dump(self, state: DescribedState) -> Any:
        return states.dump(state)

    def load(self, data: Any, _payments: Sequence[Payment]) -> Callable[[World], DescribedState]:
        state = states.load(self.description, data)

        def put(world: World) -> DescribedState:
            self._admit(world, state)
            return state

        return put

    def control(self) -> "SchemeControl | None":
        from bakong_described.fake.control import control_of  # noqa: PLC0415  pydantic is for the control API alone

        return control_of(self)


# What a state is taken for, where the API has no word for it.
_LIKE = {
    State.CANCELLED: State.FAILED,
    State.EXPIRED: State.UNPAID,
    State.REFUNDED: State.PAID,
    State.DISPUTED: State.PAID,
    State.AUTHORIZED: State.UNPAID,
}


def _was_paid_on(paid_ms: int | None, form: str, read: str) -> bool:
    return paid_ms is not None and str(TIMES[form](paid_ms)) == read


def _names_any(said: Said) -> bool:
    """Whether an answer has anything of a payment in it."""
    return any(hole.name != ANY for hole in holes(said.json))


def _target(world: World, scheme: DescribedScheme, endpoint: str, payment: Payment | None) -> CallTarget:
    return about_none(world, scheme, endpoint, None) if payment is None else about_one(payment, None)
