"""A payment provider of the harness's own, for services whose real one is not in the sandbox. Knows no rule.

POST /charges            {"amount": "10.00", "currency": "THB", "reference": "..."}  201 with the charge
GET  /charges/{id}       {"id", "state": "pending" | "paid", "amount", "currency", "reference"}
POST /charges/{id}/capture  takes what a card holds: 200 with the charge, 409 where nothing is held any more
POST /charges/{id}/refunds  {"amount": "1.00", "reference": "..."}  201 with {"id", "amount"}; nothing is refused
A reference that was used before answers the same charge or refund. `amount` and `currency` of a paid charge are what
was paid. While `down`, everything is answered 503. `lost` names the calls ("charge", "refund") that are done, and
answered 503 all the same; `refusing`, those that are answered 409. A charge may also be "action", "held", "failed".
"""

import json
import threading
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from bakong_conformance.racing import Holder

UNKNOWN = (404, {"error": "unknown"})


@dataclass(slots=True)
class Charge:
    """What a payer was asked for, and what came of it. Amounts are decimal texts."""

    id: str
    amount: str
    currency: str
    reference: str
    state: str = "pending"
    refunds: dict[str, dict[str, str]] = field(default_factory=dict)

    def shown(self) -> dict[str, str]:
        return {
            "id": self.id,
            "state": self.state,
            "amount": self.amount,
            "currency": self.currency,
            "reference": self.reference,
        }


@dataclass(slots=True)
class Provider:
    """The charges in the order in which they were made."""

    charges: dict[str, Charge] = field(default_factory=dict)
    down: bool = False
    lost: set[str] = field(default_factory=set)
    refusing: set[str] = field(default_factory=set)
    before_answer: Callable[[Charge], None] | None = None
    holder: Holder = field(default_factory=Holder)
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _server: ThreadingHTTPServer | None = None

    def pay(self, charge_id: str, amount: str, currency: str) -> bool:
        """The payer pays so much; False where there is no such charge."""
        charge = self.charges.get(charge_id)
        if charge is None:
            return False
        charge.state, charge.amount, charge.currency = "paid", amount, currency
        return True

    def answer(self, method: str, path: str, body: Any) -> tuple[int, dict[str, str]]:
        """What a call is answered. before_answer is called when a charge is made, and nobody knows of it yet."""
        operation = {"charges": "charge", "refunds": "refund"}.get(path.rpartition("/")[2], "")
        if operation in self.refusing:
            return 409, {"error": "refused"}
        status, answer = self._answer(method, path, body)
        if self.before_answer and operation == "charge" and status == 201:
            self.before_answer(self.charges[answer["id"]])
        return (503, {"error": "lost"}) if operation in self.lost else (status, answer)

    def holding(self, callers: int) -> AbstractContextManager[None]:
        """The next answers wait until so many callers are there."""
        return self.holder.holding(callers)

    def reset(self) -> None:
        """Answer rightly from now on."""
        self.down, self.before_answer = False, None
        self.lost.clear()
        self.refusing.clear()

    def _answer(self, method: str, path: str, body: Any) -> tuple[int, dict[str, str]]:
        if self.down:
            return 503, {"error": "down"}
        with self._lock:
            parts = path.strip("/").split("/")
            charge = self.charges.get(parts[1]) if len(parts) > 1 else None
            match method, parts:
                case "POST", ["charges"]:
                    return 201, self._charge(body).shown()
                case "GET", ["charges", _] if charge:
                    return 200, charge.shown()
                case "POST", ["charges", _, "capture"] if charge:
                    was, charge.state = charge.state, "paid" if charge.state == "held" else charge.state
                    return (200 if was == "held" else 409), charge.shown()
                case "POST", ["charges", _, "refunds"] if charge:
                    reference = str(body["reference"])
                    refund = {"id": f"rf_{charge.id}_{len(charge.refunds) + 1}", "amount": str(body["amount"])}
                    return 201, charge.refunds.setdefault(reference, refund)
            return UNKNOWN

    def _charge(self, body: Any) -> Charge:
        reference = str(body["reference"])
        for charge in self.charges.values():
            if charge.reference == reference:
                return charge
        made = Charge(f"ch_{len(self.charges) + 1}", str(body["amount"]), str(body["currency"]), reference)
        self.charges[made.id] = made
        return made

    def start(self) -> str:
        """Listen; the URL."""
        provider = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                self._reply()

            def do_POST(self) -> None:
                self._reply()

            def _reply(self) -> None:
                raw = self.rfile.read(int(self.headers.get("content-length") or 0))
                try:
                    status, answer = provider.answer(self.command, self.path, json.loads(raw or b"{}"))
                except (ValueError, KeyError, TypeError) as error:
                    status, answer = 400, {"error": f"{type(error).__name__}: {error}"}
                provider.holder.wait()
                content = json.dumps(answer).encode()
                self.send_response(status)
                self.send_header("content-type", "application/json")
                self.send_header("content-length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            def log_message(self, *_args: Any) -> None:
                """Nothing on stderr."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
        return f"http://127.0.0.1:{self._server.server_port}"

    def stop(self) -> None:
        if self._server:
            self._server.shutdown()
            self._server.server_close()
