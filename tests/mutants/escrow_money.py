"""The small escrow shop's money: shares, books, refunds and releases, with the bugs that concern them."""

from decimal import ROUND_HALF_EVEN, Decimal

from tests.mutants.escrow_clients import Refusal, Silent

HOUR_MS = 3_600_000
REFUND_STATES = {"PROCESSING", "COMPLETED", "FAILED"}


class Refused(Exception):
    def __init__(self, status, code="refused"):
        super().__init__(code)
        self.status, self.code = status, code


def half_up(numerator, denominator):
    return (2 * numerator + denominator) // (2 * denominator)


def text(minor):
    return f"{minor // 100}.{minor % 100:02d}"


class Money:
    """A part of EscrowShop."""

    # Shares

    def shares(self, minor, payment=None):
        """fee, caregiver, agency."""
        if self.has("shares-down"):
            fee, caregiver = minor * 500 // 10_000, minor * 500 // 10_000
            return fee, caregiver, minor - fee - caregiver
        if self.has("shares-half-even"):
            whole = [int((Decimal(minor) * bps / 10_000).quantize(Decimal(1), ROUND_HALF_EVEN)) for bps in (500, 1000)]
            return whole[0], whole[1] - whole[0], minor - whole[1]
        if self.has("shares-each"):
            return tuple(half_up(minor * bps, 10_000) for bps in (500, 500, 9000))
        if self.has("caregiver-of-net"):
            fee = half_up(minor * 500, 10_000)
            caregiver = half_up((minor - fee) * 500, 10_000)
            return fee, caregiver, minor - fee - caregiver
        if self.has("caregiver-alone"):
            fee = half_up(minor * 500, 10_000)
            return fee, fee, minor - 2 * fee
        if self.has("fee-per-refund") and payment:
            parts = [payment["captured"], *(-one["amount"] for one in self.done(payment))]
            fee = sum(half_up(abs(part) * 500, 10_000) * (1 if part > 0 else -1) for part in parts)
            return fee, fee, minor - 2 * fee
        if self.has("fee-of-gross") and payment:
            fee = half_up(payment["amount"] * 500, 10_000)
            return fee, fee, minor - 2 * fee
        if self.has("fee-of-whole-taka"):
            minor_fee = half_up(minor * 500, 10_000) // 100 * 100
            return minor_fee, half_up(minor, 10) - minor_fee, minor - half_up(minor, 10)
        fee = half_up(minor * 500, 10_000)
        both = half_up(minor * 1000, 10_000)
        return fee, both - fee, minor - both

    # Books

    def book(self, **lines):
        self.entries.append({name: amount for name, amount in lines.items() if amount})

    def balance(self, account):
        return sum(entry.get(account, 0) for entry in self.entries)

    def total(self):
        return sum(sum(entry.values()) for entry in self.entries)

    # What is left

    def done(self, payment):
        return [one for one in payment["refunds"] if one["status"] == "COMPLETED"]

    def processing(self, payment):
        return [one for one in payment["refunds"] if one["status"] == "PROCESSING"]

    def refunded(self, payment):
        counted = self.done(payment)
        if self.has("failed-counts"):
            counted = [one for one in payment["refunds"] if one["status"] != "PROCESSING"]
        return sum(one["amount"] for one in counted)

    def remaining(self, payment):
        return (payment["captured"] or payment["amount"]) - self.refunded(payment)

    def available(self, payment):
        reserved = sum(one["amount"] for one in self.processing(payment))
        if self.has("unreserved") or (self.has("third-unreserved") and len(payment["refunds"]) >= 2):
            reserved = 0
        if self.has("failed-keeps-reservation"):
            reserved += sum(one["amount"] for one in payment["refunds"] if one["status"] == "FAILED")
        return payment["captured"] - self.refunded(payment) - reserved

    # Capture

    def capture(self, payment, attempt, transaction):
        attempt["captured"] = True
        if payment["attempt"] is not None:
            self.surplus(payment, attempt)
            return
        late = self.now_ms >= payment["expires"] and payment["status"] == "EXPIRED"
        payment |= {"status": "COMPLETED", "captured": payment["amount"], "attempt": attempt["reference"]}
        if not self.has("trx-lost") and not (self.has("issuer-lost") and attempt["order"]):
            payment["transaction"] = transaction
        if not self.has("held-never"):
            payment["escrow"] = "HELD"
        self.book(gateway_clearing=payment["amount"], escrow_liability=-payment["amount"])
        if late:
            payment["late"] = True
            if not self.has("late-kept"):
                self.open_refund(payment, payment["amount"], "LATE_PAYMENT")

    def surplus(self, payment, attempt):
        self.book(gateway_clearing=payment["amount"], unallocated=-payment["amount"])
        if self.has("surplus-kept"):
            return
        if self.has("surplus-from-escrow"):
            self.open_refund(payment, payment["amount"], "SURPLUS")
            return
        refund = self.new_refund(payment, payment["amount"], "SURPLUS")
        refund["attempt"] = attempt["reference"]
        self.surplus_refunds.append((payment, refund))

    # Refunds

    def new_refund(self, payment, amount, reason):
        self.count += 1
        return {
            "id": f"r{self.count}",
            "amount": amount,
            "status": "PROCESSING",
            "reason": reason,
            "at": self.now_ms,
            "attempt": payment["attempt"],
            "sent": False,
            "before": None,
            "gateway": None,
            "tries": 0,
        }

    def open_refund(self, payment, amount, reason):
        refund = self.new_refund(payment, amount, reason)
        payment["refunds"].append(refund)
        self.book(escrow_liability=amount, refund_payable=-amount)
        return refund

    async def refund(self, payment, body):
        if payment["status"] not in ("COMPLETED", "REFUNDED") and not self.has("refund-unpaid"):
            raise Refused(409, "payment_not_refundable")
        if payment["escrow"] == "RELEASED" and not self.has("refund-after-release"):
            raise Refused(409, "escrow_released")
        available = self.available(payment)
        if self.has("whole-is-all") and "amount" not in body:
            available = payment["captured"]
        amount = self.refund_amount(body["amount"]) if "amount" in body else available
        if self.has("refund-racy"):
            await self.meeting()
        slack = 1 if self.has("over-by-a-poisha") else 10**12 if self.has("over-unchecked") else 0
        if amount > available + slack or (amount <= 0 and "amount" not in body):
            raise Refused(422, "refund_exceeds_available")
        most = 9 if self.has("limit-nine") else 10**6 if self.has("limit-unchecked") else 10
        counted = [one for one in payment["refunds"] if one["status"] != "FAILED"]
        if payment["method"] == "BKASH" and len(counted) >= most:
            raise Refused(422, "refund_limit_reached")
        refund = self.open_refund(payment, amount, body.get("reason", ""))
        if self.has("refund-completed-at-once"):
            await self.send_refund(payment, refund)
        return 201, self.refund_shown(payment, refund) | {"paymentId": payment["id"]}

    def refund_amount(self, value):
        if self.has("refund-rounds") and isinstance(value, str):
            try:
                return round(float(value) * 100)
            except ValueError:
                raise Refused(422, "invalid_amount") from None
        if self.has("refund-zero") and isinstance(value, str) and value == "0.0":
            return 0
        return self.amount(value)

    def refund_shown(self, payment, refund):
        days = 7 if self.has("expected-in-seven-days") else 3
        amount = payment["amount"] if self.has("list-amount-of-payment") else refund["amount"]
        return {
            "refundId": refund["id"],
            "status": refund["status"],
            "amount": amount / 100,
            "reason": refund["reason"],
            "initiatedAt": self.iso(refund["at"]),
            "expectedCompletionTime": self.iso(refund["at"] + days * 24 * HOUR_MS),
        }

    async def work_refunds(self):
        for payment in list(self.payments.values()):
            for refund in self.processing(payment):
                await self.send_refund(payment, refund)
                if refund["status"] == "PROCESSING":
                    break  # one at a time: what is found at the provider must be this one's
        for payment, refund in self.surplus_refunds:
            if refund["status"] == "PROCESSING":
                await self.send_refund(payment, refund, surplus=True)

    async def send_refund(self, payment, refund, *, surplus=False):
        """Ask before every repeat. A refund without an outcome stays as it is."""
        ask = self.bkash_refund if payment["method"] == "BKASH" else self.nagad_refund
        refund["tries"] += 1
        try:
            gateway = await ask(payment, refund)
        except Refusal:
            outcome, gateway = ("COMPLETED" if self.has("failed-completes") else "FAILED"), None
        except Silent:
            if self.has("refund-timeout-fails") and refund["tries"] == 1:
                outcome, gateway = "FAILED", None
            elif self.has("lost-refund-completed"):
                outcome, gateway = "COMPLETED", None
            elif self.has("silence-fails") and refund["tries"] > 1:
                outcome, gateway = "FAILED", None
            else:
                return
        else:
            outcome = "COMPLETED"
        self.settle_refund(payment, refund, outcome, gateway, surplus=surplus)

    def settle_refund(self, payment, refund, outcome, gateway, *, surplus):
        refund["status"], refund["gateway"] = outcome, gateway
        amount = refund["amount"]
        if surplus:
            self.book(unallocated=amount, gateway_clearing=-amount)
            return
        if outcome == "FAILED":
            self.book(refund_payable=amount, escrow_liability=-amount)
            if self.has("failed-voids"):
                payment["escrow"] = "VOID"
            return
        if self.has("books-one-sided"):
            self.book(refund_payable=amount)
        elif not self.has("books-refund-unbooked"):
            self.book(refund_payable=amount, gateway_clearing=-amount)
        if self.has("part-unheld"):
            payment["escrow"] = "AWAITING_FUNDS"
        if (self.refunded(payment) >= payment["captured"] or self.has("part-is-all")) and payment["escrow"] == "HELD":
            payment["escrow"] = "REFUNDED"
            if not self.has("refunded-stays-completed"):
                payment["status"] = "REFUNDED"

    async def bkash_refund(self, payment, refund):
        """The provider's number of the refund."""
        attempt = self.attempts[refund["attempt"]]
        known = {one["gateway"] for one in payment["refunds"] if one["gateway"]}
        if self.has("refund-asks-first"):
            rows = await self.bkash.refunds(attempt["reference"], attempt["transaction"])
            if mine := [trx for trx, amount in rows if amount == text(refund["amount"])]:
                return mine[0]
        elif refund["sent"] and not self.has("refund-timeout-repeats"):
            rows = await self.bkash.refunds(attempt["reference"], attempt["transaction"])
            mine = [trx for trx, amount in rows if trx not in known and amount == text(refund["amount"])]
            if mine:
                return mine[0]
        refund["sent"] = True
        body = {"paymentID": attempt["reference"], "trxID": attempt["transaction"], "amount": text(refund["amount"])}
        answer = await self.bkash.call("payment/refund", body | {"sku": payment["id"], "reason": "refund"})
        return answer["refundTrxID"]

    async def nagad_refund(self, payment, refund):
        attempt = self.attempts[refund["attempt"]]
        if refund["sent"] and self.has("refund-timeout-repeats"):
            refund["id"] += "x"
        elif self.has("nagad-refund-asks-first") or refund["sent"]:
            last = (await self.nagad.verify(attempt["reference"]))["cancelIssuerRefNo"]
            known = {one["gateway"] for one in payment["refunds"]}
            if last is not None and (last not in known or self.has("nagad-refund-asks-first")):
                return last
        refund["sent"] = True
        original = text(payment["amount"])
        return await self.nagad.cancel(
            attempt["reference"], attempt["order"], original, text(refund["amount"]), refund["id"]
        )

    # Release

    async def release(self, payment):
        state = payment["escrow"]
        if state == "RELEASED" and not self.has("release-again"):
            raise Refused(409, "already_released")
        empty = state == "REFUNDED" and self.has("release-empty")
        unpaid = state in ("AWAITING_FUNDS", "VOID") and self.has("release-unpaid")
        if state != "HELD" and not empty and not unpaid and not self.has("release-again"):
            raise Refused(409, "escrow_not_held")
        if self.has("release-again") and state not in ("HELD", "RELEASED"):
            raise Refused(409, "escrow_not_held")
        if self.processing(payment) and not self.has("release-beside-refund"):
            raise Refused(409, "refund_in_progress")
        if self.has("release-racy"):
            await self.meeting()
        return 200, self.do_release(payment)

    def do_release(self, payment):
        remaining = self.remaining(payment)
        fee, caregiver, agency = self.shares(remaining, payment)
        if not self.has("release-is-forgotten"):
            payment["escrow"], payment["released"] = "RELEASED", self.now_ms
        self.book(escrow_liability=remaining, platform_fee=-fee, agency_payable=-agency, caregiver_payable=-caregiver)
        return {
            "escrowId": f"e{payment['id']}",
            "amount": remaining / 100,
            "platformFee": fee / 100,
            "netAmount": (remaining - fee) / 100,
            "status": payment["escrow"],
            "releasedTo": {"agency": {"amount": agency / 100}, "caregiver": {"amount": caregiver / 100}},
            "releasedAt": self.iso(self.now_ms),
        }

    def auto_release(self):
        after = 48 * HOUR_MS - (HOUR_MS if self.has("auto-47-hours") else 0)
        for payment in self.payments.values():
            done = self.jobs.get(payment["job"], {}).get("completed")
            if self.has("auto-from-payment"):
                done = payment["created"]
            late = 1 if self.has("auto-after-its-time") else 0
            if done is None or self.now_ms < done + after + late:
                continue
            states = ("HELD", "RELEASED") if self.has("auto-again") else ("HELD",)
            if payment["escrow"] not in states or payment["auto-given-up"]:
                continue
            if self.processing(payment) and not self.has("auto-beside-refund"):
                payment["auto-given-up"] = self.has("auto-forgotten")
                continue
            self.do_release(payment)
