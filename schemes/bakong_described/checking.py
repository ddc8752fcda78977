"""What does not go together in a description that has the right shape. Must not read files."""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from bakong_contracts.money import EXPONENTS
from bakong_described import forms
from bakong_described.description import Asked, Description, Operation
from bakong_described.templates import ANY, TEXTS, Hole, holes
from bakong_scenarios import State

Add = Callable[[tuple[str | int, ...], str], None]

# The names that templates may use, by where they stand.
PAYMENT = (
    *("reference", "shop_reference", "amount", "currency", "status", "description", "code", "page", "created"),
    *("expires", "paid_at", "slip", "payer", "payee", "refund"),
)
ANSWER = (*PAYMENT, "token", "token_life", "now", "nonce")
ERROR = ("error.code", "error.message", "now", "nonce")
SIGNED = ("method", "path", "query", "body", "now", "nonce", "signature")
CALLBACK = (*PAYMENT, "event.id", "event.type", "now")
POSTED = ("body", "now", "secret", "signature", "event.id", "event.type", "attempt")
MADE = ("hex", "digits")
FORMS = (*forms.AMOUNTS, *TEXTS, *forms.TIMES)
RESERVED = ("/sandbox", "/metrics")
NEEDED_STATES = (State.UNPAID, State.PAID, State.FAILED)
NEEDED_ERRORS = ("unauthorized", "not-found", "invalid")
BY_FIELD: Mapping[str, tuple[str, ...]] = {
    "amount": tuple(forms.AMOUNTS),
    "currency": tuple(forms.CURRENCIES),
    "now": tuple(forms.TIMES),
    "paid_on": tuple(forms.TIMES),
}


def check(description: Description, add: Add) -> None:
    """Adds each mistake with its place."""
    _Check(description, add).run()


class _Check:
    def __init__(self, description: Description, add: Add) -> None:
        self._is = description
        self._add = add
        self._known = (
            *(f"credential.{name}" for name in description.credentials),
            *(f"value.{name}" for name in description.values),
        )

    def run(self) -> None:
        self._tables()
        self._check_templates()
        for name, operation in self._is.operations.items():
            self._operation(("operations", name), operation)
        self._routes()

    def _tables(self) -> None:
        is_ = self._is
        self._needs(("states",), NEEDED_STATES, is_.states)
        self._needs(("errors", "table"), NEEDED_ERRORS, is_.errors.table)
        if not any(hole.name == "error.code" for hole in holes(is_.errors.answer)):
            self._add(("errors", "answer"), "no <error.code> in it, by which errors are told apart")
        for kind in ("create", "query"):
            if kind not in {operation.does for operation in is_.operations.values()}:
                self._add(("operations",), f"none that does {kind!r}")
        for currency in is_.currencies:
            if currency not in EXPONENTS:
                self._add(("currencies", currency), f"expected one of {', '.join(sorted(EXPONENTS))}")
        if State.HIDDEN in is_.states:
            self._add(("states", "hidden"), "a payment that is hidden is not found: the API has no word for it")
        if not is_.currencies:
            self._add(("currencies",), "expected one at least")
        if len(set(is_.states.values())) < len(is_.states):
            self._add(("states",), "two states have the same word, so that nobody could tell them apart")
        if is_.prefix.startswith(RESERVED) or is_.prefix == "/w":
            self._add(("prefix",), f"read {is_.prefix!r}, which is the control API's: expected another one")

    def _needs(self, where: tuple[str, ...], names: Iterable[str], given: Mapping[Any, Any]) -> None:
        for name in names:
            if name not in given:
                self._add((*where, str(name)), "missing")

    def _check_templates(self) -> None:
        is_ = self._is
        self._template(("errors", "answer"), is_.errors.answer, ERROR)
        self._template(("page_url",), is_.page_url, ("reference", "base"))
        if is_.reference.made:
            self._names(("reference", "made"), [Hole(hole.name) for hole in holes(is_.reference.made)], MADE)
            if not list(holes(is_.reference.made)):
                self._add(("reference", "made"), "the same for every payment: expected <hex:16> or <digits:12> in it")
        if is_.code:
            where = ("code", "emv" if is_.code.emv else "text")
            self._template(where, is_.code.emv or is_.code.text, ("reference", "shop_reference", "amount", "currency"))
            if not {"reference", "amount"} <= {hole.name for hole in holes(is_.code.emv or is_.code.text)}:
                self._add(where, "expected <reference> and <amount> in it: a wallet pays by them")
        for name, auth in is_.auth.items():
            where = ("auth", name)
            if auth.basic and len(auth.basic) != 2:
                self._add((*where, "basic"), "expected two templates: user and password")
            self._template((*where, "basic"), list(auth.basic), self._known)
            named = tuple(f"header.{header}" for header in auth.headers)
            self._template((*where, "headers"), dict(auth.headers), (*SIGNED, *named))
            if auth.signature:
                self._template((*where, "signature", "over"), auth.signature.over, (*SIGNED, *named))
                self._template((*where, "signature", "key"), auth.signature.key, ())
            self._signed(where, auth.headers, is_signed=auth.signature is not None)
        if is_.sealing:
            self._template(("sealing", "key"), is_.sealing.key, ())
        self._callback()

    def _callback(self) -> None:
        callback = self._is.callback
        if callback is None:
            return
        where = ("callback",)
        for state in callback.events:
            if state not in self._is.states:
                self._add((*where, "events", state.value), "not among the states")
        self._template((*where, "json"), callback.json, (*CALLBACK, *self._requested()))
        named = tuple(f"header.{header}" for header in callback.headers)
        self._template((*where, "headers"), dict(callback.headers), (*POSTED, *named))
        self._template((*where, "secret"), callback.secret, ())
        if callback.signature:
            self._template((*where, "signature", "over"), callback.signature.over, (*POSTED, *named))
            self._template((*where, "signature", "key"), callback.signature.key, POSTED)
        self._signed(where, callback.headers, is_signed=callback.signature is not None)
        if not any(hole.name in ("reference", "shop_reference") for hole in holes(callback.json)):
            self._add((*where, "json"), "no <reference> in it: nobody could tell which payment it is about")

    def _signed(self, where: tuple[str, ...], headers: Mapping[str, str], *, is_signed: bool) -> None:
        shown = any(hole.name == "signature" for hole in holes(dict(headers)))
        if shown != is_signed:
            self._add(where, "expected both a signature and a header that shows <signature>, or neither")

    def _operation(self, where: tuple[str, ...], operation: Operation) -> None:
        for at, name in enumerate(operation.auth):
            if name not in self._is.auth:
                self._add((*where, "auth", at), f"read {name!r}, expected one of {', '.join(self._is.auth) or 'none'}")
        self._sends(where, operation)
        for name, asked in operation.fields.items():
            self._field((*where, "fields", name), asked)
        self._names((*where, "call"), holes(operation.call), ("reference", "shop_reference", "slip"))
        kinds = {hole.name for hole in holes(operation.call)} | {asked.is_ for asked in operation.fields.values()}
        for kind in sorted(self._needed(operation, kinds) - kinds):
            self._add(where, f"no field or part of the path is the {kind}")
        self._answers(where, operation)

    def _sends(self, where: tuple[str, ...], operation: Operation) -> None:
        if operation.fields and operation.sends == "nothing":
            self._add((*where, "sends"), "'nothing', but there are fields: expected json, form or query")
        if operation.sends in ("json", "form") and operation.call.startswith("GET"):
            self._add((*where, "sends"), f"{operation.sends!r} in a GET: expected query or nothing")
        signed = any(name in self._is.auth and self._is.auth[name].signature for name in operation.auth)
        if signed and any(asked.is_ == "credential" for asked in operation.fields.values()):
            why = "a credential in a body that is signed: the journal hides it, and could then not be replayed"
            self._add((*where, "fields"), f"{why}; let the signature alone show who calls")

    def _needed(self, operation: Operation, kinds: set[str]) -> set[str]:
        """What a call of this kind has to name."""
        if operation.does == "create":
            return {"amount"} if self._is.reference.made else {"amount", "reference"}
        if operation.does == "slip":
            return {"slip"}
        names_one = operation.does == "token" or kinds & {"reference", "shop_reference"}
        return set() if names_one else {"reference"}

    def _answers(self, where: tuple[str, ...], operation: Operation) -> None:
        known = (*ANSWER, *self._requested(), *(f"request.{name}" for name in operation.fields))
        for at, said in enumerate(operation.answers):
            self._template((*where, "answers", at, "json"), said.json, known)
            self._template((*where, "answers", at, "image"), said.image, ANSWER)
        self._template((*where, "to"), operation.to, (*PAYMENT, "return_url"))
        if not operation.answers and operation.does != "page":
            self._add((*where, "answers"), "missing")
        covered = {state for said in operation.answers for state in said.when or self._is.states}
        lacking = [state.value for state in self._is.states if state not in covered]
        if operation.answers and lacking and operation.does == "query":
            self._add((*where, "answers"), f"no answer for {', '.join(lacking)}")

    def _field(self, where: tuple[str, ...], asked: Asked) -> None:
        known = BY_FIELD.get(asked.is_, ())
        if asked.written and asked.written not in known:
            self._add((*where, "written"), f"read {asked.written!r}, expected one of {', '.join(known) or 'none'}")
        if asked.is_ == "credential" and asked.equals not in self._is.credentials:
            expected = ", ".join(self._is.credentials) or "one of the credentials"
            self._add((*where, "equals"), f"read {asked.equals!r}, expected {expected}")
        if asked.is_ == "equals" and asked.equals is None:
            self._add((*where, "equals"), "missing")
        try:
            re.compile(asked.matches)
        except (re.error, RecursionError, OverflowError) as error:
            self._add((*where, "matches"), f"not a regular expression: {error}")

    def _routes(self) -> None:
        seen: dict[str, str] = {}
        for name, operation in self._is.operations.items():
            route = re.sub(r"<[^>]*>", "<>", operation.call)
            if operation.does == "page" and not operation.call.startswith("GET "):
                self._add(("operations", name, "call"), "a page is opened by GET")
            if route in seen:
                self._add(("operations", name, "call"), f"the same as that of {seen[route]}")
            seen.setdefault(route, name)

    def _requested(self) -> tuple[str, ...]:
        fields = (name for operation in self._is.doing("create").values() for name in operation.fields)
        return tuple(f"request.{name}" for name in fields)

    def _template(self, where: tuple[str | int, ...], template: Any, known: Iterable[str]) -> None:
        self._names(where, holes(template), (*known, *self._known))

    def _names(self, where: tuple[str | int, ...], named: Iterable[Hole], known: Iterable[str]) -> None:
        known = tuple(known)
        for hole in _once(named):
            if hole.name == ANY:
                continue
            if hole.name not in known:
                self._add(where, f"<{hole.name}> means nothing here (known: {', '.join(known)})")
            elif hole.form and hole.form not in FORMS and hole.name not in MADE:
                self._add(where, f"<{hole.name}:{hole.form}>: unknown form (known: {', '.join(FORMS)})")


def _once(named: Iterable[Hole]) -> Iterator[Hole]:
    yield from dict.fromkeys(named)
