"""A provider whose ledger is a file: what it was asked to do outlives the process that asked."""

import json
import os
from pathlib import Path

from tests.service.order_api.gateways import Gateway, Session


class KeptGateway(Gateway):
    """As Gateway; every change is a line of the file before it is answered."""

    def __init__(self, path, now_ms):
        super().__init__("stripe", now_ms)
        self._path = Path(path)
        self._path.touch()
        for line in self._path.read_text().splitlines():
            self._take(*json.loads(line))

    def _take(self, word, reference, *facts):
        if word == "made":
            self.sessions[reference] = Session(reference, *facts)
        elif word == "paid":
            self.sessions[reference].paid = facts[0]
        else:
            self.sessions[reference].refunds[facts[0]] = [facts[1], "done"]

    def _keep(self, *row):
        with self._path.open("a") as file:
            file.write(json.dumps(row) + "\n")
            file.flush()
            os.fsync(file.fileno())

    async def create(self, checkout):
        known = self.by_payment(checkout.payment_id)
        created = await super().create(checkout)
        if known is None:
            made = self.by_payment(checkout.payment_id)
            self._keep("made", made.reference, made.payment_id, made.minor, made.currency)
        return created

    def pays(self, reference, *, minor=None):
        is_new = super().pays(reference, minor=minor)
        if is_new:
            self._keep("paid", reference, self.sessions[reference].paid)
        return is_new

    async def refund(self, reference, money, key):
        is_new = key not in self.sessions[reference].refunds
        answer = await super().refund(reference, money, key)
        if is_new and key in self.sessions[reference].refunds:
            self._keep("back", reference, key, money.minor)
        return answer
