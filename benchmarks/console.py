"""What the console costs: the hot path while a journal page is open, a start and its memory without it, its pages.

    python -m benchmarks.console

An open page costs the same under any load: at most four events a second, and two windows of rows. What it costs is
measured as the server's time on a core, so that a busy machine changes little.
"""

import asyncio
import json
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import httpx

from bakong_sandbox.stack.options import Options
from bakong_sandbox.stack.sandbox import run
from bakong_simulator.console.pages import PAGES
from bakong_simulator.kernel.journal import BYTES_PER_CALL

ROUNDS, SLICE_S, CALLS_A_SECOND = 7, 4, 40
MANY = 100_000
STARTED = """
import asyncio, json, resource, sys, tempfile, time
from pathlib import Path
from bakong_sandbox.stack.options import Options
from bakong_sandbox.stack.sandbox import run
async def main():
    async with run(Options(data_dir=Path(tempfile.mkdtemp()), port=0, service_port=None)) as stack:
        took = time.process_time()
        opened = [name for name in ("jinja2", "bakong_simulator.console.app") if name in sys.modules]
        kib = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        print(json.dumps({"start_cpu_s": round(took, 2), "rss_mib": round(kib / 1024, 1), "console_modules": opened}))
asyncio.run(main())
"""


def request(host, port, token, body):
    head = f"POST /v1/check_transaction_by_md5 HTTP/1.1\r\nhost: {host}:{port}\r\nauthorization: Bearer {token}\r\n"
    return f"{head}content-type: application/json\r\ncontent-length: {len(body)}\r\n\r\n".encode() + body


async def calls(port, wire, seconds):
    """So many calls a second that a stream has news for each of its events, as it has under any load."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    ends, done = time.perf_counter() + seconds, 0
    while time.perf_counter() < ends:
        writer.write(wire)
        head = await reader.readuntil(b"\r\n\r\n")
        await reader.readexactly(int(head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0]))
        done += 1
        await asyncio.sleep(1 / CALLS_A_SECOND)
    writer.close()
    return done


def on_cpu_s(process):
    """The time that the threads of a process have had a core, whatever else the machine does."""
    threads = Path(f"/proc/{process.pid}/task").glob("*/schedstat")
    return sum(int(one.read_text(encoding="utf-8").split()[0]) for one in threads) / 1e9


async def reader_of_a_page(url, stop):
    """What an open journal page asks for: the stream, and twice a second the newest rows."""
    async with httpx.AsyncClient(timeout=None) as client:

        async def rows():
            while not stop.is_set():
                await client.get(f"{url}/journal/rows", params={"count": 100})
                await asyncio.sleep(0.5)

        async def stream():
            async with client.stream("GET", f"{url}/journal/stream", params={"latest": 1}) as answer:
                async for _ in answer.aiter_lines():
                    if stop.is_set():
                        return

        following = asyncio.create_task(stream())
        await rows()
        following.cancel()


def served(folder):
    """A sandbox in a process of its own."""
    command = [
        sys.executable,
        "-P",
        "-c",
        "from bakong_sandbox.cli import main; main()",
        "up",
        "--json",
        "--no-service",
    ]
    process = subprocess.Popen([*command, "--port", "0", "--data-dir", folder], stdout=subprocess.PIPE)
    return process, json.loads(process.stdout.readline())


async def hot_path():
    with tempfile.TemporaryDirectory() as folder:
        process, ready = served(folder)
        try:
            url, port = ready["bakong_url"], int(ready["bakong_url"].rpartition(":")[2])
            world = f"{url}/sandbox/worlds/default"
            async with httpx.AsyncClient(timeout=60) as client:
                await client.get(f"{url}/console/default/journal")
            wire = request("127.0.0.1", port, ready["token"], json.dumps({"md5": "0" * 32}).encode())
            await calls(port, wire, 1)
            costs = []
            for _ in range(ROUNDS):
                spent = []
                for is_open in (False, True):
                    stop = asyncio.Event()
                    page = asyncio.create_task(reader_of_a_page(world, stop)) if is_open else None
                    begun, at = on_cpu_s(process), time.perf_counter()
                    done = await calls(port, wire, SLICE_S)
                    spent.append((on_cpu_s(process) - begun) / (time.perf_counter() - at))
                    stop.set()
                    await (page or asyncio.sleep(0))
                costs.append(spent[1] - spent[0])
            print(f"a journal page that is open takes {100 * statistics.median(costs):.2f} % of a core")
            print(f"  (median of {ROUNDS} rounds of {SLICE_S} s, {done} calls in the last)")
        finally:
            process.terminate()
            process.wait()


async def pages():
    with tempfile.TemporaryDirectory() as folder:
        async with run(Options(data_dir=Path(folder), port=0, service_port=None)) as stack:
            world = stack.worlds.default
            world.journal_bytes = MANY * BYTES_PER_CALL
            entry = (0, "bakong", "check_transaction_by_md5", "POST", "check_transaction_by_md5", "", "", "", "")
            for number in range(MANY):
                world.journal.record(
                    (*entry, f"{number:032x}", 1, "manual", None, 200, None, None, 0, b"", (), b"{}", b"{}", 0, ())
                )
            async with httpx.AsyncClient(base_url=stack.bakong_url, timeout=60) as client:
                for name in PAGES:
                    await client.get(f"/console/default/{name}")
                    taken = [await timed(client, f"/console/default/{name}") for _ in range(9)]
                    print(f"page {name}: {1000 * statistics.median(taken):.1f} ms")
                for what, query in (
                    ("the newest", {}),
                    ("of the middle", {"offset": MANY // 2}),
                    ("filtered", {"status": 200}),
                ):
                    taken = [await timed(client, "/sandbox/worlds/default/journal/rows", **query) for _ in range(9)]
                    print(f"100 rows of {len(world.journal)}, {what}: {1000 * statistics.median(taken):.1f} ms")


async def first_openings():
    """Of each page: a core's time when it is the first that a sandbox is asked for, and later; and all its bytes."""
    for name in PAGES:
        with tempfile.TemporaryDirectory() as folder:
            process, ready = served(folder)
            try:
                async with httpx.AsyncClient(base_url=ready["bakong_url"], timeout=60) as client:
                    await client.get("/sandbox/worlds")
                    spent = []
                    for _ in range(4):
                        begun = on_cpu_s(process)
                        page = await client.get(f"/console/default/{name}")
                        spent.append(1000 * (on_cpu_s(process) - begun))
                    files = sorted(set(re.findall(r"/console/-/static/[^\"]+", page.text)))
                    sizes = [len((await client.get(file)).content) for file in files]
            finally:
                process.terminate()
                process.wait()
        weight = (len(page.content) + sum(sizes)) / 1000
        print(
            f"page {name}: first {spent[0]:.0f} ms of a core, then {statistics.median(spent[1:]):.0f}; {weight:.0f} kB"
        )


def after_first_byte():
    """Of each page in a browser: from the first byte of its answer until it is loaded; all pages in each round.

    The first round is of a browser that has just begun, and is not counted. What the page's thread did is its time on a
    core, so that a busy machine changes little.
    """
    from playwright.sync_api import sync_playwright  # noqa: PLC0415  where there is a browser

    path = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    taken = {name: [] for name in PAGES}
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as driver:
        process, ready = served(folder)
        browser = driver.chromium.launch(executable_path=path, args=["--no-sandbox"])
        try:
            for _ in range(ROUNDS + 1):
                for name in PAGES:
                    taken[name].append(loaded(browser, f"{ready['bakong_url']}/console/default/{name}"))
        finally:
            browser.close()
            process.terminate()
            process.wait()
    for name, [_, *rounds] in taken.items():
        waited, worked = (statistics.median(row) for row in zip(*rounds, strict=True))
        quickest = min(row[0] for row in rounds)
        print(
            f"page {name}: loaded {waited:.0f} ms after the first byte, at best {quickest:.0f}; {worked:.0f} of a core"
        )


def loaded(browser, url):
    """A page that is new to the browser: ms from its first byte until it is loaded, and ms of its thread on a core."""
    page = browser.new_page()
    session = page.context.new_cdp_session(page)
    session.send("Performance.enable", {"timeDomain": "threadTicks"})
    page.goto(url)
    timing = page.evaluate("performance.getEntriesByType('navigation')[0].toJSON()")
    metrics = {row["name"]: row["value"] for row in session.send("Performance.getMetrics")["metrics"]}
    page.close()
    return timing["loadEventEnd"] - timing["responseStart"], 1000 * metrics["TaskDuration"]


async def timed(client, path, **query):
    begun = time.perf_counter()
    (await client.get(path, params=query)).raise_for_status()
    return time.perf_counter() - begun


if __name__ == "__main__":
    print(
        "without a page:",
        subprocess.run([sys.executable, "-c", STARTED], capture_output=True, text=True, check=True).stdout.strip(),
    )
    asyncio.run(hot_path())
    asyncio.run(pages())
    asyncio.run(first_openings())
    after_first_byte()
