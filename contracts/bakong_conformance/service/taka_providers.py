"""Who plays bKash and Nagad for an escrow service under test: the port, the stand-ins, and a sandbox's fakes."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import Any, NamedTuple, Protocol
from urllib.parse import quote

from bakong_conformance.case import Case
from bakong_conformance.control import World
from bakong_conformance.http import call
from bakong_conformance.rules import NotCheckedError, PreconditionError
from bakong_conformance.stand_ins import keys, nagad_words
from bakong_conformance.stand_ins.bkash import BkashStandIn
from bakong_conformance.stand_ins.bkash_words import WALLETS as BKASH_WALLETS
from bakong_conformance.stand_ins.nagad import NagadStandIn
from bakong_conformance.stand_ins.nagad_words import WALLETS as NAGAD_WALLETS
from bakong_conformance.stand_ins.wire import Call, Reply, Server

# What a rule asks for, and the wallet that does it
SCRIPTS: dict[str, dict[str, str]] = {
    "bkash": {
        "ok": "ok",
        "refused": "poor",
        "page-failed": "wrongpin",
        "hang": "hangpaid",
        "lost": "hangunpaid",
        "busy": "maintenance",
        "mismatch": "mismatch",
        "refund-hang": "refundhang",
        "refund-lost": "refundlost",
        "refund-refused": "refundrefused",
    },
    "nagad": {
        "ok": "ok",
        "page-failed": "poor",
        "no-return": "lost",
        "slow": "slow",
        "late": "late",
        "mismatch": "mismatch",
        "refund-hang": "cancelhang",
        "refund-lost": "cancellost",
        "refund-refused": "cancelrefused",
    },
}


# Scripts that the suite's own providers play besides: poisha that are reported beside the amount
NEAR = {"mismatch-less": -1, "mismatch-more": 1}
EMPTY, BALANCE = "poor", "1000000.00"


class Books(NamedTuple):
    """What the provider has taken and paid back for one of its payments, in poisha, and its number of the payment."""

    captured: int
    returned: tuple[int, ...]
    transaction: str


class TakaProviders(Protocol):
    """A bKash and a Nagad that the suite has in its hand. References are paymentID and paymentReferenceId."""

    def scripts(self, method: str) -> frozenset[str]:
        """Those that it can play."""

    def approve(self, case: Case, method: str, reference: str, script: str = "ok") -> None:
        """The customer approves, with the wallet of a script. Raises NotCheckedError for a script it cannot play."""

    def cancel(self, case: Case, method: str, reference: str) -> None:
        """The customer closes the page."""

    def books(self, method: str, reference: str) -> Books | None:
        """None where the provider does not show its books."""

    def silent(self, case: Case) -> Any:
        """A context in which the provider never answers. Raises NotCheckedError."""

    def holding(self, callers: int, /) -> AbstractContextManager[None]:
        """A context in which the next answers wait until so many callers are there."""

    def values(self) -> dict[str, str]:
        """{names} for the environment of a service: URLs, credentials, keys."""


def wallet(method: str, script: str) -> str:
    """Raises NotCheckedError."""
    if script not in SCRIPTS[method]:
        raise NotCheckedError(f"no wallet of {method} plays {script!r}")
    return SCRIPTS[method][script]


def wallets_of(facts: Mapping[str, Any]) -> dict[str, str]:
    """Names to numbers, which a control API shows by name, or as rows with name and number."""
    wallets = facts.get("wallets", {})
    return dict(wallets) if isinstance(wallets, Mapping) else {row["name"]: row["number"] for row in wallets}


class StandIns:
    """The suite's own, in this process."""

    def __init__(self, now_ms: Callable[[], int], origin: str = "http://taka.test") -> None:
        self.bkash, self.nagad = BkashStandIn(now_ms, origin), NagadStandIn(now_ms, origin)
        self._server: Server | None = None

    def serve(self, made: Call) -> Reply:
        """Both under one origin, by the first segment of the path."""
        is_nagad = made.path.startswith("/nagad") or made.path.startswith("/api/dfs")
        return self.nagad.serve(made) if is_nagad else self.bkash.serve(made)

    def start(self) -> str:
        """Listen on a port of this machine; the URL."""
        self._server = Server(self.serve)
        self.bkash.origin = self.nagad.origin = self._server.start()
        return self.bkash.origin

    def stop(self) -> None:
        if self._server:
            self._server.stop()

    def scripts(self, method: str) -> frozenset[str]:
        return frozenset((*SCRIPTS[method], *NEAR))

    def approve(self, case: Case, method: str, reference: str, script: str = "ok") -> None:
        if script in NEAR:
            payments = self.bkash.payments if method == "bkash" else self.nagad.payments
            payments[reference].off_by, script = NEAR[script], "ok"
        if method == "bkash":
            number = BKASH_WALLETS[wallet(method, script)][0]
        else:
            number = NAGAD_WALLETS[wallet(method, script)][0]
        self._page(case, method, reference, {"wallet": number})

    def cancel(self, case: Case, method: str, reference: str) -> None:
        self._page(case, method, reference, {"action": "cancel"})

    def _page(self, case: Case, method: str, reference: str, form: dict[str, str]) -> None:
        stand_in = self.bkash if method == "bkash" else self.nagad
        payment = stand_in.payments.get(reference)
        if payment is None:
            raise PreconditionError(f"{method} never made a payment {reference!r}")
        reply = stand_in.customer(payment, form)  # type: ignore[arg-type]  # each with its own payments
        case.note(f"the customer at {method}'s page: {form}", reply.status)

    def books(self, method: str, reference: str) -> Books | None:
        if method == "bkash":
            if (paid := self.bkash.payments.get(reference)) is None:
                return None
            return Books(paid.minor if paid.trx else 0, tuple(one.minor for one in paid.refunds), paid.trx)
        sent = self.nagad.payments.get(reference)
        if sent is None:
            return None
        has_paid = sent.paid_ms and self.nagad.now_ms() >= sent.paid_ms
        return Books(sent.minor if has_paid else 0, tuple(one.minor for one in sent.refunds), sent.issuer)

    @contextmanager
    def silent(self, case: Case) -> Iterator[None]:
        case.note("the providers fall silent")
        self.bkash.down = self.nagad.down = True
        try:
            yield
        finally:
            self.bkash.down = self.nagad.down = False

    def holding(self, callers: int) -> AbstractContextManager[None]:
        return nullcontext() if self._server is None else self._server.holder.holding(callers)

    def values(self) -> dict[str, str]:
        mine = self.bkash.credentials
        return {
            "bkash_url": f"{self.bkash.origin}/bkash/v1.2.0-beta",
            "bkash_v2_url": f"{self.bkash.origin}/bkash/v2/tokenized-checkout",
            "bkash_username": mine["username"],
            "bkash_password": mine["password"],
            "bkash_app_key": mine["appKey"],
            "bkash_app_secret": mine["appSecret"],
            "nagad_url": f"{self.nagad.origin}/nagad/remote-payment-gateway-1.0/api/dfs",
            "nagad_merchant_id": nagad_words.MERCHANT_ID,
            "nagad_public_key": keys.NAGAD_PUBLIC,
            "nagad_private_key": keys.MERCHANT_PRIVATE,
        }


# What a sandbox's scripts do where no wallet of its does it
FAULTS: dict[tuple[str, str], str] = {
    ("bkash", "refund-lost"): "{on: refund, first: 1, fault: http, status: 504}",
    ("nagad", "refund-lost"): "{on: cancel, first: 1, fault: http, status: 504}",
}
_SILENT = b"name: silent\nfaults: [{fault: http, status: 504}]\n"  # a call that reaches nobody
_ANSWERS = b'{"name": "manual"}'


class SandboxFakes:
    """A sandbox's own fakes, by their control API: POST .../bkash/payments/<id>/approve {"wallet"}."""

    def __init__(self, world: World) -> None:
        self.world = world
        self._case: Case | None = None
        self._approved: list[tuple[str, str]] = []  # of the case: method and reference

    def scripts(self, method: str) -> frozenset[str]:
        numbers = self._wallets(method)
        by_wallet = frozenset(script for script, name in SCRIPTS[method].items() if name in numbers)
        return by_wallet | {script for known, script in FAULTS if known == method}

    def approve(self, case: Case, method: str, reference: str, script: str = "ok") -> None:
        numbers, fault = self._wallets(method), FAULTS.get((method, script))
        name = wallet(method, "ok" if fault else script)
        if fault:
            text = f"name: {method}-{script}\nscheme: {method}\nfaults: [{fault}]\n"
            self._strike(case, [(method, reference)], text.encode())
        if name not in numbers:
            raise NotCheckedError(f"this sandbox's {method} has no wallet {name!r}")
        self._fill(case, method, name, numbers[name])
        self._ask(case, method, reference, "approve", {"wallet": numbers[name]})
        if case is not self._case:
            self._case, self._approved = case, []
        self._approved.append((method, reference))

    def cancel(self, case: Case, method: str, reference: str) -> None:
        self._ask(case, method, reference, "cancel", {})

    def _wallets(self, method: str) -> dict[str, str]:
        """Names to numbers."""
        answer = call(None, self.world.http, "GET", f"/sandbox/worlds/{self.world.name}/{method}")
        if answer.status != 200 or not isinstance(answer.body, dict):
            raise NotCheckedError(f"this sandbox has no {method}: {answer.summary}")
        return wallets_of(answer.body)

    def _fill(self, case: Case, method: str, name: str, number: str) -> None:
        """A run spends more than a wallet holds. A fake whose wallets cannot be filled is let be."""
        if name != EMPTY:
            path = f"/sandbox/worlds/{self.world.name}/{method}/wallets"
            call(case, self.world.http, "POST", path, body={"msisdn": number, "balance": BALANCE})

    def _ask(self, case: Case, method: str, reference: str, action: str, body: dict[str, str]) -> None:
        path = f"/{method}/payments/{quote(reference, safe='')}/{action}"
        self.world.ask(case, "POST", path, body)

    def books(self, _method: str, _reference: str) -> Books | None:
        return None

    @contextmanager
    def silent(self, case: Case) -> Iterator[None]:
        """Whoever asks about the payments that the case has approved is not answered. Raises NotCheckedError."""
        if case is not self._case:
            raise NotCheckedError("a sandbox falls silent about the payments of a case, and this one has none")
        case.note("the providers fall silent")
        self._strike(case, self._approved, _SILENT)
        try:
            yield
        finally:
            self._strike(case, self._approved, _ANSWERS)

    def _strike(self, case: Case, payments: Iterable[tuple[str, str]], script: bytes) -> None:
        for method, reference in payments:
            path = f"/sandbox/worlds/{self.world.name}/payments/{quote(reference, safe='')}/scenario?scheme={method}"
            answer = call(case, self.world.http, "PUT", path, raw=script)
            if answer.status != 200:
                raise NotCheckedError(f"this sandbox lets no payment meet the script: {answer.summary}")

    def holding(self, _callers: int) -> AbstractContextManager[None]:
        """Their world holds its answers, whatever scheme they are of."""
        return nullcontext()

    def values(self) -> dict[str, str]:
        return {}
