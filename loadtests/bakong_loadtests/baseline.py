"""A run beside an earlier one, by its report.json: each figure then and now."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from bakong_loadtests.errors import LoadError
from bakong_loadtests.slo import OBJECTIVES


def read(path: Path) -> Mapping[str, Any]:
    """An earlier report. Raises LoadError."""
    try:
        report = json.loads(path.read_text(encoding="utf-8"))
        return {name: report[name] for name in ("began", "profile", "seed", "figures", "findings")} | {
            "version": (report.get("run") or {}).get("version", "")
        }
    except OSError as error:
        raise LoadError(f"--baseline {path}: cannot be read: {error.strerror or error}") from None
    except (ValueError, KeyError, TypeError, AttributeError):
        raise LoadError(f"--baseline {path}: expected the report.json of `bakong-sandbox load`") from None


def compare(before: Mapping[str, Any], report: Mapping[str, Any]) -> dict[str, Any]:
    """What of the earlier run is shown in this one's report."""
    rows = [
        {"name": name, "title": objective.title, "unit": objective.unit, "before": then, "now": now}
        | {"change": change(then, now)}
        for name, objective in OBJECTIVES.items()
        if (then := before["figures"].get(name)) is not None or report["figures"].get(name) is not None
        for now in [report["figures"].get(name)]
    ]
    held = {finding["name"] for finding in before["findings"] if finding["holds"]}
    broke = [finding["name"] for finding in report["findings"] if not finding["holds"] and finding["name"] in held]
    told = {name: before[name] for name in ("began", "profile", "seed", "version")}
    return {**told, "rows": rows, "newly_broken": broke}


def change(before: float | None, now: float | None) -> str:
    """By how much a figure is different, in words.

    >>> change(100.0, 150.0), change(0.0, 2.0), change(3.0, 3.0), change(None, 1.0)
    ('+50 %', '+2', 'the same', 'not measured then')
    """
    if before is None:
        return "not measured then"
    if now is None:
        return "not measured now"
    if before == now:
        return "the same"
    return f"{(now - before) / before:+.0%}".replace("%", " %") if before else f"{now - before:+g}"
