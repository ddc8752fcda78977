"""Writes deploy/monitoring/grafana/dashboards anew, from the table of panels."""

import json
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


if __name__ == "__main__":
    for name, text in made().items():
        (FOLDER / name).write_text(text, encoding="utf-8")
