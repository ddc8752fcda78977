"""A Redis that is there and does not do what the limiter needs: who is admitted, and where it is seen."""

import asyncio
import contextlib
import json
import shutil
import tempfile
from pathlib import Path

import pytest
import redis
from prometheus_client.parser import text_string_to_metric_families
from redis.exceptions import MovedError, ResponseError

from bakong_sandbox.stack.serving import free_port
from bakong_service.adapters.memory_admission import MemoryAdmission
from bakong_service.adapters.redis_admission import RETRY_US, RedisAdmission, connect, explained
from bakong_service.domain.admission import FAILURES
from tests.conftest import lacking
from tests.servers import OwnRedis, program
from tests.service.house import open_house

STATUS = "/api/subscriptions/status/sokha"


class Ticks:
    now_us = 0

    def __call__(self):
        return self.now_us


class Subject:
    """One process's limiter, and what it said when it changed."""

    def __init__(self, server):
        self.ticks, self.changes = Ticks(), []
        local = MemoryAdmission(lambda: 0, 100)
        self.admission = RedisAdmission(
            connect(server.url),
            100,
            prefix="t",
            local=local,
            ticks_us=self.ticks,
            on_change=lambda code, _message: self.changes.append(code),
        )

    async def admitted(self, count=150, who="key:shop"):
        return sum([(await self.admission.admit(who, "192.0.2.1")).admitted for _ in range(count)])

    def wait(self):
        self.ticks.now_us += RETRY_US


@contextlib.asynccontextmanager
async def own_redis(*options):
    if not program("redis-server"):
        lacking("redis-server is not installed")
    folder = tempfile.mkdtemp(prefix="redis-", dir="/tmp")
    server = await asyncio.to_thread(lambda: OwnRedis("--dir", folder, *options).start())
    try:
        yield server, redis.Redis(port=server.port)
    finally:
        server.thaw()
        server.stop()
        shutil.rmtree(folder, ignore_errors=True)


@contextlib.asynccontextmanager
async def subjects(server, count=2):
    made = [Subject(server) for _ in range(count)]
    try:
        yield made
    finally:
        for one in made:
            await one.admission.close()


def fill_memory(_server, admin):
    admin.config_set("maxmemory-policy", "noeviction")
    admin.config_set("maxmemory", "1mb")


def cannot_save(_server, admin):
    admin.execute_command("SET", "bakong", "anything")  # there is something to save
    shutil.rmtree(admin.config_get("dir")["dir"])
    admin.config_set("save", "3600 1")
    admin.bgsave()
    while admin.info("persistence")["rdb_bgsave_in_progress"]:
        pass
    assert admin.info("persistence")["rdb_last_bgsave_status"] == "err"


def change_password(_server, admin):
    admin.config_set("requirepass", "changed")
    admin.client_kill_filter(_type="normal", skipme=True)


# What happens to Redis, how it is mended, and the word for it.
FAULTS = {
    "full": (fill_memory, lambda _, admin: admin.config_set("maxmemory", "0"), "oom"),
    "a read-only replica": (
        lambda _, admin: admin.replicaof("127.0.0.1", "1"),
        lambda _, admin: admin.replicaof("NO", "ONE"),
        "readonly",
    ),
    "cannot save": (cannot_save, lambda _, admin: admin.config_set("save", ""), "misconf"),
    "too few replicas": (
        lambda _, admin: admin.config_set("min-replicas-to-write", "1"),
        lambda _, admin: admin.config_set("min-replicas-to-write", "0"),
        "noreplicas",
    ),
    "scripts forbidden": (
        lambda _, admin: admin.execute_command("ACL SETUSER default -evalsha"),
        lambda _, admin: admin.execute_command("ACL SETUSER default +evalsha"),
        "noperm",
    ),
    "keys forbidden": (
        lambda _, admin: admin.execute_command("ACL SETUSER default resetkeys ~other:*"),
        lambda _, admin: admin.execute_command("ACL SETUSER default allkeys"),
        "noperm",
    ),
    "another password": (change_password, lambda _, admin: admin.config_set("requirepass", ""), "noauth"),
    "frozen": (lambda server, _: server.freeze(), lambda server, _: server.thaw(), "unreachable"),
}


@pytest.mark.parametrize("name", FAULTS)
async def test_each_process_keeps_the_limit_by_itself_and_says_so_once(name):
    harm, mend, code = FAULTS[name]
    async with own_redis() as (server, admin), subjects(server) as both:
        assert [await one.admission.state() for one in both] == ["", ""]
        await asyncio.to_thread(harm, server, admin)
        assert [await one.admitted() for one in both] == [100, 100]
        for one in both:
            state = await one.admission.state()
            assert state.startswith("Redis ")
            assert state.endswith("each process limits by itself")
            for _ in range(3):
                one.wait()
                await one.admitted(2)
            assert (one.changes, one.admission.is_degraded) == ([code], True)
        await asyncio.to_thread(mend, server, admin)
        for one in both:
            one.wait()
        asked_while_frozen = 2 if name == "frozen" else 0  # Redis reads those on its return, and counts them
        assert sum([await one.admitted() for one in both]) in range(100 - asked_while_frozen, 101)
        for one in both:
            assert (await one.admission.state(), one.changes, one.admission.is_degraded) == ("", [code, ""], False)


@pytest.mark.parametrize("name", [name for name in FAULTS if name != "frozen"])
async def test_health_finds_out_before_any_request_does(name):
    harm, mend, code = FAULTS[name]
    async with own_redis() as (server, admin), subjects(server, 1) as (one,):
        assert await one.admission.state() == ""
        await asyncio.to_thread(harm, server, admin)
        assert await one.admission.state() != ""
        await asyncio.to_thread(mend, server, admin)
        one.wait()
        assert (await one.admission.state(), one.changes) == ("", [code, ""])


async def test_a_cluster_is_seen_although_it_answers_ping():
    async with own_redis("--cluster-enabled", "yes", "--cluster-port", str(free_port())) as (server, admin):
        assert admin.ping()
        async with subjects(server, 1) as (one,):
            assert "cluster" in await one.admission.state()
            assert await one.admitted() == 100


async def test_a_full_log_on_a_replica_refuses_without_a_write_and_counts_as_no_proof_of_health():
    """Reads succeed there: the limiter would come and go with each of them."""
    async with own_redis() as (server, admin), subjects(server, 1) as (one,):
        assert await one.admitted() == 100
        admin.replicaof("127.0.0.1", "1")
        assert await one.admitted() == 0
        assert await one.admission.state() != ""
        for _ in range(5):
            one.wait()
            await one.admitted(3)
        assert one.changes == ["readonly"]


async def test_wrong_keys_block_in_each_process_too():
    async with own_redis() as (server, admin), subjects(server, 1) as (one,):
        admin.replicaof("127.0.0.1", "1")
        for _ in range(FAILURES):
            await one.admission.failed("192.0.2.7")
        assert (await one.admission.admit("address:192.0.2.7", "192.0.2.7")).blocked
        assert one.changes == ["readonly"]


async def test_a_redis_that_refuses_is_asked_once_a_second_and_not_by_each_request():
    async with own_redis() as (server, admin), subjects(server, 1) as (one,):
        admin.replicaof("127.0.0.1", "1")
        await one.admitted(1)
        before = admin.info("commandstats")["cmdstat_evalsha"]["calls"]
        for _ in range(3):
            one.wait()
            await asyncio.gather(*(one.admission.admit("key:shop", "192.0.2.1") for _ in range(50)))
            await asyncio.gather(*(one.admission.state() for _ in range(50)))
        assert admin.info("commandstats")["cmdstat_evalsha"]["calls"] - before == 3


async def test_many_who_ask_for_health_at_once_cost_redis_one_question():
    async with own_redis() as (server, admin), subjects(server, 1) as (one,):
        await one.admission.state()
        before = admin.info("commandstats")["cmdstat_evalsha"]["calls"]
        assert set(await asyncio.gather(*(one.admission.state() for _ in range(200)))) == {""}
        assert admin.info("commandstats")["cmdstat_evalsha"]["calls"] - before == 2  # the limit's script, the block's


async def test_the_probe_leaves_nothing_that_does_not_expire():
    async with own_redis() as (server, admin), subjects(server, 1) as (one,):
        await one.admission.state()
        keyspace = admin.info("keyspace").get("db0", {"keys": 0, "expires": 0})
        assert keyspace["keys"] == keyspace["expires"]


async def test_more_requests_at_once_than_connections_are_limited_together():
    """They wait for a connection: one that counted by itself for want of one would admit what Redis refuses."""
    async with own_redis() as (server, _), subjects(server) as both:
        verdicts = await asyncio.gather(
            *(one.admission.admit("key:shop", "192.0.2.1") for one in both for _ in range(300))
        )
        assert sum(verdict.admitted for verdict in verdicts) == 100
        assert [one.changes for one in both] == [[], []]


async def test_a_flushed_redis_begins_to_count_anew_and_is_no_fault():
    async with own_redis() as (server, admin), subjects(server) as both:
        assert sum([await one.admitted() for one in both]) == 100
        admin.flushall()
        admin.script_flush()
        assert sum([await one.admitted() for one in both]) == 100
        assert [one.changes for one in both] == [[], []]


WORDS = [
    (ResponseError("MISCONF Redis is configured to save RDB snapshots"), "misconf"),
    (ResponseError("Error running script (call to f_1): @user_script:12: -OOM command not allowed"), "oom"),
    (MovedError("3999 127.0.0.1:6381", status_code="MOVED"), "moved"),
    (redis.exceptions.BusyLoadingError("Redis is loading the dataset in memory", status_code="LOADING"), "loading"),
    (redis.exceptions.ConnectionError("max number of clients reached", status_code="ERR"), "refused"),
    (ResponseError("unknown command 'EVALSHA'"), "refused"),
    (redis.exceptions.TimeoutError("Timeout reading from 127.0.0.1:6379"), "unreachable"),
    (ConnectionRefusedError(111, "refused"), "unreachable"),
]


@pytest.mark.parametrize(("error", "code"), WORDS, ids=[f"{row[1]}-{number}" for number, row in enumerate(WORDS)])
def test_an_error_of_redis_is_named_and_its_own_text_is_not_repeated(error, code):
    word, meaning = explained(error)
    assert word == code
    assert "127.0.0.1" not in meaning


async def test_health_log_and_metrics_tell_it(tmp_path):
    async with (
        own_redis() as (server, admin),
        open_house(tmp_path, redis_url=server.url, redis_prefix="t", rate_limit_per_minute=100) as house,
    ):

        async def health():
            document = (await house.client.get("/api/health")).json()
            return document["status"], document["services"]["redis"]

        async def metrics():
            text = (await house.client.get("/metrics")).text
            families = text_string_to_metric_families(text)
            samples = [sample for family in families for sample in family.samples]
            return {
                (sample.name, *sample.labels.values()): sample.value
                for sample in samples
                if sample.name in ("limiter_degraded", "limiter_fallbacks_total")
            }

        assert (await health())[1] == {"status": "healthy", "message": "answers", "limits": "all_processes"}
        assert await metrics() == {("limiter_degraded",): 0}
        admin.replicaof("127.0.0.1", "1")
        answers = [await house.client.get(STATUS) for _ in range(20)]
        assert {answer.status_code for answer in answers} == {200}
        status, part = await health()
        assert (status, part["status"], part["limits"]) == ("degraded", "degraded", "each_process")
        assert part["message"] == "Redis is a replica that takes no writes (READONLY): each process limits by itself"
        assert await metrics() == {("limiter_degraded",): 1, ("limiter_fallbacks_total", "readonly"): 1}
        admin.replicaof("NO", "ONE")
        async with asyncio.timeout(20):
            while (await health())[1]["status"] != "healthy":
                pass
        assert await metrics() == {("limiter_degraded",): 0, ("limiter_fallbacks_total", "readonly"): 1}
    lines = [json.loads(line) for line in (Path(tmp_path) / "logs" / "combined.log").read_text().splitlines()]
    told = [
        (line["event"], line.get("reason"), line["level"]) for line in lines if line["event"].startswith("limiter_")
    ]
    assert told == [("limiter_degraded", "readonly", "error"), ("limiter_restored", None, "warning")]
