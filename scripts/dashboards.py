"""Writes deploy/monitoring/grafana/dashboards anew, from the table of panels.

Where grafana-foundation-sdk is installed (`make dashboards-check`), --check reads each by Grafana's own model and
writes it again: what the model does not know is lost on the way, and named.
"""

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parents[1] / "deploy" / "monitoring" / "grafana" / "dashboards"
SOURCE = {"type": "prometheus", "uid": "prometheus"}
_SHARE_PAID = (
    'sum by (provider) (rate(payment_changes_total{to="PAID"}[30m])) / '
    'sum by (provider) (rate(payment_changes_total{to=~"PAID|FAILED|EXPIRED"}[30m]))'
)
# Title, unit, and each line's query and legend; two panels a row.
PANELS: tuple[tuple[str, str, tuple[tuple[str, str], ...]], ...] = (
    (
        "Payments by what became of them",
        "ops",
        (("sum by (provider, to) (rate(payment_changes_total[5m]))", "{{provider}} {{to}}"),),
    ),
    (
        "Share of ended payments that were paid",
        "percentunit",
        (
            (
                _SHARE_PAID,
                "{{provider}}",
            ),
        ),
    ),
    (
        "Answers by status",
        "reqps",
        (("sum by (status) (rate(http_requests_total[1m]))", "{{status}}"),),
    ),
    (
        "Time to an answer",
        "s",
        tuple(
            (f"histogram_quantile({share}, sum by (le) (rate(http_request_seconds_bucket[5m])))", f"p{share[2:]}")
            for share in ("0.50", "0.95", "0.99")
        ),
    ),
    (
        "Calls to Bakong by outcome",
        "reqps",
        (("sum by (outcome) (rate(bakong_calls_total[5m]))", "{{outcome}}"),),
    ),
    ("Calls left of the day", "short", (("min(bakong_calls_remaining)", "left"),)),
    (
        "Tries of webhooks by outcome",
        "reqps",
        (("sum by (outcome) (rate(webhook_attempts_total[5m]))", "{{outcome}}"),),
    ),
    (
        "Webhooks that wait, and for how long",
        "short",
        (("max(webhooks_waiting)", "waiting"), ("max(webhook_overdue_seconds)", "seconds overdue")),
    ),
    (
        "Refusals by reason",
        "reqps",
        (("sum by (why) (rate(http_refused_total[5m]))", "{{why}}"), ("max(limiter_degraded)", "limiter alone")),
    ),
    (
        "What waits for a person",
        "short",
        (
            ("max by (kind) (reviews_open)", "{{kind}}"),
            ("sum by (kind) (rows_set_aside)", "unreadable {{kind}}"),
            ("max(settlement_open_rows)", "open settlements"),
        ),
    ),
    ("Seconds since a worker looked", "s", (("time() - max(worker_beat_timestamp_seconds)", "worker"),)),
    ("Room on the disks", "bytes", (("min by (folder) (disk_free_bytes)", "{{folder}}"),)),
)
SIMULATOR: tuple[tuple[str, str, tuple[tuple[str, str], ...]], ...] = (
    ("Calls by world", "reqps", (("sum by (world) (rate(bakong_sandbox_calls_total[1m]))", "{{world}}"),)),
    ("Payments by state", "short", (("sum by (state) (bakong_sandbox_payments)", "{{state}}"),)),
    ("Worlds", "short", (("bakong_sandbox_worlds", "worlds"),)),
    ("Entries of journals", "short", (("sum by (world) (bakong_sandbox_journal_entries)", "{{world}}"),)),
)


def dashboard(uid: str, title: str, panels: tuple[tuple[str, str, tuple[tuple[str, str], ...]], ...]) -> dict[str, Any]:
    """A dashboard of these panels."""
    return {
        "uid": uid,
        "title": title,
        "schemaVersion": 39,
        "editable": False,
        "refresh": "30s",
        "time": {"from": "now-6h", "to": "now"},
        "tags": ["bakong-sandbox"],
        "panels": [_panel(number, *panel) for number, panel in enumerate(panels)],
    }


def _panel(number: int, title: str, unit: str, lines: tuple[tuple[str, str], ...]) -> dict[str, Any]:
    return {
        "id": number + 1,
        "type": "timeseries",
        "title": title,
        "datasource": SOURCE,
        "gridPos": {"h": 8, "w": 12, "x": 12 * (number % 2), "y": 8 * (number // 2)},
        "fieldConfig": {"defaults": {"unit": unit, "min": 0}, "overrides": []},
        "targets": [
            {"refId": chr(65 + at), "expr": query, "legendFormat": legend, "datasource": SOURCE}
            for at, (query, legend) in enumerate(lines)
        ],
    }


def made() -> dict[str, str]:
    """Each file's text by its name."""
    boards = {
        "service.json": dashboard("bakong-service", "Payment service", PANELS),
        "simulator.json": dashboard("bakong-simulator", "Simulator", SIMULATOR),
    }
    return {name: json.dumps(board, indent=1) + "\n" for name, board in boards.items()}


def unknown(ours: Any, theirs: Any, where: str = "") -> Iterator[str]:
    """What of ours is not in theirs."""
    if isinstance(ours, dict) and isinstance(theirs, dict):
        for key, value in ours.items():
            yield from unknown(value, theirs[key], f"{where}/{key}") if key in theirs else [f"{where}/{key}"]
    elif isinstance(ours, list) and isinstance(theirs, list) and len(ours) == len(theirs):
        for number, pair in enumerate(zip(ours, theirs, strict=True)):
            yield from unknown(*pair, f"{where}/{number}")
    elif ours != theirs:
        yield f"{where}: {ours!r} became {theirs!r}"


def check() -> list[str]:
    """What Grafana's model does not know, by file."""
    from grafana_foundation_sdk.cog.encoder import JSONEncoder  # noqa: PLC0415  in a venv of its own
    from grafana_foundation_sdk.cog.plugins import register_default_plugins  # noqa: PLC0415
    from grafana_foundation_sdk.models.dashboard import Dashboard  # noqa: PLC0415

    register_default_plugins()
    return [
        f"{path.name}{one}"
        for path in sorted(FOLDER.glob("*.json"))
        for board in [json.loads(path.read_text(encoding="utf-8"))]
        for one in unknown(board, json.loads(JSONEncoder().encode(Dashboard.from_json(board))))
    ]


if __name__ == "__main__":
    if sys.argv[1:] == ["--check"]:
        wrong = check()
        sys.stdout.write(("\n".join(wrong) or f"{len(made())} dashboards are as Grafana's model has them") + "\n")
        sys.exit(bool(wrong))
    for name, text in made().items():
        (FOLDER / name).write_text(text, encoding="utf-8")
