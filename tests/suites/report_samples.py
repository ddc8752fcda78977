"""A report of rules and a report of a load test, as runs make them; and what a person sees of a page."""

from html.parser import HTMLParser
from xml.etree.ElementTree import fromstring

from bakong_conformance.case import Step
from bakong_conformance.rules import Outcome, Report, Rule, Verdict
from bakong_loadtests.measures import Series

BLOCKS = {"title", "h1", "h2", "p", "div", "td", "th", "dt", "dd", "pre", "summary", "figcaption", "details", "text"}


def rule(name):
    return Rule(
        id=f"sample.{name}", title=f"Rule {name} & more", forbids=f"a wrong {name}", how=f"By {name}.", check=print
    )


def rules_report(text="1000 is not <small>"):
    broken = Outcome(
        rule=rule("amount"),
        verdict=Verdict.BROKEN,
        reason=text,
        drawn=(("number", "1000"), ("name", text)),
        journal=(Step("look at 1000", text), Step("wait")),
        cases=12,
        cases_until_broken=7,
        seconds=1.25,
        replay="bakong-sandbox verify sample --seed 7 --only sample.amount",
        steady=False,
    )
    unchecked = Outcome(rule=rule("limit"), verdict=Verdict.NOT_CHECKED, reason=text, cases=1, seconds=0.5)
    holds = Outcome(rule=rule("time"), verdict=Verdict.HOLDS, cases=100, seconds=2.0, replay="again")
    outcomes = (holds, broken, unchecked)
    facts = (("mode", "full"),)
    return Report(subject=text, suite="sample", profile="ci", seed=7, outcomes=outcomes, seconds=3.75, facts=facts)


def load_report(text="paid in the ledger, <PENDING> in the service"):
    def limit(check, scope, **more):
        row = {"check": check, "scope": scope, "admitted": 100, "refused": 3, "worst": 99, "over": 0, "early": 0}
        return {**row, "broken": 0, "holds": True, "message": "0 over", **more}

    def finding(name, figure, *, holds, floor=False):
        row = {"name": name, "title": f"Objective {name}", "unit": "ms", "bound": 250.0, "figure": figure}
        return {**row, "floor": floor, "holds": holds, "message": f"{name}: {text}"}

    series = Series(
        seconds=[0, 1, 2],
        p50_ms=[1.0, None, 3.0],
        p95_ms=[2.0, None, 4.0],
        p99_ms=[3.0, None, 5.0],
        per_second=[10, 0, 12],
        statuses={"200": [9, 0, 12], "429": [1, 0, 0], "503": [0, 0, 1]},
        known_ms=[(0.5, 120.0)],
        admitted=[(0.1, 1), (2.5, 2)],
        busiest="key:3",
        admitted_by_key={"key:3": [(0.1, 1), (2.5, 2)], "key:4": [(0.2, 1)]},
        histogram=[(1, 4), (2, 0), (5, 2)],
    )
    return {
        "holds": False,
        "exit_code": 1,
        "profile": "smoke",
        "about": "Twenty seconds & more.",
        "began": "2026-02-11T00:00:00Z",
        "seconds": 20.4,
        "seed": 3,
        "urls": ["http://127.0.0.1:3002"],
        "limit": 100,
        "findings": [
            finding("p99_ms", 312.5, holds=False),
            finding("payments_at_least", None, holds=False, floor=True),
            finding("paid_to_known_p95_ms", 120.0, holds=True),
        ],
        "limits": [
            limit("under load", "key:1"),
            limit("under load", "key:2"),
            limit("attack: burst", "key:9", over=2, holds=False, message=text),
        ],
        "books": {
            "created": 3,
            "by_status": {"PAID": 2, "PENDING": 1},
            "paid_in_ledger": 3,
            "webhooks": 4,
            "webhook_ids": 3,
            "database": True,
            "problems": [{"kind": "lost", "md5": "0" * 32, "message": text}],
        },
        "calls": [
            {
                "name": "status",
                "who": "journey",
                "calls": 30,
                "failed": 1,
                "throttled": 0,
                "p50_ms": 1.25,
                "p95_ms": 20.0,
                "p99_ms": None,
            }
        ],
        "failures": {text: 1},
        "notes": [f"A note: {text}"],
        "series": {
            **{name: getattr(series, name) for name in Series.__slots__},
            "memory_mb": [(0.0, 50.0), (2.0, 51.0)],
            "users": [(0.0, 2, 4), (2.0, 4, 4)],
            "provider_calls": [(0.0, 0), (2.0, 7)],
            "webhook_ms": [(0.5, 12.5)],
        },
        "run": {"version": "0.9.0", "machine": "Linux x86_64, 2 cores", "command": "bakong-sandbox load smoke"},
        "baseline": {
            "began": "2026-02-10T00:00:00Z",
            "profile": "smoke",
            "seed": 3,
            "version": "0.8.0",
            "rows": [{"title": "99 of 100 answers within", "before": 100.0, "now": 150.0, "change": "+50 %"}],
            "newly_broken": ["p99_ms"],
        },
    }


def seen(page):
    """What a person sees of a page: its texts, a line each."""
    reader = _Reader()
    reader.feed(page)
    lines = (" ".join("".join(parts).split()) for parts in reader.lines)
    return "\n".join(line for line in lines if line) + "\n"


class _Reader(HTMLParser):
    def __init__(self):
        super().__init__()
        self.lines = [[]]
        self._in_style = False

    def handle_starttag(self, tag, attrs):
        self._in_style = tag in ("style", "script")
        if tag in BLOCKS:
            self.lines.append(["(open) "] if tag == "details" and "open" in dict(attrs) else [])

    def handle_endtag(self, tag):
        self._in_style = False
        if tag in BLOCKS:
            self.lines.append([])

    def handle_data(self, data):
        if not self._in_style:
            self.lines[-1].append(data)


def cases(xml):
    """The suite and the cases of a JUnit file, with all that a CI shows of them."""
    root = fromstring(xml)
    rows = [f"{root.tag} {sorted(root.attrib.items())}"]
    for case in root:
        rows.append(f"{case.tag} {sorted(case.attrib.items())}")
        rows += [f"  {part.tag} {sorted(part.attrib.items())}: {part.text!r}" for part in case]
    return "\n".join(rows) + "\n"
