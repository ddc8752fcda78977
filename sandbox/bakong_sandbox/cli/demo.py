"""`bakong-sandbox demo`: the story of a payment, with the real requests and answers. Every step must happen.

A world's clock runs at four times the wall's pace here, so that nobody waits long; the wire's time-outs are real.
"""

import asyncio
import json
import tempfile
import textwrap
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import httpx
import typer
from rich.console import Console

from bakong_conformance.reports.terminal import escape
from bakong_contracts.webhooks import WebhookError, verify
from bakong_sandbox.cli.program import run_async
from bakong_sandbox.stack.options import Options, Stack
from bakong_sandbox.stack.sandbox import run
from bakong_sandbox.stack.serving import listen, serve, url_of
from bakong_simulator.kernel.clock import Mode
from khqr import image

commands = typer.Typer()
PACE = 4.0
PATIENCE_S = 60
WIDTH, LONGEST = 78, 48  # characters of a line, and of a text in it


class Country(StrEnum):
    """Whose story it is."""

    CAMBODIA = "cambodia"
    BANGLADESH = "bangladesh"


@commands.command()
def demo(country: Annotated[Country, typer.Argument(help="Whose payments.")] = Country.CAMBODIA) -> None:
    """Tell the story of a payment in the terminal: paid, after a time-out, and failed after errors.

    bangladesh: paid by bKash, held until a job is done, refunded in part, released; with every ledger entry.
    """
    if country is Country.CAMBODIA:
        raise typer.Exit(run_async(tell()))
    from bakong_sandbox.cli.demo_bangladesh import tell as tell_escrow  # noqa: PLC0415  loads the core's escrow

    raise typer.Exit(run_async(tell_escrow()))


class StoryError(Exception):
    """A step that did not happen."""


@dataclass(frozen=True, slots=True)
class Story:
    """One telling: its title, the scenario, how the payment must end, and the webhooks that must arrive."""

    title: str
    scenario: str
    ends: str
    events: tuple[str, ...]


STORIES = (
    Story("A customer pays", "manual", "PAID", ("payment.paid", "subscription.activated")),
    Story("Bakong hangs twice, then answers", "timeout", "PAID", ("payment.paid", "subscription.activated")),
    Story("Bakong breaks twice, then the payment fails", "error", "FAILED", ("payment.failed",)),
)


async def tell(stories: Sequence[Story] = STORIES, console: Console | None = None) -> int:
    """Tell the stories; 0 where all of it happened, 1 where a step did not."""
    console = console or Console(highlight=False, soft_wrap=True)
    with tempfile.TemporaryDirectory(prefix="bakong-demo-") as folder:
        async with _mailbox() as mailbox:
            options = Options(
                data_dir=Path(folder), port=0, service_port=0, webhook_url=mailbox.url, bakong_timeout_ms=1000
            )
            async with run(options) as stack, httpx.AsyncClient(timeout=30, trust_env=False) as client:
                stack.worlds.default.clock.set_mode(Mode.SCALED, rate=PACE)
                try:
                    for number, story in enumerate(stories, 1):
                        console.rule(f"[bold]{number}. {story.title}[/] (scenario: {story.scenario})")
                        await _Teller(stack, client, mailbox, console, f"customer-{number}").tell(story)
                except StoryError as error:
                    console.print(f"\n[bold red]It did not happen:[/] {escape(str(error))}")
                    return 1
    console.print("\n[bold green]All of it happened.[/]")
    return 0


class Mailbox:
    """Where the main backend's webhooks arrive."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.arrived: asyncio.Queue[tuple[dict[str, str], bytes]] = asyncio.Queue()


@asynccontextmanager
async def _mailbox() -> AsyncIterator[Mailbox]:
    with listen(0) as opened:
        mailbox = Mailbox(url_of(opened) + "/webhooks")

        async def receive_webhook(scope: Any, receive: Any, send: Any) -> None:
            body = b""
            while (message := await receive()).get("more_body"):
                body += message["body"]
            body += message.get("body", b"")
            headers = {key.decode(): value.decode() for key, value in scope["headers"]}
            mailbox.arrived.put_nowait((headers, body))
            await send({"type": "http.response.start", "status": 204, "headers": []})
            await send({"type": "http.response.body"})

        async with serve(receive_webhook, opened):
            yield mailbox


def lines_of(document: Any) -> list[str]:
    """JSON in lines of a terminal's width, its long texts cut: the shape is what the story is about."""
    text = json.dumps(_cut(document), ensure_ascii=False)
    return textwrap.wrap(text, WIDTH, break_long_words=False, break_on_hyphens=False)


def _cut(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _cut(part) for name, part in value.items()}
    if isinstance(value, list):
        return [_cut(part) for part in value]
    return value[: LONGEST - 1] + "…" if isinstance(value, str) and len(value) > LONGEST else value


class _Teller:
    """The steps of one story."""

    def __init__(self, stack: Stack, client: httpx.AsyncClient, mailbox: Mailbox, console: Console, user: str) -> None:
        self._stack, self._client, self._mailbox, self._console, self._user = stack, client, mailbox, console, user

    async def tell(self, story: Story) -> None:
        control = f"{self._stack.bakong_url}/sandbox/worlds/default"
        await self._call("Set the scene", "PUT", f"{control}/scenario", {"name": story.scenario})
        order = {"userId": self._user, "planType": "PREMIUM", "amount": 0.5, "currency": "USD"}
        created = (await self._service("Create a payment", "POST", "/api/payments/create", order))["data"]
        self._console.print(image.terminal(created["qrCode"]))
        await self._call("Pay it from a sandbox wallet", "POST", f"{control}/payments", {"qr": created["qrCode"]})
        wait = {"transactionId": created["transactionId"], "options": {"interval": 1000, "timeout": 300_000}}
        outcome = (await self._service("Watch it", "POST", "/api/payments/monitor", wait))["data"]
        self._must(outcome["status"] == story.ends, f"the payment is {outcome['status']}, expected {story.ends}")
        answer = await self._service("The subscription", "GET", f"/api/subscriptions/status/{self._user}")
        has = answer["data"]["hasSubscription"]
        self._must(has == (story.ends == "PAID"), f"hasSubscription is {has}")
        for event in story.events:
            await self._webhook(event)

    async def _service(self, what: str, method: str, path: str, body: Any = None) -> Any:
        return await self._call(what, method, self._stack.service_url + path, body, self._stack.api_key)

    async def _call(self, what: str, method: str, url: str, body: Any = None, key: str = "") -> Any:
        headers = {"authorization": f"Bearer {key}"} if key else {}
        self._console.print(f"\n[bold]{what}[/]\n[cyan]> {method} {url}[/]")
        self._show(body)
        try:
            response = await self._client.request(method, url, json=body, headers=headers)
        except httpx.HTTPError as error:
            raise StoryError(f"{method} {url}: {type(error).__name__} {error}") from error
        self._console.print(f"[green]< {response.status_code}[/]")
        answer = response.json()
        self._show(answer)
        self._must(response.is_success, f"{method} {url} answered {response.status_code}")
        return answer

    async def _webhook(self, expected: str) -> None:
        try:
            async with asyncio.timeout(PATIENCE_S):
                headers, body = await self._mailbox.arrived.get()
        except TimeoutError:
            raise StoryError(f"no webhook {expected} arrived in {PATIENCE_S} s") from None
        told = json.loads(body)
        self._console.print(f"\n[bold]A webhook arrived[/]\n[magenta]< {escape(told['type'])}[/]")
        self._show(told)
        now_s = self._stack.worlds.default.clock.now_ms() // 1000
        try:
            verify([self._stack.webhook_secret], headers, body, now_s=now_s)
        except WebhookError as error:
            raise StoryError(f"its signature is wrong: {error}") from None
        self._console.print(f"  {headers['webhook-signature']}: the signature is right")
        self._must(told["type"] == expected, f"the webhook is {told['type']}, expected {expected}")

    def _show(self, document: Any) -> None:
        for line in lines_of(document) if document else ():
            self._console.print(f"  {escape(line)}")

    @staticmethod
    def _must(happened: object, otherwise: str) -> None:
        if not happened:
            raise StoryError(otherwise)
