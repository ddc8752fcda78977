"""A journey of the vectors, over the pure book: what each step comes to, the entries, and the view at the end."""

from collections import Counter

from bakong_service.domain import escrow_book as books
from bakong_service.domain.errors import EscrowError
from bakong_service.domain.escrow_numbers import amount_text, parse_amount


class Journey:
    def __init__(self, row):
        self.book = books.Book(amount=parse_amount(row["amount"]))
        self.rules = books.Rules(row.get("maxRefunds"), row.get("afterRelease") == "clawback")
        self.refunds, self.entries, self.released = {}, [], None

    def step(self, step):
        try:
            entry = getattr(self, step["op"])(step)
        except EscrowError as error:
            return error.code
        if entry:
            self.entries.append([[line.account.value, line.amount] for line in entry])
        return "ok"

    def pay(self, _step):
        self.book, entry = books.capture(self.book)
        return entry

    def fail(self, _step):
        self.book = books.fail(self.book)

    def refund(self, step):
        wanted = parse_amount(step["amount"]) if "amount" in step else None
        if "amount" in step and wanted is None:
            raise EscrowError("invalid_amount", step["amount"])
        self.book, part, entry = books.open_refund(self.book, wanted, self.rules)
        self.refunds[step["refund"]] = [part, "PROCESSING"]
        return entry

    def settle(self, step):
        if step["refund"] not in self.refunds:
            raise EscrowError("not_found", step["refund"])
        part, status = self.refunds[step["refund"]]
        if status != "PROCESSING":
            if status != step["outcome"]:
                raise EscrowError("refund_is_final", status)
            return None
        work = books.complete_refund if step["outcome"] == "COMPLETED" else books.fail_refund
        self.book, entry = work(self.book, part)
        self.refunds[step["refund"]][1] = step["outcome"]
        return entry

    def release(self, _step):
        self.book, parts, entry = books.release(self.book)
        self.released = {
            "amount": amount_text(parts.amount),
            "platformFee": amount_text(parts.fee),
            "netAmount": amount_text(parts.net),
            "agency": amount_text(parts.agency),
            "caregiver": amount_text(parts.caregiver),
        }
        return entry

    @property
    def view(self):
        balances = Counter()
        for entry in self.entries:
            for account, amount in entry:
                balances[account] += amount
        return {
            "payment": self.book.payment.value,
            "escrow": self.book.escrow.value,
            "available": amount_text(self.book.available),
            "refunded": amount_text(self.book.refunded),
            "processing": amount_text(self.book.processing),
            "remaining": amount_text(self.book.remaining),
            "refunds": {
                name: {"amount": amount_text(part), "status": status} for name, (part, status) in self.refunds.items()
            },
            "released": self.released,
            "balances": {account: amount for account, amount in sorted(balances.items()) if amount},
        }
