"""From what users noted to the verdict, its exit code, and its three files."""

import json
import re
from io import StringIO
from xml.etree import ElementTree as ET

import pytest
from rich.console import Console

from bakong_loadtests.baseline import compare
from bakong_loadtests.baseline import read as read_baseline
from bakong_loadtests.errors import LoadError
from bakong_loadtests.measures import percentile, sliding_minutes
from bakong_loadtests.plan import LoadPlan
from bakong_loadtests.profiles import load
from bakong_loadtests.reconciliation import reconcile
from bakong_loadtests.recording import CallSeen, PaymentSeen, Records, records_of
from bakong_loadtests.report import write
from bakong_loadtests.slo import OBJECTIVES
from bakong_loadtests.verdict import Evidence, verdict
from bakong_sandbox.devkit.load.progress import print_verdict

S = 1_000_000_000
MS = 1_000_000


def call(at_s, took_ms=10, status=200, found="ok", who="journey", scope="key:0", name="status"):
    sent = round(at_s * S)
    return CallSeen(
        name, who, scope, sent, sent + round(took_ms * MS), status, found, "why" if found == "failed" else ""
    )


def payment(name="a"):
    return PaymentSeen(
        md5=name, transaction_id=f"t{name}", user_id="u", plan="PREMIUM", created_ns=S, paid_ns=2 * S, known_ns=3 * S
    )


def judged(calls, slo, payments=(), **more):
    records = Records(
        calls=list(calls), payments=list(payments), clocks={"m"}, began_ns=0, ended_ns=60 * S, processes=1
    )
    plan = LoadPlan(profile=load("smoke").model_copy(update={"slo": slo}), urls=("http://a",), keys=("k",))
    return verdict(Evidence(plan=plan, records=records, began="2026-02-11T00:00:00Z", **more))


def broken(report):
    return [finding["name"] for finding in report["findings"] if not finding["holds"]]


@pytest.mark.parametrize(("share", "expected"), [(0.5, 5), (0.95, 10), (0.9, 9), (0.01, 1), (1.0, 10)])
def test_a_percentile_is_a_value_that_was_measured(share, expected):
    assert percentile(list(range(10, 0, -1)), share) == expected


@pytest.mark.parametrize(
    ("calls", "slo", "broke"),
    [
        ([call(1), call(2, took_ms=900)], {"p50_ms": 10, "p99_ms": 899}, ["p99_ms"]),
        ([call(1), call(2, status=500, found="failed")], {"error_rate": 0.4}, ["error_rate"]),
        ([call(1)] * 3 + [call(2, status=429, found="ok", who="hammer")], {"error_rate": 0}, []),
        ([call(1), call(2, status=429, found="throttled")], {"error_rate": 0, "throttled_rate": 0}, ["throttled_rate"]),
        ([call(1), call(1, took_ms=9000, who="bad_keys")], {"p99_ms": 10}, []),
        ([call(1, found="absent", status=404)], {"calls_absent": 0}, ["calls_absent"]),
        ([call(at) for at in range(60)], {"throughput_at_least": 0.9, "p99_drift": 1.1}, []),
        ([call(at, took_ms=1 + at) for at in range(60)], {"p99_drift": 1.5}, ["p99_drift"]),
        ([call(n / 100) for n in range(101)], {"limit_proofs": 0}, ["limit_proofs"]),
        ([call(n / 100) for n in range(100)] + [call(60.1)], {"limit_proofs": 0}, []),
        ([call(1), call(2, status=429, found="throttled")], {"limit_proofs": 0}, ["limit_proofs"]),
        ([], {"p99_ms": 1, "paid_to_known_p95_ms": 1}, ["p99_ms", "paid_to_known_p95_ms"]),
    ],
    ids=str,
)
def test_an_objective_holds_or_breaks_by_what_was_measured(calls, slo, broke):
    report = judged(calls, slo)
    assert (broken(report), report["exit_code"]) == (broke, 1 if broke else 0)


def test_money_that_is_lost_breaks_the_verdict_and_is_named_in_every_file(tmp_path):
    books = reconcile([payment()], {"a": 1}, {"a": "PENDING"}, [])
    report = judged([call(1)], {"payments_lost": 0, "p99_ms": 100}, [payment()], books=books)
    assert broken(report) == ["payments_lost"]
    data, xml, page = write(report, tmp_path / "new" / "folder")
    assert json.loads(data.read_text())["holds"] is False
    suite = ET.fromstring(xml.read_text())
    assert [case.get("name") for case in suite if case.find("failure") is not None] == [
        "payments_lost",
        "every payment accounted for",
    ]
    assert "paid in the ledger, PENDING in the service" in page.read_text()


def test_the_page_needs_nothing_else_and_shows_five_plots(tmp_path):
    calls = [call(at / 7, took_ms=5 + at % 9) for at in range(200)] + [call(3, status=500, found="failed")]
    report = judged(calls, {"p99_ms": 100, "paid_to_known_p95_ms": 2000}, [payment()])
    text = write(report, tmp_path)[2].read_text()
    assert re.findall(r'(?:src|href)="', text) == []
    assert text.count("<svg") == 6
    assert "the limit: 100" in text
    ET.fromstring(re.sub(r"<!doctype html>|<meta[^>]*>", "", text))


def test_statuses_that_mean_the_same_share_their_words(tmp_path):
    calls = [call(at, status=status, found="taken") for at in range(3) for status in (200, 400, 401)]
    text = write(judged(calls, {"p99_ms": 100}), tmp_path)[2].read_text()
    assert "400, 401 refused, as bad bodies and keys have to be</" in text


def test_keys_that_kept_the_limit_share_a_row_and_one_that_did_not_has_its_own(tmp_path):
    kept = [call(at, scope=f"key:{number}") for number in range(9) for at in range(3)]
    broke = [call(at / 100, scope="key:greedy") for at in range(101)]
    text = write(judged([*kept, *broke], {"limit_proofs": 0}), tmp_path)[2].read_text()
    assert "<td>9 keys</td><td>27</td>" in text
    assert "<td>key:greedy</td><td>101</td>" in text
    assert "<td>key:1</td>" not in text


def test_a_server_that_grows_breaks_the_verdict_and_its_memory_is_drawn(tmp_path):
    grows = [(second, 50 + 5 * max(0, second - 40)) for second in range(60)]
    report = judged([call(1)], {"memory_drift": 1.1}, memory_mb=grows)
    assert broken(report) == ["memory_drift"]
    assert "Memory of the server" in write(report, tmp_path)[2].read_text()
    assert broken(judged([call(1)], {"memory_drift": 1.1}, memory_mb=[(second, 50) for second in range(60)])) == []


def test_what_a_server_answers_cannot_write_into_the_page(tmp_path):
    bad = call(1, status=500, found="failed")._replace(why="<script>alert(1)</script>", name="<b>")
    text = write(judged([bad], {"error_rate": 1}), tmp_path)[2].read_text()
    assert "<script>" not in text
    assert "<b>:" not in text


def test_records_survive_the_way_from_the_runner():
    records = Records(calls=[call(1)], payments=[payment()], clocks={"m"}, cpu_s=1.5, processes=2, ended_ns=5)
    assert records_of(json.loads(json.dumps(records.plain()))) == records


def test_workers_on_other_machines_are_not_held_to_each_others_clocks():
    refused = [call(1), call(2, status=429, found="throttled")]
    records = Records(calls=refused, clocks={"one", "other"}, ended_ns=S)
    plan = LoadPlan(
        profile=load("smoke").model_copy(update={"slo": {"limit_proofs": 0}}), urls=("http://a",), keys=("k",)
    )
    report = verdict(Evidence(plan=plan, records=records, began=""))
    assert report["holds"]
    assert any("several machines" in note for note in report["notes"])


def test_the_sliding_minutes_are_those_of_the_busiest_key():
    calls = [call(at, scope="key:busy") for at in (0, 1, 2, 61.5)] + [call(0, scope="key:idle")]
    by_key = sliding_minutes(Records(calls=calls))
    assert {key: [count for _, count in rows] for key, rows in by_key.items()} == {
        "key:busy": [1, 2, 3, 2],
        "key:idle": [1],
    }
    assert next(iter(by_key)) == "key:busy"


def test_a_run_beside_an_earlier_one(tmp_path):
    before, now = (judged([call(0, took)], {"p99_ms": 200}) for took in (100, 300))
    file = tmp_path / "report.json"
    file.write_text(json.dumps(before))
    compared = compare(read_baseline(file), now)
    row = next(row for row in compared["rows"] if row["name"] == "p99_ms")
    assert (row["before"], row["now"], row["change"]) == (100, 300, "+200 %")
    assert compared["newly_broken"] == ["p99_ms"]
    file.write_text("[]")
    with pytest.raises(LoadError, match=r"expected the report.json of"):
        read_baseline(file)


def test_an_interrupted_run_never_holds_and_what_broke_is_broken():
    whole, part = (judged([call(1)], {"p99_ms": 100}, interrupted=interrupted) for interrupted in (False, True))
    assert (whole["holds"], whole["exit_code"]) == (True, 0)
    assert (part["holds"], part["exit_code"], part["interrupted"]) == (False, 2, True)
    console = Console(file=StringIO(), width=200)
    print_verdict(console, part, "report.html")
    assert "Interrupted after 60 s: no verdict." in console.file.getvalue()
    assert "holds." not in console.file.getvalue()
    assert judged([call(1)], {"p99_ms": 1}, interrupted=True)["exit_code"] == 1


def test_every_objective_can_be_measured():
    books = reconcile([payment()], {"a": 1}, {"a": "PAID"}, [])
    calls = [call(at) for at in range(60)]
    report = judged(
        calls,
        dict.fromkeys(OBJECTIVES, 0),
        [payment()],
        books=books,
        upstream_calls=3,
        memory_mb=[(0, 1), (1, 1), (2, 1)],
    )
    assert [finding["name"] for finding in report["findings"] if finding["figure"] is None] == []
