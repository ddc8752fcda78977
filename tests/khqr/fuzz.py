"""Texts by the million, random and mutated, through decode, verify and the twin: no error but KHQRError, none slow.

`python -m tests.khqr.fuzz COUNT [SEED]` prints the slowest call, and the peak memory after a tenth and at the end;
`make khqr-fuzz` runs ten pieces, each with its own seed.
`python -m tests.khqr.fuzz_guided` does the same guided by coverage, where atheris is installed.
"""

import gc
import resource
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from random import Random

from khqr import KHQRError, Mode, decode, fast_decode, sdk, verify
from khqr.reading import Reading
from tests.khqr import inputs

LIMIT_MS = 5.0
SUSPECT_NS = 1_000_000
POOL = 2000  # good codes to mutate


class BrokenLawError(AssertionError):
    """A law that a text broke."""


def check(text: str) -> None:
    """Every law that holds of every text."""
    verdict = verify(text, now=inputs.NOW_MS)
    lenient = verify(text, now=inputs.NOW_MS, mode=Mode.LENIENT)
    if verdict.is_valid == bool(verdict.problems) or set(lenient.problems + lenient.forgiven) != set(verdict.problems):
        raise BrokenLawError(f"the verdicts contradict each other: {text!r}")
    try:
        payload = decode(text)
    except KHQRError:
        payload = None
    if (payload is not None) != all(problem.rule == "expired" for problem in verdict.problems):
        raise BrokenLawError(f"decode and verify disagree: {text!r}")
    expiration = payload.payee.expiration_timestamp if payload else None
    is_expired = isinstance(expiration, int) and expiration < inputs.NOW_MS
    if payload is not None and verdict.is_valid == is_expired:
        raise BrokenLawError(f"decode and verify disagree on the expiry: {text!r}")
    reading, straight = Reading(text), fast_decode.read(text)
    if straight and (straight != reading.payload or reading.problems):
        raise BrokenLawError(f"the straight way and the careful way disagree: {text!r}")
    if verdict and not sdk.verify(text, inputs.NOW_MS)["isValid"]:
        raise BrokenLawError(f"strict is laxer than NBC's SDK: {text!r}")
    sdk.decode(text)
    sdk.decode_non_khqr(text)


def text_of(random: Random, pool: list[str]) -> str:
    choice = random.random()
    if choice < 0.75:
        return inputs.mutated(random, random.choice(pool))
    if choice < 0.9:
        return inputs.seal(inputs.objects(random))
    return "".join(chr(random.randrange(0x20, 0x250)) for _ in range(random.randrange(600)))


def run(count: int, seed: int) -> tuple[float, str, int, int]:
    """The slowest call of decode or verify in ms, its text, and the peak memory in KiB after a tenth and at the end."""
    random = Random(seed)
    pool = [inputs.good_code(random) for _ in range(POOL)]
    slowest, slow_text, early_kib = 0.0, "", 0
    gc.collect()
    gc.freeze()
    for number in range(count):
        text = text_of(random, pool)
        check(text)
        took_ms = max(_took_ms(_decode, text), _took_ms(_verify, text))
        if took_ms > slowest:
            slowest, slow_text = took_ms, text
        if number == count // 10:
            early_kib = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return slowest, slow_text, early_kib, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


def _took_ms(call: Callable[[str], object], text: str) -> float:
    """How long the call takes; where that is long, the CPU time that it needs, which no other process can lengthen."""
    took_ns = _took_ns(call, text, time.perf_counter_ns)
    if took_ns > SUSPECT_NS:
        took_ns = min(took_ns, _took_ns(call, text, time.thread_time_ns))
    return took_ns / 1e6


def _took_ns(call: Callable[[str], object], text: str, now_ns: Callable[[], int]) -> int:
    start = now_ns()
    call(text)
    return now_ns() - start


def _decode(text: str) -> None:
    with suppress(KHQRError):
        decode(text)


def _verify(text: str) -> None:
    verify(text, now=inputs.NOW_MS)


def main(count: int, seed: int = 0) -> int:
    slowest, text, early_kib, late_kib = run(count, seed)
    print(f"{count} texts, seed {seed}: no law broken, no error but KHQRError")
    print(f"slowest call of decode or verify: {slowest:.2f} ms, {text!r}")
    print(f"peak memory: {early_kib} KiB after a tenth, {late_kib} KiB at the end")
    return 0 if slowest < LIMIT_MS else 1


if __name__ == "__main__":
    sys.exit(main(*map(int, sys.argv[1:])))
