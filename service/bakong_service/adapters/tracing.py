"""Spans by OpenTelemetry, where its own environment variables ask for them. Loaded only then, for the SDK takes 0.2 s.

No attribute shows a secret or an account: each text passes the redactor of the logs, errors give their kind alone, and
of a URL there is the host and a path whose ids are left out. Only traceparent goes out: no baggage, no tracestate.
"""

import logging
import re
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import replace
from typing import Any

import httpx
from opentelemetry import trace
from opentelemetry.context import Context
from opentelemetry.trace import Link, NonRecordingSpan, SpanContext, SpanKind, Status, StatusCode, TraceFlags

from bakong_service.domain.errors import UnavailableError
from bakong_service.domain.payments import NoAnswer
from bakong_service.domain.tracing import NO_SPAN, Attributes, Span
from bakong_service.ports import Checkout, Created, Provider

NAME = "bakong_service"
SERVICE_NAME = "bakong-service"  # OTEL_SERVICE_NAME is another
FLUSH_S = 2.0  # a collector that is away keeps no process from its end for longer
MAX_TEXT = 256
_TRACEPARENT = re.compile(r"(?!ff)([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?")
_METHODS = frozenset({"DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT"})
_WORD = re.compile(r"[A-Za-z][A-Za-z_.-]*\d{0,2}")  # a part of a path that names no payment, and nobody
_KINDS = {"webhook.try": SpanKind.CLIENT}
Redact = Callable[[bytes], bytes]


class _Recorded:
    """A span that is collected."""

    def __init__(self, span: trace.Span, redact: Redact) -> None:
        self.span = span
        self._redact = redact
        self.traceparent: str | None = written(span.get_span_context())

    def note(self, attributes: Attributes, /) -> None:
        for name, value in attributes.items():
            self.span.set_attribute(name, self._shown(value) if isinstance(value, str) else value)
        if "error.type" in attributes:
            self.span.set_status(Status(StatusCode.ERROR))

    def _shown(self, text: str) -> str:
        return self._redact(text.encode("utf-8", "replace")).decode()[:MAX_TEXT]


class OpenTelemetry:
    """See bakong_service.domain.tracing.Tracing. provider: of the SDK, or any that has its API."""

    is_on = True

    def __init__(self, provider: trace.TracerProvider, redact: Redact) -> None:
        self._tracer = provider.get_tracer(NAME)
        self._redact = redact
        self.client_kind: type[httpx.AsyncClient] = type("TracedClient", (TracedClient,), {"tracing": self})

    def app(self, app: Any, /) -> Any:
        return TracedApp(app, self)

    def provider(self, provider: Provider, /) -> Provider:
        """The provider, whose making of a payment is a span."""

        async def create(checkout: Checkout) -> Created | NoAnswer:
            facts = {"payment.id": checkout.payment_id, "payment.provider": provider.name}
            with self.span("provider.create", facts) as span:
                created = await provider.create(checkout)
                if isinstance(created, NoAnswer):
                    span.note({"error.type": created.why})
                return created

        return replace(provider, create=create)

    def ids(self) -> Mapping[str, str]:
        context = trace.get_current_span().get_span_context()
        if not context.is_valid:
            return {}
        return {"trace_id": f"{context.trace_id:032x}", "span_id": f"{context.span_id:016x}"}

    def here(self) -> str | None:
        span = trace.get_current_span()
        return written(span.get_span_context()) if span.is_recording() else None

    def span(
        self, name: str, attributes: Attributes | None = None, *, parent: str | None = None, link: str | None = None
    ) -> AbstractContextManager[Span]:
        kind = _KINDS.get(name, SpanKind.INTERNAL)
        if parent is None and not trace.get_current_span().is_recording():
            return _no_span()
        return self.open(name, kind, attributes or {}, _context(parent) if parent else None, link)

    @contextmanager
    def open(
        self,
        name: str,
        kind: SpanKind,
        attributes: Attributes,
        context: Context | None = None,
        link: str | None = None,
    ) -> Iterator[Any]:
        """A span of any kind; without a context below the one that is open here, else the first of a trace."""
        linked = _parsed(link or "")
        with self._tracer.start_as_current_span(
            name,
            context=context,
            kind=kind,
            links=[Link(linked)] if linked else None,
            record_exception=False,  # its text may show what was stored
            set_status_on_exception=False,
        ) as span:
            if not span.is_recording():
                yield NO_SPAN
                return
            recorded = _Recorded(span, self._redact)
            recorded.note(attributes)
            try:
                yield recorded
            except BaseException as error:
                recorded.note({"error.type": type(error).__name__})
                raise


@contextmanager
def _no_span() -> Iterator[Span]:
    yield NO_SPAN


def written(context: SpanContext) -> str | None:
    """A span's context as W3C writes it; None of none."""
    if not context.is_valid:
        return None
    return f"00-{context.trace_id:032x}-{context.span_id:016x}-{int(context.trace_flags):02x}"


def _parsed(traceparent: str) -> SpanContext | None:
    """None of what is no traceparent, or names no span. A later version may say more after what this one knows."""
    found = _TRACEPARENT.fullmatch(traceparent)
    if found is None or (found[1] == "00" and found[5]):
        return None
    flags = TraceFlags(int(found[4], 16) & TraceFlags.SAMPLED)
    context = SpanContext(int(found[2], 16), int(found[3], 16), is_remote=True, trace_flags=flags)
    return context if context.is_valid else None


def _context(traceparent: str) -> Context:
    """With the span as the parent; without any where it is no traceparent."""
    parent = _parsed(traceparent)
    return Context() if parent is None else trace.set_span_in_context(NonRecordingSpan(parent), Context())


class TracedApp:
    """An ASGI app each of whose requests is a span: below the caller's traceparent, else the first of a trace."""

    def __init__(self, app: Any, tracing: OpenTelemetry) -> None:
        self.app = app
        self._tracing = tracing

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        given = [value.decode("latin-1") for name, value in scope["headers"] if name == b"traceparent"]
        method = scope["method"] if scope["method"] in _METHODS else "_OTHER"
        context = _context(given[0] if len(given) == 1 else "")
        with self._tracing.open(method, SpanKind.SERVER, {"http.request.method": method}, context) as span:
            scope.setdefault("state", {})["traceparent"] = span.traceparent or ""
            status = 0

            async def send_seen(message: Any) -> None:
                nonlocal status
                status = message.get("status", status)
                await send(message)

            try:
                await self.app(scope, receive, send_seen)
            finally:
                _finish(span, scope, method, status)


def _finish(span: Any, scope: Any, method: str, status: int) -> None:
    if span is NO_SPAN:
        return
    route = getattr(scope.get("route"), "path_format", "other")
    span.span.update_name(f"{method} {route}")
    request_id = str(scope["state"].get("request_id", ""))
    span.note({"http.route": route, "http.response.status_code": status, "http.request.id": request_id})
    if status >= 500:
        span.note({"error.type": str(status)})


class TracedClient(httpx.AsyncClient):
    """A client each of whose requests is a span, up to the answer's head, and has its traceparent."""

    tracing: OpenTelemetry

    async def send(self, request: httpx.Request, **options: Any) -> httpx.Response:
        if self.tracing.here() is None:
            return await super().send(request, **options)
        path = shown_path(request.url.path)
        facts: Attributes = {
            "http.request.method": request.method,
            "server.address": request.url.host,
            "url.template": path,
        }
        with self.tracing.open(f"{request.method} {path}", SpanKind.CLIENT, facts) as span:
            if span.traceparent:
                request.headers["traceparent"] = span.traceparent
            response = await super().send(request, **options)
            span.note({"http.response.status_code": response.status_code})
            if response.status_code >= 400:
                span.note({"error.type": str(response.status_code)})
            return response


def shown_path(path: str) -> str:
    """A path without its ids.

    >>> shown_path("/v1/check_transaction_by_md5"), shown_path("/charges/chrg_test_5xuy4w91xqz7d1w9u0t/refunds")
    ('/v1/check_transaction_by_md5', '/charges/{}/refunds')
    """
    return "/".join(part if not part or _WORD.fullmatch(part) else "{}" for part in path.split("/"))


def exporting(
    environ: Mapping[str, str], redact: Redact, on_trouble: Callable[[str], object], ended: ExitStack
) -> OpenTelemetry:
    """Spans that are sent to a collector by OTLP over HTTP: see adapters.instruments.open_instruments."""
    protocols = ("OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", "OTEL_EXPORTER_OTLP_PROTOCOL")
    protocol = next((environ[name] for name in protocols if environ.get(name)), "http/protobuf")
    if protocol != "http/protobuf":
        raise UnavailableError(f"OTEL_EXPORTER_OTLP_PROTOCOL: expected http/protobuf (port 4318), read {protocol!r}")
    try:
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter  # noqa: PLC0415
        from opentelemetry.sdk.resources import Resource  # noqa: PLC0415
        from opentelemetry.sdk.trace import TracerProvider  # noqa: PLC0415
        from opentelemetry.sdk.trace.export import BatchSpanProcessor  # noqa: PLC0415
    except ModuleNotFoundError as error:
        raise UnavailableError(
            f"OTEL_ variables ask for traces, and {error.name} is missing: pip install 'bakong-sandbox[tracing]'"
        ) from None
    named = environ.get("OTEL_SERVICE_NAME") or "service.name=" in environ.get("OTEL_RESOURCE_ATTRIBUTES", "")
    complaints = logging.getLogger("opentelemetry")
    handler, complaints.propagate = _Trouble(on_trouble), False
    complaints.addHandler(handler)
    ended.callback(complaints.removeHandler, handler)
    resource = Resource.create({} if named else {"service.name": SERVICE_NAME})
    provider = TracerProvider(resource=resource, shutdown_on_exit=False)
    provider.add_span_processor(BatchSpanProcessor(exporter := OTLPSpanExporter()))
    ended.callback(_send_what_is_left, provider.shutdown, exporter.shutdown)
    return OpenTelemetry(provider, redact)


def _send_what_is_left(send: Callable[[], object], give_up: Callable[[], object]) -> None:
    """Send for a moment; the SDK's own bounds are 10 s and more."""
    sending = threading.Thread(target=send, daemon=True)
    sending.start()
    sending.join(FLUSH_S)
    if sending.is_alive():
        give_up()
        sending.join(FLUSH_S)


class _Trouble(logging.Handler):
    def __init__(self, on_trouble: Callable[[str], object]) -> None:
        super().__init__(logging.WARNING)
        self._on_trouble = on_trouble

    def emit(self, record: logging.LogRecord) -> None:
        self._on_trouble(record.getMessage())
