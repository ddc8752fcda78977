"""Charges and plans: what is asked for, what a paid charge buys, and what time does to both."""

import secrets
import sqlite3
from dataclasses import dataclass
from typing import Any

import money
from post import iso, write
from store import Store

LIFE_MS = 900_000
CYCLE_MS = money.CYCLE_S * 1000
GRACE_MS = 3 * 86_400_000
FIRST_ASK_MS = 5_000


class Refusal(Exception):
    def __init__(self, status: int, kind: str, text: str, wait_s: int | None = None) -> None:
        super().__init__(text)
        self.status, self.kind, self.text, self.wait_s = status, kind, text, wait_s


@dataclass(frozen=True)
class Ledger:
    store: Store
    prices: money.Prices
    account: str
    shop: str
    default_hook: str

    # Charges

    def open(
        self,
        db: sqlite3.Connection,
        owner: str,
        member: str,
        product: str,
        kind: str,
        minor: int,
        ccy: str,
        hook: str,
        now: int,
    ) -> sqlite3.Row:
        bill = "TP" + secrets.token_hex(7).upper()
        code = money.khqr(self.account, self.shop, minor, ccy, bill, now, now + LIFE_MS)
        cursor = db.execute(
            "insert into charge(owner,member,product,kind,minor,ccy,code,md5,state,opened,ends,hook,ask_at)"
            " values(?,?,?,?,?,?,?,?,'waiting',?,?,?,?)",
            (
                owner,
                member,
                product,
                kind,
                minor,
                ccy,
                code,
                money.md5(code),
                now,
                now + LIFE_MS,
                hook,
                now + FIRST_ASK_MS,
            ),
        )
        return self.row(db, int(cursor.lastrowid or 0))

    def row(self, db: sqlite3.Connection, no: int) -> sqlite3.Row:
        found: sqlite3.Row = db.execute("select * from charge where no=?", (no,)).fetchone()
        return found

    def of(self, db: sqlite3.Connection, owner: str, no: int) -> sqlite3.Row:
        found: sqlite3.Row | None = None
        if no < 1 << 63:  # what a column holds
            found = db.execute("select * from charge where no=? and owner=?", (no, owner)).fetchone()
        if found is None:
            raise Refusal(404, "no-such-charge", "There is no charge of this number.")
        return found

    def view(self, row: sqlite3.Row) -> dict[str, Any]:
        return {
            "no": row["no"], "member": row["member"], "product": row["product"], "for": row["kind"],
            "sum": money.shown(row["minor"], row["ccy"]), "ccy": row["ccy"], "khqr": row["code"], "md5": row["md5"],
            "state": row["state"], "openedAt": iso(row["opened"]), "endsAt": iso(row["ends"]),
            "settledAt": None if row["settled"] is None else iso(row["settled"]),
        }  # fmt: skip

    def waiting(self, db: sqlite3.Connection, owner: str, member: str, kind: str, now: int) -> sqlite3.Row | None:
        found: sqlite3.Row | None = db.execute(
            "select * from charge where owner=? and member=? and kind=? and state='waiting' and ends>?",
            (owner, member, kind, now),
        ).fetchone()
        return found

    def tell(self, db: sqlite3.Connection, row: sqlite3.Row, event: str, now: int) -> None:
        data = {"charge": row["no"], "md5": row["md5"], "member": row["member"], "product": row["product"]}
        write(db, row["hook"] or self.default_hook, event, data, now)

    def settle(self, db: sqlite3.Connection, row: sqlite3.Row, tx: dict[str, Any], now: int) -> None:
        """What Bakong reported for this charge: the money, or something that is not this charge's money."""
        right = (
            money.same(tx.get("amount"), row["minor"], row["ccy"])
            and tx.get("currency") == row["ccy"]
            and tx.get("toAccountId") == self.account
        )
        if not right:
            db.execute("update charge set odd=? where no=?", (str(tx.get("hash"))[:64], row["no"]))
            return
        moment = tx.get("acknowledgedDateMs")
        at = min(int(moment), now) if isinstance(moment, int) and moment >= row["opened"] else now
        changed = db.execute(
            "update charge set state='settled', settled=?, ask_at=null where no=? and state<>'settled'", (at, row["no"])
        )
        if changed.rowcount == 1:
            self.tell(db, row, "charge.settled", now)
            self.grant(db, row, at, now)

    def decline(self, db: sqlite3.Connection, row: sqlite3.Row, now: int) -> None:
        if db.execute("update charge set state='declined' where no=? and state='waiting'", (row["no"],)).rowcount == 1:
            self.tell(db, row, "charge.declined", now)

    def lapse(self, db: sqlite3.Connection, row: sqlite3.Row, now: int) -> None:
        if db.execute("update charge set state='lapsed' where no=? and state='waiting'", (row["no"],)).rowcount == 1:
            self.tell(db, row, "charge.lapsed", now)

    # Plans

    def plan(self, db: sqlite3.Connection, owner: str, member: str) -> sqlite3.Row | None:
        found: sqlite3.Row | None = db.execute(
            "select * from plan where owner=? and member=?", (owner, member)
        ).fetchone()
        return found

    def live(self, db: sqlite3.Connection, owner: str, member: str, now: int) -> sqlite3.Row:
        found = self.plan(db, owner, member)
        if found is None or found["state"] in ("ended", "left"):
            raise Refusal(409, "no-plan", "This member has no plan that runs.")
        return found

    def running(self, db: sqlite3.Connection, owner: str, member: str, now: int) -> sqlite3.Row:
        found = self.live(db, owner, member, now)
        if now >= found["until"]:
            raise Refusal(409, "overdue", "The plan's bill is overdue.")
        return found

    def set_plan(self, db: sqlite3.Connection, row: sqlite3.Row, **values: Any) -> None:
        names = ", ".join(f"{name}=:{name}" for name in values)
        db.execute(
            f"update plan set {names} where owner=:owner_ and member=:member_",
            values | {"owner_": row["owner"], "member_": row["member"]},
        )

    def grant(self, db: sqlite3.Connection, row: sqlite3.Row, at: int, now: int) -> None:
        plan = self.plan(db, row["owner"], row["member"])
        runs = plan is not None and plan["state"] not in ("ended", "left")
        if row["kind"] == "raise":
            if (
                plan is not None
                and runs
                and now < row["about"]
                and (plan["product"] != row["product"] or plan["lower_to"])
            ):
                self.set_plan(db, row, product=row["product"], lower_to=None, lower_at=None)
                self.tell(db, row, "plan.raised", now)
            else:
                db.execute("update charge set odd='buys nothing: to be paid back' where no=?", (row["no"],))
        elif plan is not None and runs:
            product = row["product"] if higher(row["product"], plan["product"]) else plan["product"]
            self.set_plan(db, row, state="on", product=product, until=plan["until"] + CYCLE_MS)
            self.tell(db, row, "plan.renewed", now)
        else:
            db.execute(
                "insert or replace into plan values(?,?,?,?,'on',?,?,null,null,?)",
                (row["owner"], row["member"], row["product"], row["ccy"], at, at + CYCLE_MS, row["hook"]),
            )
            self.tell(db, row, "plan.started", now)

    def pass_time(self, db: sqlite3.Connection, now: int) -> None:
        query = "select * from plan where state in ('on','leaving','owing') and (until<=? or lower_at<=?)"
        for plan in db.execute(query, (now, now)).fetchall():
            self._move(db, plan, now)

    def _move(self, db: sqlite3.Connection, plan: sqlite3.Row, now: int) -> None:
        word = {"md5": None, "charge": None}

        def tell(event: str, product: str) -> None:
            data = word | {"member": plan["member"], "product": product}
            write(db, plan["hook"] or self.default_hook, event, data, now)

        if plan["state"] == "leaving":
            self.set_plan(db, plan, state="left")
            tell("plan.left", plan["product"])
            return
        product = plan["product"]
        if plan["lower_to"] is not None and plan["lower_at"] <= now:
            product = plan["lower_to"]
            self.set_plan(db, plan, product=product, lower_to=None, lower_at=None)
            tell("plan.lowered", product)
        if plan["state"] == "on" and plan["until"] <= now:
            self.set_plan(db, plan, state="owing")
            tell("plan.owing", product)
        if plan["until"] + GRACE_MS <= now:
            self.set_plan(db, plan, state="ended")
            tell("plan.ended", product)


def higher(product: str, than: str) -> bool:
    return money.LADDER.index(product) > money.LADDER.index(than)
