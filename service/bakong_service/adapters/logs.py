"""Logs as lines of JSON in three files: combined, error, security.

Every line passes the redactor last, after it is rendered, so that no field, nested value or traceback gets past it.
"""

import asyncio
import re
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, BinaryIO

import orjson
import structlog

from bakong_service.adapters.private_files import append_to, private_folder
from bakong_service.adapters.stdout_writer import StdoutWriter
from bakong_service.adapters.whole_lines import WholeLines

NAMES = ("combined", "error", "security")
SECURITY = "security"
BATCH, FLUSH_S = 200, 0.1
STDOUT = 1
_SECRET_NAMES = re.compile(r"(?i)authorization|cookie|password|secret|token|api_?key|phone|account")
_AT_SHAPES = (
    rb"(?P<url>(?<=://)[^\s/@\"]*:[^\s/@\"]*(?=@))",  # the password of a URL
    rb"(?P<account>[\w.+%-]{1,64}@[\w.-]{1,64})",
)
# Each begins with a letter that is fixed: so re skips to such letters, and a line costs a seventh.
_SHAPES = (
    rb"whsec_[\w+/=-]{4,}",
    rb"bk_[\w-]{16,}",
    rb"sandbox_[\w-]{16,}",
    rb"eyJ[\w-]{4,}\.[\w-]*\.?[\w-]*",
    rb"b(?i:earer|asic)\s+[^\s\"]+",
    rb"B(?i:earer|asic)\s+[^\s\"]+",
    rb"000201[^\"\s]{20,}",  # a KHQR names the account
)


# In UTF-8: DEL, C1, what ends a line, what turns a text's direction. JSON has escaped C0, not these.
_OBEYED = re.compile(rb"\x7f|\xc2[\x80-\x9f]|\xe2\x80[\xa8-\xae]|\xe2\x81[\xa6-\xa9]")


class Redactor:
    """A line without what may not be read: known secrets, and what looks like a secret, a token or an account."""

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        known = {form for secret in secrets if len(secret) >= 6 for form in _forms(secret)}
        exact = [re.escape(form) for form in sorted(known, key=len, reverse=True)]
        self._pattern = re.compile(b"|".join([*exact, *_SHAPES]), re.ASCII)
        self._pattern_at = re.compile(b"|".join([*exact, *_AT_SHAPES, *_SHAPES]), re.ASCII)

    def __call__(self, line: bytes) -> bytes:
        return (self._pattern_at if b"@" in line else self._pattern).sub(_mask, line)


def _forms(secret: str) -> tuple[bytes, bytes]:
    """A secret as it stands, and as it stands inside JSON."""
    return secret.encode(), orjson.dumps(secret)[1:-1]


def _mask(match: re.Match[bytes]) -> bytes:
    if account := match.groupdict().get("account"):
        user, _, bank = account.partition(b"@")
        return user[:2] + b"***@" + bank if len(user) > 3 else b"***@" + bank
    return b"[redacted]"


def _escape(obeyed: re.Match[bytes]) -> bytes:
    return b"\\u%04x" % ord(obeyed[0].decode())


class LogFiles:
    """Where the lines go: three files in a folder, or standard output for all of them.

    A full disk, or a pipe that nobody reads, stops the log and not the service: `dropped` counts the lines, and
    on_recovery is told how many they are when there is room again.
    """

    def __init__(self, folder: Path | None, redact: Redactor) -> None:
        self._redact = redact
        self._files: dict[str, BinaryIO] = {}
        self._waiting: dict[str, list[bytes]] = {name: [] for name in NAMES}
        self._count = 0
        self._later: asyncio.TimerHandle | None = None
        if folder:
            private_folder(folder)
            self._files = {name: append_to(folder / f"{name}.log") for name in NAMES}
        self._stdout = None if folder else StdoutWriter(STDOUT)
        self._lines = {name: WholeLines(file.fileno()) for name, file in self._files.items()}
        self._is_losing = False
        self._dropped = self._told = 0
        self.on_recovery: Callable[[int], object] = str

    @property
    def dropped(self) -> int:
        return self._dropped + (self._stdout.dropped if self._stdout else 0)

    def write(self, line: bytes, *, level: str, security: bool) -> None:
        bad = level in ("error", "critical")
        for name in ["combined"] + ["error"] * bad + [SECURITY] * security:
            self._waiting[name].append(line)
        self._count += 1
        if bad or security or self._count >= BATCH or self._later is None:
            self.flush()
            self._later = _soon(self.flush)

    def flush(self) -> None:
        """Write what waits: a write gives up the interpreter's lock, and one for each request costs much."""
        self._later, self._count = None, 0
        if not any(self._waiting.values()):
            return
        self._is_losing = False
        for name, lines in self._waiting.items():
            if not lines:
                continue
            written = _OBEYED.sub(_escape, b"".join(self._redact(line) + b"\n" for line in lines))
            lines.clear()
            self._write(name, written)
        if self.dropped > self._told and not self._is_losing:
            self._told = self.dropped
            self.on_recovery(self._told)

    def _write(self, name: str, written: bytes) -> None:
        if self._stdout is None:
            lost = self._lines[name].write(written) if name in self._lines else written.count(b"\n")
            self._dropped += lost
            self._is_losing = self._is_losing or lost > 0
        elif name == "combined":
            self._stdout.write(written)
            self._is_losing = self._stdout.is_losing

    def close(self) -> None:
        self.flush()
        if self._later is not None:
            self._later.cancel()
        self._lines.clear()
        for file in self._files.values():
            file.close()
        if self._stdout is not None:
            self._stdout.close()


def _soon(flush: Callable[[], None]) -> "asyncio.TimerHandle | None":
    """Flush in a moment, where a loop runs; without one every line is written at once."""
    try:
        return asyncio.get_running_loop().call_later(FLUSH_S, flush)
    except RuntimeError:
        return None


class _Sink:
    """What structlog writes to."""

    def __init__(self, files: LogFiles) -> None:
        self._files = files

    def msg(self, line: bytes, level: str, security: bool) -> None:  # noqa: FBT001  structlog's own call
        self._files.write(line, level=level, security=security)

    debug = info = warning = error = critical = msg


def logger(files: LogFiles, now_iso: Callable[[], str]) -> Any:
    """A structlog logger on the files, which says in them how many lines they lost.

    security=True writes an event to the security log, too.
    """

    def stamp(_logger: Any, level: str, event: Any) -> Any:
        return {"time": now_iso(), "level": level, **event}

    log = structlog.wrap_logger(
        _Sink(files),
        processors=[structlog.processors.format_exc_info, _hide_names, stamp, _render],
        wrapper_class=structlog.BoundLogger,
        context_class=dict,
    ).bind()  # the logger itself: what wraps it would be made anew for each line
    files.on_recovery = lambda lines: log.warning("log_lines_dropped", lines=lines)
    return log


def _hide_names(_logger: Any, _level: str, event: Any) -> Any:
    for name in event:
        if _SECRET_NAMES.search(name) and event[name] is not None:
            event[name] = "[redacted]"
    return event


def _render(_logger: Any, level: str, event: Any) -> Any:
    security = bool(event.pop("security", False))
    return (orjson.dumps(event, default=str, option=orjson.OPT_NON_STR_KEYS), level, security), {}
