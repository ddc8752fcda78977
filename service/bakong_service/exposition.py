"""What Prometheus reads: the metrics, with what the database and the disks have at that moment."""

import asyncio
import math
import shutil
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from bakong_service.adapters.metrics import Metrics
from bakong_service.domain.errors import UnavailableError
from bakong_service.settings import Settings
from bakong_service.usecases.core import Core
from bakong_service.usecases.refresh import budget


def disks(settings: Settings) -> dict[str, Path]:
    """The folders whose room is watched, by what they are for."""
    folders = {"data": settings.data_dir, "logs": settings.log_dir}
    if settings.database_url.startswith("sqlite:"):
        folders["database"] = settings.sqlite_path.parent
    return {name: folder for name, folder in folders.items() if folder is not None}


async def exposed(metrics: Metrics, core: Core, folders: Mapping[str, Path]) -> bytes:
    """The text of /metrics, with what the database has now: calls left of the day, what is set aside, the outbox."""
    counted = (_count_calls(metrics, core, name) for name in core.providers)
    await asyncio.gather(
        _count_set_aside(metrics, core), _count_settlements(metrics, core), _count_outbox(metrics, core), *counted
    )
    _count_disk(metrics, folders)
    return metrics.render()


async def _count_outbox(metrics: Metrics, core: Core) -> None:
    now_ms = core.timers.now_ms()
    try:
        waiting, first_ms, given_up = await core.store.read(lambda records: records.outbox_backlog())
    except UnavailableError:
        metrics.outbox(-1, math.nan, -1)
    else:
        metrics.outbox(waiting, 0 if first_ms is None else max(0, now_ms - first_ms) / 1000, given_up)


def _count_disk(metrics: Metrics, folders: Mapping[str, Path]) -> None:
    for name, folder in folders.items():
        with suppress(OSError):
            metrics.disk_free(name, shutil.disk_usage(folder).free)


async def _count_settlements(metrics: Metrics, core: Core) -> None:
    try:
        metrics.settlements_open(await core.store.read(lambda records: records.count_open_settlements()))
    except UnavailableError:
        metrics.settlements_open(-1)


async def _count_set_aside(metrics: Metrics, core: Core) -> None:
    with suppress(UnavailableError):
        metrics.set_aside(await core.store.read(lambda records: records.count_set_aside()))


async def _count_calls(metrics: Metrics, core: Core, name: str) -> None:
    try:
        left = await budget(core, name)
    except UnavailableError:
        metrics.calls_unknown(name)
    else:
        if left is not None:
            metrics.calls_remain(name, left.remaining)
