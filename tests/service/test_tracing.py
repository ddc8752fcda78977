"""One trace from the shop's request through the core and the provider's call to the poll and the webhook's tries."""

import asyncio
import json
import os
import re
from contextlib import ExitStack, asynccontextmanager, suppress
from pathlib import Path
from types import SimpleNamespace

import httpx
import pytest
from pydantic import SecretStr

from bakong_sandbox.stack.options import Options
from bakong_sandbox.stack.sandbox import run
from bakong_service.adapters.instruments import UNTRACED, open_instruments
from bakong_service.adapters.logs import Redactor
from bakong_service.domain.errors import UnavailableError
from bakong_service.usecases.ask_provider import ask
from tests import secrecy
from tests.service.house import ALL, KEY, open_house, put_bakong
from tests.service.test_events import mailbox
from tests.service.test_faults import Script, paid, rows, stored

pytest.importorskip("opentelemetry.sdk")
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.sdk.trace.sampling import ALWAYS_ON, ParentBased
from opentelemetry.trace import SpanKind

from bakong_service.adapters.tracing import OpenTelemetry, shown_path

SERVICE = Path(__file__).parents[2] / "service" / "bakong_service"
PAGE = Path(__file__).parents[2] / "docs" / "tracing.md"
ORDER = {"userId": "sokha", "planType": "PREMIUM", "amount": 0.5, "currency": "USD"}
SHOWN = ("payment.provider", "webhook.event", "webhook.try", "http.response.status_code", "error.type")
SHOP_TRACE, SHOP_SPAN = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"
SHOPS = {"traceparent": f"00-{SHOP_TRACE}-{SHOP_SPAN}-01"}
SECRETS = [value.get_secret_value() for value in ALL.values() if hasattr(value, "get_secret_value")]


def collecting(sampler=None):
    """Instruments whose spans are kept here."""
    exporter = InMemorySpanExporter()
    provider = TracerProvider(sampler=sampler or ParentBased(ALWAYS_ON), shutdown_on_exit=False)
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    return OpenTelemetry(provider, Redactor(SECRETS)), exporter.get_finished_spans


def tree(spans, trace_id=SHOP_TRACE, parent=SHOP_SPAN, depth=0):
    """The spans of a trace, one a line, each below its parent, as docs/tracing.md has them."""
    own = [one for one in spans if f"{one.context.trace_id:032x}" == trace_id]
    below = [one for one in own if one.parent and f"{one.parent.span_id:016x}" == parent]
    lines = []
    for span in sorted(below, key=lambda one: one.start_time):
        words = [span.name, f"({span.kind.name.lower()})"]
        words += [f"{name}={span.attributes[name]}" for name in SHOWN if name in span.attributes]
        lines.append("  " * depth + " ".join(words))
        lines += tree(spans, trace_id, f"{span.context.span_id:016x}", depth + 1)
    return lines


@asynccontextmanager
async def traced(folder, *, statuses=204, sampler=None, database_url=""):
    """A service whose spans are kept, with the sandbox's Bakong and a main backend."""
    instruments, finished = collecting(sampler)
    async with (
        run(Options(data_dir=folder / "sandbox", port=0, service_port=None)) as bakong,
        mailbox(statuses) as main,
    ):
        secrecy.issue(bakong.token)
        at = {"bakong_base_url": bakong.bakong_url, "bakong_developer_token": SecretStr(bakong.token)}
        async with open_house(
            folder,
            clock=bakong.worlds.default.clock,
            instruments=instruments,
            bakong_at=at,
            database_url=database_url,
            main_backend_webhook_url=main[0],
        ) as house:
            yield SimpleNamespace(house=house, spans=finished, arrived=main[1], bakong=bakong)


async def buy(traced, **headers):
    """A payment that is made, paid at the wallet, and asked about by the worker until its webhooks have arrived."""
    answer = await traced.house.client.post("/api/payments/create", json=ORDER, headers=headers)
    assert answer.status_code == 200, answer.text
    async with httpx.AsyncClient(trust_env=False) as wallet:
        paid_at = f"{traced.bakong.bakong_url}/sandbox/worlds/default/payments"
        await wallet.post(paid_at, json={"qr": answer.json()["data"]["qrCode"]})
    await traced.house.clock.advance(20_000)
    return answer


@pytest.fixture
def sent(monkeypatch):
    """The requests that went out to providers."""
    requests, send = [], httpx.AsyncClient.send

    async def seen(client, request, **options):
        requests.append(request)
        return await send(client, request, **options)

    monkeypatch.setattr(httpx.AsyncClient, "send", seen)
    return lambda: [one for one in requests if "/v1/" in one.url.path]


async def test_a_payment_is_one_trace_from_the_shops_request_to_the_webhooks_tries(tmp_path, storage, sent):
    statuses = [500, 204, 204, 204]
    async with traced(tmp_path, statuses=statuses, database_url=storage.get("database_url", "")) as opened:
        await buy(opened, **SHOPS)
        spans, arrived = opened.spans(), opened.arrived
    shown = tree(spans)
    print("\n".join(shown))
    (block,) = re.findall(r"```text\n(.*?)```", PAGE.read_text(), re.DOTALL)
    assert shown == block.splitlines()
    tries = [f"00-{SHOP_TRACE}-{one.context.span_id:016x}-01" for one in spans if one.name == "webhook.try"]
    assert [headers["traceparent"] for headers, _ in arrived] == tries
    (call,) = [one for one in spans if "check_transaction_by_md5" in one.name]
    assert [one.headers["traceparent"] for one in sent()] == [f"00-{SHOP_TRACE}-{call.context.span_id:016x}-01"]


async def test_no_attribute_shows_a_secret_or_an_account(tmp_path, sent):
    async with traced(tmp_path) as opened:
        await buy(opened, **SHOPS, tracestate="shop=secret", baggage=f"key={KEY}")
        await opened.house.client.get("/api/payments/status/sandbox_merchant@sand", headers=SHOPS)
        for span in opened.spans():
            secrecy.seen(f"span {span.name}", span.to_json().encode())
        headers = [given for given, _ in opened.arrived] + [one.headers for one in sent()]
    assert not [leak for leak in secrecy.leaks() if leak]
    assert all("baggage" not in given and "tracestate" not in given for given in headers)
    assert len(headers) == 3


def test_a_value_and_an_error_that_show_a_secret_are_shown_without_it():
    instruments, finished = collecting()
    with suppress(ValueError), instruments.open("odd", SpanKind.SERVER, {"said": f"{KEY} for sandbox_merchant@sand"}):
        raise ValueError(KEY)
    (span,) = finished()
    assert dict(span.attributes) == {"said": "[redacted] for sa***@sand", "error.type": "ValueError"}
    secrecy.seen("a span", span.to_json().encode())


async def test_what_the_caller_does_not_sample_leaves_nothing_and_stores_nothing(tmp_path):
    async with traced(tmp_path) as opened:
        await buy(opened, traceparent=f"00-{SHOP_TRACE}-{SHOP_SPAN}-00")
        assert opened.spans() == ()
        assert await rows(opened.house, "SELECT count(*) FROM traces") == [(0,)]
        assert [given.get("traceparent") for given, _ in opened.arrived] == [None, None]


@pytest.mark.parametrize(
    "given",
    ["", "00-0-0-01", f"00-{'0' * 32}-{SHOP_SPAN}-01", f"ff-{SHOP_TRACE}-{SHOP_SPAN}-01", f"{SHOPS['traceparent']}-x"],
)
async def test_what_is_no_traceparent_begins_a_trace_of_its_own(tmp_path, given):
    instruments, finished = collecting()
    async with open_house(tmp_path, instruments=instruments) as house:
        assert (await house.client.get("/api/subscriptions/status/sokha", headers={"traceparent": given})).is_success
    (root,) = [one for one in finished() if one.parent is None]
    assert root.name == "GET /api/subscriptions/status/{userId}"
    assert f"{root.context.trace_id:032x}" != SHOP_TRACE


async def test_log_lines_and_problems_name_the_trace_and_the_request(tmp_path):
    instruments, finished = collecting()
    async with open_house(tmp_path, instruments=instruments) as house:
        missing = await house.client.get("/api/payments/status/" + "0" * 32, headers=SHOPS)
        refused = await house.client.get("/api/payments/history", headers=SHOPS | {"authorization": "Bearer wrong"})
    for answer in (missing, refused):
        problem = answer.json()
        assert problem["traceId"] == answer.headers["x-request-id"]
        span = next(one for one in finished() if one.attributes["http.request.id"] == problem["traceId"])
        assert problem["traceparent"] == f"00-{SHOP_TRACE}-{span.context.span_id:016x}-01"
        lines = [json.loads(line) for line in (tmp_path / "logs" / "combined.log").read_text().splitlines()]
        (line,) = [one for one in lines if one.get("request_id") == problem["traceId"]]
        assert (line["trace_id"], line["span_id"]) == (SHOP_TRACE, f"{span.context.span_id:016x}")


async def test_payments_that_are_asked_about_together_keep_their_own_traces(tmp_path):
    instruments, finished = collecting()
    async with open_house(tmp_path, instruments=instruments) as house:
        bakong = Script()
        put_bakong(house.core, bakong)
        bakong.default = paid()
        made = []
        for digit in "12":
            traceparent = f"00-{digit * 32}-{SHOP_SPAN}-01"
            body = ORDER | {"userId": f"user-{digit}"}
            answer = await house.client.post("/api/payments/create", json=body, headers={"traceparent": traceparent})
            made.append(await stored(house, answer.json()["data"]["transactionId"]))
        await ask(house.core, made)
        webhooks = await rows(house, "SELECT traceparent FROM traces WHERE subject LIKE 'msg_%' ORDER BY at_ms")
    polls = {f"{one.context.trace_id:032x}": one for one in finished() if one.name == "payment.poll"}
    assert set(polls) == {"1" * 32, "2" * 32}
    assert polls["2" * 32].links[0].context.trace_id == int("1" * 32, 16)
    assert {trace.split("-")[1] for (trace,) in webhooks} == set(polls)


async def test_a_payment_that_ends_unpaid_tells_it_in_its_own_trace(tmp_path):
    instruments, _ = collecting()
    async with (
        mailbox() as (url, arrived),
        open_house(tmp_path, instruments=instruments, main_backend_webhook_url=url) as house,
    ):
        put_bakong(house.core, Script())
        await house.client.post("/api/payments/create", json=ORDER, headers=SHOPS)
        await house.clock.advance(3_600_000)
    assert [given["traceparent"].split("-")[1] for given, _ in arrived] == [SHOP_TRACE]


def test_a_path_is_shown_without_what_it_names():
    for path in ("/pay/sandbox_merchant@sand", "/users/855123456789", "/c/chrg_5xuy4w91xqz7d1w9u0t"):
        assert shown_path(path).endswith("/{}")


@pytest.mark.parametrize("off", [{}, {"OTEL_SDK_DISABLED": "true"}, {"OTEL_TRACES_EXPORTER": "none"}])
def test_nothing_is_collected_unless_the_variables_ask_for_it(off):
    environ = {"OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:4318"} | off if off else {"OTEL_SERVICE_NAME": "x"}
    assert open_instruments(environ, bytes, str, ExitStack()) is UNTRACED


def test_a_protocol_that_is_not_spoken_is_refused_at_the_start():
    environ = {"OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:4317", "OTEL_EXPORTER_OTLP_PROTOCOL": "grpc"}
    with pytest.raises(UnavailableError, match=r"4318.*'grpc'"):
        open_instruments(environ, bytes, str, ExitStack())


def test_one_module_knows_opentelemetry_and_it_is_loaded_only_where_somebody_asks():
    """The SDK takes 0.2 s of a start, and 7 MB."""
    top = {
        path: re.findall(r"^(?:from|import) (\S+)", path.read_text(), re.MULTILINE) for path in SERVICE.rglob("*.py")
    }
    knows = {path.name for path, names in top.items() if any(name.startswith("opentelemetry") for name in names)}
    loads = {path.name for path, names in top.items() if "bakong_service.adapters.tracing" in names}
    assert (knows, loads) == ({"tracing.py"}, set())
    assert not any(name.startswith(("opentelemetry.sdk", "opentelemetry.exporter")) for n in top.values() for name in n)


async def test_spans_are_sent_to_the_collector_by_otlp(monkeypatch):
    troubles, ended = [], ExitStack()
    async with mailbox(200) as (url, arrived):
        monkeypatch.setenv("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", url)
        instruments = open_instruments(os.environ, Redactor(SECRETS), troubles.append, ended)
        with instruments.open("a request", SpanKind.SERVER, {}):
            pass
        await asyncio.to_thread(ended.close)
    ((headers, body),) = arrived
    assert headers["content-type"] == "application/x-protobuf"
    assert b"bakong-service" in body
    assert b"a request" in body
    assert troubles == []


def test_a_collector_that_is_away_is_told_and_keeps_nobody(monkeypatch):
    troubles, ended = [], ExitStack()
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:9")
    instruments = open_instruments(os.environ, Redactor(SECRETS), troubles.append, ended)
    with instruments.open("a request", SpanKind.SERVER, {}):
        pass
    ended.close()
    assert troubles
