"""Payments that many guardians make at once are stored by one commit, and none can tell that others were with it."""

import asyncio
import threading

import asyncpg
import pytest
from sqlalchemy import text

from bakong_service.adapters.sql import postgres, sqlite
from bakong_service.adapters.sql.group_commit import by_shape, planned
from bakong_service.domain.escrow_roles import Actor
from bakong_service.usecases.escrow.paying import WantedPayment, create_payment
from bakong_service.usecases.unit_of_work import transact

PAYS = {"amount": 15000, "method": "BKASH", "currency": "BDT"}


@pytest.fixture
def commits(monkeypatch):
    """How many rows each group had that was stored."""
    groups = []

    def counted(rows):
        kept = list(rows)
        groups.append(len(kept))
        return by_shape(kept)

    for module in (postgres, sqlite):
        monkeypatch.setattr(module, "by_shape", counted)
    return groups


async def make(care, number):
    wanted = WantedPayment(f"job{number}", 1_500_000, "BKASH", "BDT")
    return await transact(care.core, lambda unit: create_payment(unit, Actor(f"g{number}", "GUARDIAN"), wanted))


async def stored(care):
    """The jobs that have a payment, and how many audit rows say that one was made."""

    def rows(connection):
        jobs = connection.execute(text("SELECT open_job_id FROM escrow_payments ORDER BY open_job_id")).scalars()
        audited = connection.execute(text("SELECT count(*) FROM audit_logs WHERE action = 'escrow.create'"))
        return list(jobs), audited.scalar()

    return await care.core.store.migrate(rows)


async def test_payments_for_many_jobs_at_once_are_one_commit(care, commits):
    for number in range(1, 11):
        await care.job(number)
    commits.clear()
    made = await asyncio.gather(*(make(care, number) for number in range(1, 11)))
    assert len({payment.number_ms for payment in made}) == 10
    assert len([size for size in commits if size]) <= 3
    assert sum(commits) == 20
    assert await stored(care) == (sorted(f"job{number}" for number in range(1, 11)), 10)


async def test_among_many_each_is_answered_as_if_it_were_alone(care):
    for number in range(1, 7):
        await care.job(number)
    await care.create(6)
    same_key = {"headers": {"idempotency-key": "key-of-job-5"}}
    answers = await asyncio.gather(
        care.create(1),
        care.create(2),
        care.create(2),
        care.call("POST", "/api/payments", PAYS | {"jobId": "job3"}, by=("g4", "GUARDIAN")),
        care.create(99),
        care.create(5, **same_key),
        care.create(6),
        care.call("POST", "/api/payments", PAYS | {"jobId": "job4"}, by=("c4", "CAREGIVER")),
    )
    codes = [answer.json().get("code", answer.status_code) for answer in answers]
    assert sorted(map(str, codes[1:3])) == ["201", "job_has_payment"]
    assert [codes[0], *codes[3:]] == [
        *(201, "job_not_found", "job_not_found", 201, "job_has_payment", "forbidden"),
    ]
    again = await care.create(5, **same_key)
    assert (again.content, again.headers["idempotent-replayed"]) == (answers[5].content, "true")
    assert await stored(care) == (["job1", "job2", "job5", "job6"], 4)


async def test_a_job_that_somebody_holds_holds_up_no_other(care, storage):
    if not storage:
        pytest.skip("SQLite has one writer, and no locks of rows")
    await asyncio.gather(*(care.job(number) for number in (1, 2)))
    somebody = await asyncpg.connect(storage["database_url"])
    try:
        held = somebody.transaction()
        await held.start()
        await somebody.execute("SELECT * FROM jobs WHERE id = 'job1' FOR UPDATE")
        waiting = asyncio.create_task(care.create(1))
        assert (await care.create(2)).status_code == 201
        assert not waiting.done()
        await held.rollback()
        assert (await waiting).status_code == 201
    finally:
        await somebody.close()


async def test_who_gives_up_before_the_commit_is_stored_nowhere_and_the_others_are(care, monkeypatch):
    for number in range(1, 5):
        await care.job(number)
    loop, gone = asyncio.get_running_loop(), threading.Event()

    def give_up():
        tasks[2].cancel()
        gone.set()

    def plan_slowly(group, jobs, seal):
        if "job3" in jobs and not gone.is_set():
            if threading.current_thread() is threading.main_thread():
                give_up()
            else:  # SQLite's writer
                loop.call_soon_threadsafe(give_up)
                gone.wait()
        return planned(group, jobs, seal)

    for module in (postgres, sqlite):
        monkeypatch.setattr(module, "planned", plan_slowly)
    tasks = [asyncio.create_task(care.create(number)) for number in range(1, 5)]
    answers = await asyncio.gather(*tasks, return_exceptions=True)
    assert gone.is_set()
    assert [getattr(answer, "status_code", 0) for answer in answers] == [201, 201, 0, 201]
    assert await stored(care) == (["job1", "job2", "job4"], 3)


async def test_a_job_that_changes_after_it_was_read_is_read_again(care, storage, monkeypatch):
    if not storage:
        pytest.skip("SQLite has one writer: nothing changes while it plans")
    for number in range(1, 4):
        await care.job(number)
    groups = []

    def plan_late(group, jobs, seal):
        groups.append(sorted(jobs))
        asyncio.run_coroutine_threadsafe(somebody_else(), other).result()
        return planned(group, jobs, seal)

    async def somebody_else():
        connection = await asyncpg.connect(storage["database_url"])
        await connection.execute("UPDATE jobs SET guardian_id = 'g9' WHERE id = 'job2'")
        await connection.close()

    monkeypatch.setattr(postgres, "planned", plan_late)
    other = asyncio.new_event_loop()
    thread = threading.Thread(target=other.run_forever)
    thread.start()
    try:
        answers = await asyncio.gather(*(care.create(number) for number in range(1, 4)))
    finally:
        other.call_soon_threadsafe(other.stop)
        thread.join()
        other.close()
    assert ["job1", "job2", "job3"] in groups or ["job2"] in groups or ["job2", "job3"] in groups
    assert [answer.status_code for answer in answers] == [201, 404, 201]
    assert await stored(care) == (["job1", "job3"], 2)


async def test_a_damaged_job_fails_alone(care):
    for number in range(1, 5):
        await care.job(number)
    await care.core.store.migrate(lambda opened: opened.execute(text("UPDATE jobs SET parties='x' WHERE id='job2'")))
    answers = await asyncio.gather(*(care.create(number) for number in range(1, 5)))
    assert [answer.status_code for answer in answers] == [201, answers[1].status_code, 201, 201]
    assert answers[1].status_code >= 500
    assert await stored(care) == (["job1", "job3", "job4"], 3)
