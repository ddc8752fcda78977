"""The report as one HTML file that needs nothing else: a verdict for people, plots, tables."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from markupsafe import Markup

from bakong_conformance.reports.page import render
from bakong_loadtests.report.svg import Line, Rule, bars, columns, dots, lines
from bakong_loadtests.slo import shown

TEMPLATE = Path(__file__).with_name("load.html")
UNDER_LOAD = "under load"
BOOKS = (
    ("created", "Payments created"),
    ("paid_in_ledger", "Paid in Bakong's ledger"),
    ("webhooks", "Webhooks received"),
    ("webhook_ids", "Different webhook ids"),
)


def as_html(report: Mapping[str, Any]) -> str:
    """The whole HTML text."""
    return render(
        TEMPLATE,
        report=report,
        plots=_plots(report),
        limits=_grouped(report["limits"]),
        books=_books(report["books"] or {}),
        shown=shown,
    )


def _plots(report: Mapping[str, Any]) -> list[Markup]:
    series, bounds = report["series"], {finding["name"]: finding["bound"] for finding in report["findings"]}
    seconds = series["seconds"]
    latency = [
        Line(name, css, list(zip(seconds, series[key], strict=True)))
        for name, css, key in (("p50", "c1", "p50_ms"), ("p95", "c2", "p95_ms"), ("p99", "c3", "p99_ms"))
    ]
    statuses = [(_status_name(status), _status_css(status), counts) for status, counts in series["statuses"].items()]
    wanted = [Rule(bounds[f"{name}_ms"], f"{name} wanted") for name in ("p50", "p95", "p99") if f"{name}_ms" in bounds]
    known = [Rule(bounds["paid_to_known_p95_ms"], "p95 wanted")] if "paid_to_known_p95_ms" in bounds else []
    limit = [Rule(report["limit"], f"the limit: {report['limit']}")] if report["limit"] else []
    by_key = series["admitted_by_key"].items()
    admitted = [Line(key, f"c{place}", points, steps=True) for place, (key, points) in enumerate(by_key, 1)]
    users = [
        Line("real", "c1", [(second, real) for second, real, _ in series["users"]]),
        Line("target", "c2", [(second, target) for second, _, target in series["users"]], steps=True),
    ]
    provider = [Line("calls", "c1", series["provider_calls"], steps=True)]
    memory = lines("Memory of the server", "MB", [Line("memory", "c1", series["memory_mb"])])
    total = [Line("answers", "c1", list(zip(seconds, series["per_second"], strict=True)))]
    return [
        *([lines("Users", "customers and the others", users)] if series["users"] else []),
        lines("Latency", "ms, of well-behaved users", latency, wanted),
        bars("Latency, how often", "answers of at most so many ms", [(f"{ms:g}", n) for ms, n in series["histogram"]]),
        lines("Throughput", "answers a second", total),
        columns("Status codes", "answers a second", statuses),
        lines("Admitted in every sliding minute", f"requests, of the {len(admitted)} busiest keys", admitted, limit),
        dots("From paid to known", "ms, one dot a payment", series["known_ms"], known),
        *(
            [dots("From paid to its webhook", "ms, one dot a payment", series["webhook_ms"])]
            if series["webhook_ms"]
            else []
        ),
        *([lines("Calls to the provider", "in all", provider)] if series["provider_calls"] else []),
        *([memory] if series["memory_mb"] else []),
    ]


def _status_name(status: str) -> str:
    """A status with what it means here."""
    meant = {"429": "asked too often", "2": "taken", "4": "refused, as bad bodies and keys have to be", "5": "failed"}
    return f"{status} {meant.get(status, meant.get(status[:1], ''))}".strip()


def _status_css(status: str) -> str:
    return {"2": "c1", "429": "c2", "4": "c4", "5": "c3"}.get(status if status == "429" else status[:1], "c5")


def _grouped(rows: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """The rows, those of keys that only were used, and kept the limit, in one."""
    quiet = [row for row in rows if row["check"] == UNDER_LOAD and row["holds"]]
    if len(quiet) < 2:
        return list(rows)
    sums = {name: sum(row[name] for row in quiet) for name in ("admitted", "refused", "over", "early")}
    worst = max(row["worst"] for row in quiet)
    one = {"check": UNDER_LOAD, "scope": f"{len(quiet)} keys", "worst": worst, "holds": True, **sums}
    return [row for row in rows if row not in quiet] + [one]


def _books(books: Mapping[str, Any]) -> list[tuple[str, int]]:
    rows = [(title, books[name]) for name, title in BOOKS if name in books]
    return rows + [(f"{status} in the service", count) for status, count in books.get("by_status", {}).items()]
