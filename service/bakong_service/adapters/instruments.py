"""What is put around the parts of a service so that they make spans: nothing, unless OpenTelemetry's variables ask."""

from collections.abc import Callable, Mapping
from contextlib import ExitStack
from typing import Any, Protocol

import httpx

from bakong_service.domain.tracing import NoTracing, Tracing
from bakong_service.ports import Provider

ASKS = ("OTEL_TRACES_EXPORTER", "OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT")


class Instruments(Tracing, Protocol):
    """Spans for the core, and what makes them around it. ids: of the span that is open here, for a line of the log."""

    def app(self, app: Any, /) -> Any: ...
    def provider(self, provider: Provider, /) -> Provider: ...
    def ids(self) -> Mapping[str, str]: ...

    @property
    def client_kind(self) -> type[httpx.AsyncClient]: ...


class Untraced(NoTracing):
    """Leaves everything as it is."""

    client_kind = httpx.AsyncClient

    def app(self, app: Any, /) -> Any:
        return app

    def provider(self, provider: Provider, /) -> Provider:
        return provider

    def ids(self) -> Mapping[str, str]:
        return {}


UNTRACED = Untraced()


def is_asked_for(environ: Mapping[str, str]) -> bool:
    """Whether OpenTelemetry's own variables ask for traces.

    >>> is_asked_for({"OTEL_EXPORTER_OTLP_ENDPOINT": "http://collector:4318"}), is_asked_for({"OTEL_SERVICE_NAME": "x"})
    (True, False)
    """
    if environ.get("OTEL_SDK_DISABLED", "").lower() == "true" or environ.get("OTEL_TRACES_EXPORTER") == "none":
        return False
    return any(environ.get(name) for name in ASKS)


def open_instruments(
    environ: Mapping[str, str], redact: Callable[[bytes], bytes], on_trouble: Callable[[str], object], ended: ExitStack
) -> Instruments:
    """What the variables ask for. Raises UnavailableError.

    on_trouble: is told what OpenTelemetry complains of, such as a collector that is away.
    ended: sends what is left, when it is closed.
    """
    if not is_asked_for(environ):
        return UNTRACED
    from bakong_service.adapters.tracing import exporting  # noqa: PLC0415  the SDK takes 0.2 s

    return exporting(environ, redact, on_trouble, ended)
