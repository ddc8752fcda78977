"""The fourteen laws under any order of requests, time, faults and crashes, with two workers, on both databases.

ESCROW_EXAMPLES=200 is a campaign: `make campaign-escrow`.
"""

import asyncio
import os
import tempfile
from contextlib import AsyncExitStack
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from bakong_service.domain.escrow_numbers import HOLD_MS
from tests.service.escrow.books import Laws, everything
from tests.service.escrow.care import STRANGER, open_care
from tests.service.escrow.gateways import AFTER, BEFORE, CRASH, CRASH_AFTER, REFUSE, CrashError

EXAMPLES = int(os.environ.get("ESCROW_EXAMPLES", "2"))
STEPS = int(os.environ.get("ESCROW_STEPS", "25"))
AMOUNTS = ("15000", "0.01", "0.03", "0.30", "33.33", "1000.10")
OPERATIONS = ("create", "check", "finalise", "refund", "list")
FAULTS = (BEFORE, AFTER, REFUSE, CRASH, CRASH_AFTER)
TIMES = (1, 1_000, 30_000, 5 * 60_000, 899_999, 900_000, HOLD_MS - 1, HOLD_MS)


class Machine(RuleBasedStateMachine):
    """One world. storage: a context that gives the options of its database."""

    storage = None
    clawback = False

    def __init__(self):
        super().__init__()
        self.loop = asyncio.new_event_loop()
        self.opened = AsyncExitStack()
        self.payments, self.references, self.hooks = [], {}, 0

    def run(self, work):
        return self.loop.run_until_complete(work)

    @initialize()
    def begin(self):
        async def opened():
            folder = Path(self.opened.enter_context(tempfile.TemporaryDirectory()))
            options = await self.opened.enter_async_context(type(self).storage())
            after = "clawback" if self.clawback else "reject"
            care = await self.opened.enter_async_context(
                open_care(folder, options, workers=2, refund_after_release=after)
            )
            care.clock.on_failure = lambda _failure: None
            return care

        self.care = self.run(opened())
        self.laws = Laws(clawback=self.clawback)

    async def tried(self, *works):
        """Each at once; a crash is nobody's answer."""
        answers = await asyncio.gather(*works, return_exceptions=True)
        for answer in answers:
            if isinstance(answer, BaseException):
                if not isinstance(answer, CrashError):
                    raise answer
            else:
                assert answer.status_code < 500 or answer.status_code in (502, 503, 504), answer.text
        return answers

    @rule(amount=st.sampled_from(AMOUNTS), method=st.sampled_from(["BKASH", "NAGAD"]))
    def pay_for_a_job(self, amount, method):
        number = len(self.payments) + 1
        if number < 5:
            self.payments.append(self.run(self.care.made(number, float(amount), method)))

    @precondition(lambda self: self.payments)
    @rule(data=st.data())
    def attempt(self, data):
        payment = data.draw(st.sampled_from(self.payments))
        self.run(self.tried(self.care.attempt(payment, raw=True)))

    def theirs(self, payment):
        """What the provider has made for the payment."""
        gateway = self.care.gateway(payment)
        invoice = payment["invoiceNumber"].replace("-", "")
        return [ref for ref, made in gateway.checkouts.items() if made.bill_number.replace("-", "").startswith(invoice)]

    def drawn(self, data):
        """A payment and one of its references, or None."""
        payment = data.draw(st.sampled_from(self.payments))
        references = self.theirs(payment)
        return payment, data.draw(st.sampled_from(references)) if references else None

    @precondition(lambda self: self.payments)
    @rule(data=st.data(), state=st.sampled_from(["approve", "approve", "approve", "fail"]))
    def the_payer_acts(self, data, state):
        payment, reference = self.drawn(data)
        gateway = self.care.gateway(payment)
        if reference is None or gateway.accounts[reference].state != "open":
            return
        if state == "approve":
            gateway.approve(reference)
        else:
            gateway.accounts[reference].state = "failed"

    @precondition(lambda self: self.payments)
    @rule(data=st.data(), times=st.integers(1, 3))
    def conclude(self, data, times):
        payment, reference = self.drawn(data)
        if reference is not None:
            self.run(self.tried(*(self.care.conclude(payment, reference) for _ in range(times))))

    @precondition(lambda self: self.payments)
    @rule(data=st.data(), status=st.sampled_from(["success", "cancel", "failure"]))
    def the_browser_comes_back(self, data, status):
        payment, reference = self.drawn(data)
        if reference is not None:
            query = {"paymentID": reference, "status": status}
            self.run(self.tried(self.care.client.get(f"/pay/{payment['id']}/return", params=query)))

    @precondition(lambda self: self.payments)
    @rule(data=st.data(), status=st.sampled_from(["SUCCESS", "FAILED"]))
    def the_platform_tells(self, data, status):
        payment = data.draw(st.sampled_from(self.payments))
        self.hooks += 1
        self.run(self.tried(self.care.webhook(payment, status, f"T{self.hooks}")))
        before = self.stored()
        self.run(self.tried(self.care.webhook(payment, status, f"T{self.hooks}")))
        assert self.stored() == before, "law 10: a repeated webhook"

    @precondition(lambda self: self.payments)
    @rule(data=st.data(), part=st.sampled_from([None, 0.01, 0.02, 5000.0, 100.0]), times=st.integers(1, 2))
    def refund(self, data, part, times):
        payment = data.draw(st.sampled_from(self.payments))
        works = [self.care.refund(payment, part) for _ in range(times)]
        self.run(self.tried(*works, self.care.release(payment)) if data.draw(st.booleans()) else self.tried(*works))

    @precondition(lambda self: self.payments)
    @rule(data=st.data(), key=st.integers(0, 3))
    def refund_again_under_its_key(self, data, key):
        payment = data.draw(st.sampled_from(self.payments))
        work = self.care.refund(payment, 0.01, headers={"idempotency-key": f"{payment['id']}-{key}"})
        (first,) = self.run(self.tried(work))
        before = self.stored()
        work = self.care.refund(payment, 0.01, headers={"idempotency-key": f"{payment['id']}-{key}"})
        (again,) = self.run(self.tried(work))
        if first.status_code == 201:
            assert again.content == first.content, "law 10: a repeated refund"
            assert self.stored() == before, "law 10: a repeated refund"

    @precondition(lambda self: self.payments)
    @rule(data=st.data(), times=st.integers(1, 3))
    def release(self, data, times):
        payment = data.draw(st.sampled_from(self.payments))
        self.run(self.tried(*(self.care.release(payment) for _ in range(times))))

    @precondition(lambda self: self.payments)
    @rule(data=st.data(), status=st.sampled_from(["COMPLETED", "COMPLETED", "IN_PROGRESS"]))
    def the_job_changes(self, data, status):
        payment = data.draw(st.sampled_from(self.payments))
        self.run(self.care.job(int(payment["jobId"].removeprefix("job")), status=status))

    @rule(ms=st.sampled_from(TIMES))
    def time_passes(self, ms):
        self.run(self.care.clock.advance(ms))

    @rule(
        name=st.sampled_from(["bkash", "nagad"]),
        operation=st.sampled_from(OPERATIONS),
        faults=st.lists(st.sampled_from(FAULTS), min_size=1, max_size=3),
    )
    def faults_come(self, name, operation, faults):
        getattr(self.care, name).faults[operation].extend(faults)

    @precondition(lambda self: self.payments)
    @rule(data=st.data())
    def a_stranger_learns_and_changes_nothing(self, data):
        payment, before = data.draw(st.sampled_from(self.payments)), self.stored()
        answers = self.run(
            self.tried(
                self.care.refund(payment, by=STRANGER),
                self.care.release(payment, by=STRANGER),
                self.care.call("GET", f"/api/payments/{payment['id']}", by=STRANGER),
            )
        )
        assert {answer.status_code for answer in answers} == {404}, "law 13"
        assert self.stored() == before, "law 13"

    def stored(self):
        return self.run(self.care.core.store.read(everything))

    @invariant()
    def the_laws_hold(self):
        if hasattr(self, "care"):
            self.run(self.laws.check(self.care))

    def teardown(self):
        try:
            if hasattr(self, "care"):
                self.run(self.settle())
        finally:
            self.run(self.opened.aclose())
            self.loop.close()

    async def settle(self):
        """No fault any more, and time enough; what a person has to decide is decided by asking again."""
        for gateway in (self.care.bkash, self.care.nagad):
            for faults in gateway.faults.values():
                faults.clear()
        for ms in (60_000, 20 * 60_000, 3 * 3_600_000, 26 * 3_600_000):
            await self.care.clock.advance(ms)
        await self.laws.check_settled(self.care)


def run_machine(storage, examples, *, clawback=False):
    kind = type("Drawn", (Machine,), {"storage": staticmethod(storage), "clawback": clawback})
    case = kind.TestCase
    case.settings = settings(
        max_examples=examples,
        stateful_step_count=STEPS,
        deadline=None,
        derandomize=True,
        suppress_health_check=list(HealthCheck),
        print_blob=False,
    )
    case("runTest").runTest()


@pytest.fixture
def lend(request):
    """Makes contexts that give a database's options, for a loop of their own."""

    def of(name):
        if name == "postgresql":
            databases = request.getfixturevalue("postgres_databases")

            class Lent:
                async def __aenter__(self):
                    self.context = databases.lent()
                    return {"database_url": await self.context.__aenter__()}

                async def __aexit__(self, *error):
                    await self.context.__aexit__(*error)

            return Lent

        class Folder:
            async def __aenter__(self):
                return {}

            async def __aexit__(self, *_error):
                pass

        return Folder

    return of


@pytest.mark.timeout(7200)
@pytest.mark.parametrize("clawback", [False, True], ids=["reject", "clawback"])
@pytest.mark.parametrize("database", ["sqlite", "postgresql"])
def test_the_laws_hold_whatever_happens(lend, database, clawback):
    run_machine(lend(database), EXAMPLES, clawback=clawback)
