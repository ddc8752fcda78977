"""`bakong-sandbox demo bangladesh`: a job paid by bKash, held, refunded in part, released. Every step must happen.

The world's time stands still, so that the 48 hours before the release pass at once. After each step the entries that
the service's ledger has gained are printed, and its books are held beside those of the fake bKash.
"""

import json
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
from rich.console import Console
from rich.table import Table

from bakong_conformance.reports.terminal import escape
from bakong_sandbox.stack.care_tokens import care_token
from bakong_sandbox.stack.options import Options, Stack
from bakong_sandbox.stack.sandbox import run
from bakong_schemes.bkash.fake.wallets import MERCHANT
from bakong_service.domain.escrow import Posting
from bakong_service.domain.escrow_numbers import CURRENCY, amount_text
from bakong_simulator.kernel.clock import Mode

AMOUNT, PART = 15_000.00, 3_000.00
HOURS_48_S = 48 * 3_600
GUARDIAN, ADMIN = "GUARDIAN", "PLATFORM_ADMIN"
JOB = {
    "packageName": "Night care",
    "guardian": {"id": "guardian-1", "fullName": "Ayesha Rahman"},
    "caregiver": {"id": "caregiver-1", "fullName": "Rina Das"},
    "agency": {"id": "agency-1", "companyName": "Shurjo Care"},
}


class StoryError(Exception):
    """A step that did not happen."""


@dataclass(frozen=True, slots=True)
class Ending:
    """How the story must end: the escrow's state, and what is left at bKash in poisha."""

    escrow: str = "RELEASED"
    left: int = 1_200_000


async def tell(console: Console | None = None, ending: Ending = Ending()) -> int:
    """Tell the story; 0 where all of it happened, 1 where a step did not."""
    console = console or Console(highlight=False, soft_wrap=True)
    with tempfile.TemporaryDirectory(prefix="bakong-demo-") as folder:
        options = Options(data_dir=Path(folder), port=0, service_port=0, providers=("bkash", "nagad"))
        async with run(options) as stack, httpx.AsyncClient(timeout=60, trust_env=False) as client:
            stack.worlds.default.clock.set_mode(Mode.FROZEN)
            try:
                await _Teller(stack, client, console).tell(ending)
            except StoryError as error:
                console.print(f"\n[bold red]It did not happen:[/] {escape(str(error))}")
                return 1
    console.print("\n[bold green]All of it happened.[/]")
    return 0


class _Teller:
    """The steps of the story."""

    def __init__(self, stack: Stack, client: httpx.AsyncClient, console: Console) -> None:
        self._stack, self._client, self._console = stack, client, console
        self._printed = 0
        now_ms = stack.worlds.default.clock.now_ms()
        people = {GUARDIAN: "guardian-1", ADMIN: "admin-1"}
        self._tokens = {role: care_token(stack.jwt_secret, who, role, now_ms) for role, who in people.items()}

    async def tell(self, ending: Ending) -> None:
        self._chapter("1. The guardian pays by bKash")
        await self._ask(ADMIN, "The platform sends a job", "PUT", "/api/jobs/job-1042", JOB)
        order = {"jobId": "job-1042", "amount": AMOUNT, "method": "BKASH", "currency": CURRENCY}
        made = await self._ask(GUARDIAN, "The guardian wants to pay for it", "POST", "/api/payments", order)
        payment = str(made["id"])
        await self._pay(str(made["paymentUrl"]))
        await self._is(payment, "COMPLETED", "HELD")

        self._chapter("2. A part goes back")
        wanted = {"amount": PART, "reason": "JOB_SHORTENED"}
        await self._ask(ADMIN, "An admin refunds it", "POST", f"/api/payments/{payment}/refund", wanted)
        await self._advance("The worker has bKash give it back", 1)
        await self._is(payment, "COMPLETED", "HELD")

        self._chapter("3. The job is done, and 48 hours later the rest is released")
        done = JOB | {"status": "COMPLETED"}
        await self._ask(ADMIN, "The platform says that the job is done", "PUT", "/api/jobs/job-1042", done)
        await self._advance("48 hours pass", HOURS_48_S)
        await self._is(payment, "COMPLETED", ending.escrow)

        self._chapter("4. Two books, one truth")
        await self._ask(ADMIN, "The service compares its books with bKash's", "GET", "/api/escrow/reconciliation")
        await self._compare(ending.left)

    async def _pay(self, url: str) -> None:
        """As the guardian's browser: our page, bKash's page, its form, and back."""
        there = await self._browse("The browser opens our pay page, which leads to bKash", "GET", url)
        back = await self._browse("The guardian confirms on bKash's page", "POST", there, {"action": "confirm"})
        await self._browse("bKash sends the browser back, and the service executes", "GET", back)

    async def _browse(self, what: str, method: str, url: str, form: dict[str, str] | None = None) -> str:
        """The address that the browser is sent to; "" where it stays."""
        self._say(what, method, url)
        response = await self._client.request(method, url, data=form)
        self._console.print(f"[green]< {response.status_code}[/]", escape(response.headers.get("location", "")))
        _must(response.status_code in (200, 302), f"{method} {url} answered {response.status_code}")
        return str(response.headers.get("location", ""))

    async def _ask(self, role: str, what: str, method: str, path: str, body: Any = None) -> dict[str, Any]:
        self._say(f"{what} [dim]({role})[/]", method, self._stack.service_url + path, body)
        headers = {"authorization": f"Bearer {self._tokens[role]}"}
        response = await self._client.request(method, self._stack.service_url + path, json=body, headers=headers)
        self._console.print(f"[green]< {response.status_code}[/]", escape(_short(response.text)))
        _must(response.is_success, f"{method} {path} answered {response.status_code}")
        data: dict[str, Any] = response.json()["data"]
        await self._entries()
        return data

    async def _advance(self, what: str, seconds: int) -> None:
        path = "/sandbox/worlds/default/clock/advance"
        self._say(what, "POST", self._stack.bakong_url + path, {"seconds": seconds})
        response = await self._client.post(self._stack.bakong_url + path, json={"seconds": seconds})
        _must(response.is_success, f"POST {path} answered {response.status_code}")
        await self._entries()

    async def _is(self, payment: str, status: str, escrow: str) -> None:
        seen = await self._ask(GUARDIAN, "The payment now", "GET", f"/api/payments/{payment}")
        shown = (seen["status"], seen["escrow"]["status"])
        _must(shown == (status, escrow), f"the payment is {shown}, expected {(status, escrow)}")

    async def _entries(self) -> None:
        """The entries since the last time, each with its sum, which is zero."""
        postings = await self._postings()
        fresh = postings[self._printed :]
        self._printed = len(postings)
        if not fresh:
            return
        table = Table(title="Ledger", title_justify="left")
        for name in ("entry", "account", "of"):
            table.add_column(name)
        for name in ("debit", "credit"):
            table.add_column(name, justify="right")
        for one in fresh:
            debit, credit = (amount_text(abs(one.amount)), "") if one.amount > 0 else ("", amount_text(-one.amount))
            table.add_row(one.fact if one.line == 1 else "", one.account.value, one.party, debit, credit)
        self._console.print(table)
        total = sum(one.amount for one in fresh)
        self._console.print(f"  debits - credits = {total / 100:.2f}")
        _must(total == 0, f"the entries sum to {total} poisha")

    async def _postings(self) -> list[Posting]:
        if self._stack.core is None:
            raise StoryError("there is no service in this sandbox")
        return await self._stack.core.store.read(
            lambda records: [
                one for payment in records.escrow_payments_after(None, 100) for one in records.postings_of(payment.id)
            ]
        )

    async def _compare(self, expected: int) -> None:
        sums: dict[str, int] = {}
        for one in await self._postings():
            sums[one.account.value] = sums.get(one.account.value, 0) + one.amount
        table = Table(title="Balances", title_justify="left")
        table.add_column("account")
        table.add_column("BDT", justify="right")
        for account, total in sums.items():
            table.add_row(account, f"{total / 100:.2f}")
        self._console.print(table)
        ours, theirs = sums.get("gateway_clearing", 0), self._stack.worlds.default.ledger.balance(MERCHANT, CURRENCY)
        self._console.print(f"  sum of all accounts           {sum(sums.values()) / 100:.2f}")
        self._console.print(f"  gateway_clearing, our books   {ours / 100:.2f}")
        self._console.print(f"  the merchant's, bKash's books {theirs / 100:.2f}")
        _must(sum(sums.values()) == 0, "the ledger does not sum to zero")
        _must(ours == theirs == expected, f"ours {ours}, bKash's {theirs}, expected {expected} poisha")

    def _chapter(self, title: str) -> None:
        self._console.rule(f"[bold]{title}[/]")

    def _say(self, what: str, method: str, url: str, body: Any = None) -> None:
        address = urlsplit(url)
        shown = f"{address.netloc}{address.path}" + (f"?{address.query}" if address.query else "")
        said = [escape(json.dumps(body))] if body else []
        self._console.print(f"\n[bold]{what}[/]\n[cyan]> {method} {escape(shown)}[/]", *said)


def _short(text: str) -> str:
    """An answer without the picture of its QR."""
    start = text.find("data:image/png;base64,")
    return text if start < 0 else text[:start] + "data:image/png..." + text[text.find('"', start) :]


def _must(happened: object, otherwise: str) -> None:
    if not happened:
        raise StoryError(otherwise)
