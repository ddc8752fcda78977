"""The report as one HTML file that needs nothing else: a verdict for people, plots, tables. Knows the report's dict."""

from collections.abc import Iterable, Mapping, Sequence
from html import escape
from typing import Any

from bakong_loadtests.report.svg import Line, Rule, columns, dots, lines
from bakong_loadtests.slo import shown

UNDER_LOAD = "under load"
CSS = """
:root{--ink:#1a1c1f;--soft:#5f6670;--line:#e3e6ea;--back:#fff;--card:#f7f8fa;--good:#0a7d33;--bad:#c4281c;
--c1:#2a6fdb;--c2:#d98a00;--c3:#c4281c;--c4:#7a8088;--c5:#138a8a}
@media(prefers-color-scheme:dark){:root{--ink:#eceef1;--soft:#a0a7b1;--line:#343a42;--back:#16181b;--card:#1e2126;
--good:#4cc074;--bad:#ff7a6e;--c1:#6ea4ff;--c2:#f0b64a;--c3:#ff7a6e;--c4:#9aa1aa;--c5:#4fc4c4}}
*{box-sizing:border-box}body{margin:0 auto;max-width:940px;padding:28px 20px 60px;background:var(--back);
color:var(--ink);font:15px/1.5 system-ui,sans-serif}h1{font-size:26px;margin:0 0 4px}
h2{font-size:18px;margin:34px 0 8px}
p{margin:4px 0}small,.soft{color:var(--soft)}.verdict{border-left:6px solid;padding:10px 16px;background:var(--card);
margin:18px 0;font-size:18px}.good{color:var(--good)}.bad{color:var(--bad)}.verdict p{color:var(--ink);font-size:15px}
table{border-collapse:collapse;width:100%;font-variant-numeric:tabular-nums}th,td{padding:5px 8px;text-align:right;
border-bottom:1px solid var(--line)}th{font-weight:600;color:var(--soft);font-size:13px}th:first-child,td:first-child,

td.text,th.text{text-align:left}.scroll{overflow-x:auto}
figure{margin:16px 0;padding:12px;background:var(--card);border-radius:6px}
figcaption{font-weight:600;margin-bottom:6px}.legend{float:right;font-weight:400;font-size:13px}
.legend span{margin-left:14px}
.legend i{display:inline-block;width:10px;height:10px;border-radius:2px;margin-right:5px}
svg{width:100%;height:auto;display:block}
svg text{font:11px system-ui,sans-serif;fill:var(--soft)}.grid{stroke:var(--line)}.line{fill:none;stroke-width:1.8;
stroke-linejoin:round;stroke-linecap:round}path.c1{stroke:var(--c1)}path.c2{stroke:var(--c2)}path.c3{stroke:var(--c3)}
line.rule{stroke:var(--bad);stroke-dasharray:5 4}text.rule{fill:var(--bad)}
rect.c1,circle.c1{fill:var(--c1)}
rect.c2{fill:var(--c2)}rect.c3{fill:var(--c3)}rect.c4{fill:var(--c4)}rect.c5{fill:var(--c5)}
circle.c1{opacity:.55}i.c1{background:var(--c1)}i.c2{background:var(--c2)}i.c3{background:var(--c3)}i.c4{background:var(--c4)}
i.c5{background:var(--c5)}
"""
BOOKS = (
    ("created", "Payments created"),
    ("paid_in_ledger", "Paid in Bakong's ledger"),
    ("webhooks", "Webhooks received"),
    ("webhook_ids", "Different webhook ids"),
)


def page(report: Mapping[str, Any]) -> str:
    """The whole HTML text."""
    title = f"Load: {report['profile']} {'holds' if report['holds'] else 'is broken'}"
    parts = (_head(report), _objectives(report), _plots(report), _limits(report), _books(report), _calls(report))
    return (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{escape(title)}</title>'
        f'<meta name="viewport" content="width=device-width,initial-scale=1"><style>{CSS}</style></head>'
        f"<body>{''.join(parts)}</body></html>\n"
    )


def _head(report: Mapping[str, Any]) -> str:
    broken = [finding["told"] for finding in report["findings"] if not finding["holds"]]
    css, word = ("good", "It holds.") if report["holds"] else ("bad", "It does not hold.")
    told = (
        "".join(f"<p>{escape(line)}</p>" for line in broken) or f"<p>{len(report['findings'])} objectives are met.</p>"
    )
    notes = "".join(f'<p class="soft">{escape(note)}</p>' for note in report["notes"])
    return (
        f"<h1>Go-live check: {escape(report['profile'])}</h1><p>{escape(report['about'])}</p>"
        f'<p class="soft">{escape(report["began"])}, {report["seconds"]:.0f} s, {escape(", ".join(report["urls"]))}, '
        f"seed {report['seed']}</p>"
        f'<div class="verdict {css}"><b>{word}</b>{told}</div>{notes}'
    )


def _objectives(report: Mapping[str, Any]) -> str:
    rows = [
        (
            finding["title"],
            _number(finding["figure"]) + (f" {finding['unit']}" if finding["figure"] is not None else ""),
            ("at least " if finding["floor"] else "at most ") + shown(finding["bound"]),
            _word(finding["holds"]),
        )
        for finding in report["findings"]
    ]
    return "<h2>Objectives</h2>" + _table(("Objective", "Measured", "Wanted", ""), rows)


def _plots(report: Mapping[str, Any]) -> str:
    series, bounds = report["series"], {finding["name"]: finding["bound"] for finding in report["findings"]}
    seconds = series["seconds"]
    latency = [
        Line(name, css, list(zip(seconds, series[key], strict=True)))
        for name, css, key in (("p50", "c1", "p50_ms"), ("p95", "c2", "p95_ms"), ("p99", "c3", "p99_ms"))
    ]
    statuses = [(f"{status}", _status_css(status), counts) for status, counts in series["statuses"].items()]
    known = Rule(bounds["paid_to_known_p95_ms"], "p95 wanted") if "paid_to_known_p95_ms" in bounds else None
    limit = Rule(report["limit"], f"the limit: {report['limit']}") if report["limit"] else None
    admitted = [Line("admitted", "c1", series["admitted"], steps=True)]
    memory = lines("Memory of the server", "MB", [Line("memory", "c1", series["memory_mb"])])
    total = [Line("answers", "c1", list(zip(seconds, series["per_second"], strict=True)))]
    return "<h2>Over time</h2>" + "".join(
        (
            lines("Latency", "ms, of well-behaved users", latency),
            lines("Throughput", "answers a second", total),
            columns("Status codes", "answers a second", statuses),
            lines("Admitted in every sliding minute", f"requests, {series['busiest']}", admitted, limit),
            dots("From paid to known", "ms, one dot a payment", series["known_ms"], known),
            memory if series["memory_mb"] else "",
        )
    )


def _status_css(status: str) -> str:
    return {"2": "c1", "429": "c2", "4": "c4", "5": "c3"}.get(status if status == "429" else status[:1], "c5")


def _limits(report: Mapping[str, Any]) -> str:
    rows = [
        (
            row["check"],
            row["scope"],
            row["admitted"],
            row["refused"],
            row["worst"],
            row["over"],
            row["early"],
            _word(row["holds"]),
        )
        for row in _told_apart(report["limits"])
    ]
    if not rows:
        return ""
    names = ("Check", "Key or address", "Admitted", "Refused", "Worst window", "Over", "Early", "")
    return (
        "<h2>The limit</h2><p class='soft'>Over: more than the limit were surely admitted inside one window. "
        "Early: refused though fewer can have been admitted. Both are proofs; nothing is tolerated.</p>"
        + _table(names, rows)
    )


def _told_apart(rows: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """The rows, those of keys that only were used, and kept the limit, in one."""
    quiet = [row for row in rows if row["check"] == UNDER_LOAD and row["holds"]]
    if len(quiet) < 2:
        return list(rows)
    sums = {name: sum(row[name] for row in quiet) for name in ("admitted", "refused", "over", "early")}
    worst = max(row["worst"] for row in quiet)
    one = {"check": UNDER_LOAD, "scope": f"{len(quiet)} keys", "worst": worst, "holds": True, **sums}
    return [row for row in rows if row not in quiet] + [one]


def _books(report: Mapping[str, Any]) -> str:
    books = report["books"]
    if not books:
        return "<h2>The books</h2><p>Not closed: the simulator's ledger was not reachable.</p>"
    rows = [(title, books[name]) for name, title in BOOKS]
    rows += [(f"{status} in the service", count) for status, count in books["by_status"].items()]
    problems = [(one["kind"], one["md5"], one["told"]) for one in books["problems"][:200]]
    text = _table(("", "Payments"), rows)
    if problems:
        return f"<h2>The books</h2>{text}<h2>What does not add up</h2>{_table(('Kind', 'md5', 'What'), problems)}"
    source = (
        "the ledger, the API, the database and the webhooks"
        if books["database"]
        else "the ledger, the API and webhooks"
    )
    return f"<h2>The books</h2><p>Every payment is accounted for in {source}.</p>{text}"


def _calls(report: Mapping[str, Any]) -> str:
    names = ("Call", "Who", "Calls", "Failed", "429 obeyed", "p50 ms", "p95 ms", "p99 ms")
    rows = [
        (
            row["name"],
            row["who"],
            row["calls"],
            row["failed"],
            row["throttled"],
            *tuple(_number(row[key]) for key in ("p50_ms", "p95_ms", "p99_ms")),
        )
        for row in report["calls"]
    ]
    failures = [(count, why) for why, count in report["failures"].items()]
    shown_failures = f"<h2>Failures</h2>{_table(('How often', 'What'), failures)}" if failures else ""
    return f"<h2>Calls</h2>{_table(names, rows)}{shown_failures}"


def _table(names: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    head = "".join(f"<th>{escape(name)}</th>" for name in names)
    body = "".join("<tr>" + "".join(f"<td>{_cell(cell)}</td>" for cell in row) + "</tr>" for row in rows)
    return f'<div class="scroll"><table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>'


class _Html(str):
    """Text that is HTML already."""

    __slots__ = ()


def _word(holds: bool) -> _Html:  # noqa: FBT001  a value to show, not a switch
    return _Html('<b class="good">holds</b>' if holds else '<b class="bad">broken</b>')


def _cell(value: object) -> str:
    return value if isinstance(value, _Html) else escape(str(value))


def _number(value: float | None) -> str:
    return "not measured" if value is None else shown(value)
