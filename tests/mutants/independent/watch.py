"""The worker: asks Bakong for what is due, ends what nobody paid, and sends the post."""

import sqlite3
import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone

from bakong import Answer, Bakong
from ledger import Ledger
from post import Post
from store import Store

PHNOM_PENH = timezone(timedelta(hours=7))
LATE_MS = (60_000, 300_000, 900_000, 1_800_000, 3_600_000, 21_600_000, 86_400_000)
BATCH = 50


def pace(age_ms: int) -> int:
    """How long after a charge was opened it is asked how often."""
    return 5_000 if age_ms < 60_000 else 10_000 if age_ms < 180_000 else 15_000


def midnight_after(ms: int) -> int:
    local = datetime.fromtimestamp(ms / 1000, UTC).astimezone(PHNOM_PENH)
    return int((local.replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=1)).timestamp() * 1000)


class Watch:
    def __init__(self, store: Store, ledger: Ledger, bakong: Bakong, post: Post, now: Callable[[], int]) -> None:
        self.store, self.ledger, self.bakong, self.post, self.now = store, ledger, bakong, post, now
        self.turn = threading.Lock()
        self.moved = threading.Condition()
        self.well = True
        self._failures = 0
        self._list_closed = False

    def run(self) -> None:
        """The thread of the worker."""
        while True:
            with self.moved:
                self.moved.wait(1.0)
            self.tick()

    def tick(self) -> None:
        with self.turn:
            now = self.now()
            self._ask_due(now)
            with self.store.tx() as db:
                self.ledger.pass_time(db, now)
            self.post.deliver(now)

    def silent_until(self) -> int:
        return int(self.store.get("silent_until") or 0)

    def ask_one(self, no: int) -> None:
        """A client looks: ask for this one, unless it was asked a moment ago or Bakong is to be left alone."""
        now = self.now()
        with self.store.tx() as db:
            row = self.ledger.row(db, no)
        if row["state"] == "settled" or now < self.silent_until() or (row["asked_at"] or 0) > now - 2_000:
            return
        self._take([row], {row["md5"]: self.bakong.ask(row["md5"])}, now)

    def _ask_due(self, now: int) -> None:
        if now < self.silent_until():
            return
        with self.store.tx() as db:
            due = db.execute("select * from charge where ask_at<=? order by ask_at", (now,)).fetchall()
        for first in range(0, len(due), BATCH):
            rows = due[first : first + BATCH]
            answers = self._answers([row["md5"] for row in rows])
            self._take(rows, answers, now)
            if now < self.silent_until():
                return

    def _answers(self, md5s: list[str]) -> dict[str, Answer]:
        if len(md5s) > 1 and not self._list_closed:
            answers = self.bakong.ask_many(md5s)
            if answers[md5s[0]].verdict != "forbidden":
                return answers
            self._list_closed = True
        answers, downs = {}, 0
        for md5 in md5s:
            answers[md5] = self.bakong.ask(md5)
            downs = downs + 1 if answers[md5].verdict == "down" else 0
            if answers[md5].verdict in ("quota", "unauthorized") or downs == 3:
                break
        return answers

    def _take(self, rows: list[sqlite3.Row], answers: dict[str, Answer], now: int) -> None:
        verdicts = [answer.verdict for answer in answers.values()]
        with self.store.tx() as db:
            for row in rows:
                if row["md5"] in answers:
                    self._one(db, row, answers[row["md5"]], now)
        if "quota" in verdicts:
            self.well = False
            self.store.put("silent_until", str(midnight_after(now)))
        elif "down" in verdicts or "unauthorized" in verdicts:
            self.well = False
            self._failures += 1
            if all(verdict != "none" for verdict in verdicts):
                self.store.put("silent_until", str(now + min(10_000, 2_500 * 2**self._failures)))
        elif verdicts:
            self.well = True
            self._failures = 0

    def _one(self, db: sqlite3.Connection, row: sqlite3.Row, answer: Answer, now: int) -> None:
        if answer.verdict in ("down", "quota", "unauthorized", "forbidden"):
            wait = min(60_000, 5_000 * 2 ** row["fails"])
            db.execute("update charge set fails=fails+1, asked_at=?, ask_at=? where no=?", (now, now + wait, row["no"]))
            return
        if answer.verdict == "paid" and answer.tx is not None:
            self.ledger.settle(db, row, answer.tx, now)
        if answer.verdict == "failed":
            self.ledger.decline(db, row, now)
        elif now >= row["ends"]:
            self.ledger.lapse(db, row, now)
        db.execute(
            "update charge set asked_at=?, ask_at=?, fails=0 where no=? and state<>'settled'",
            (now, next_ask(row, now), row["no"]),
        )


def next_ask(row: sqlite3.Row, now: int) -> int | None:
    if now < row["ends"]:
        return int(min(now + pace(now - row["opened"]), row["ends"]))
    return next((int(row["ends"]) + late for late in LATE_MS if row["ends"] + late > now), None)
