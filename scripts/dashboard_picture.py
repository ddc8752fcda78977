"""Draws a dashboard of deploy/monitoring as SVG: its own queries, asked of a Prometheus that runs. It is no Grafana.

python scripts/dashboard_picture.py http://127.0.0.1:9090 600 > dashboard.svg     # the last 600 seconds
"""

import json
import math
import sys
from collections.abc import Iterator, Sequence
from html import escape
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlencode
from urllib.request import urlopen

BOARD = Path(__file__).parents[1] / "deploy" / "monitoring" / "grafana" / "dashboards" / "service.json"
COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#000000")
WIDE, HIGH, LEFT, TOP, PLOT_WIDE, PLOT_HIGH = 480, 200, 52, 28, 412, 128
POINTS = 150


class Line(NamedTuple):
    """A series: its legend, and its values by second."""

    legend: str
    values: Sequence[tuple[float, float]]


def asked(url: str, path: str, **params: Any) -> Any:
    with urlopen(f"{url}/api/v1/{path}?{urlencode(params)}", timeout=30) as answer:  # noqa: S310  as it was given
        return json.load(answer)["data"]


def lines_of(url: str, panel: Any, start: float, end: float) -> Iterator[Line]:
    """The series of a panel's queries."""
    for target in panel["targets"]:
        step = (end - start) / POINTS
        for row in asked(url, "query_range", query=target["expr"], start=start, end=end, step=step)["result"]:
            legend = target["legendFormat"]
            for name, value in row["metric"].items():
                legend = legend.replace("{{" + name + "}}", value)
            values = [(float(at), float(value)) for at, value in row["values"]]
            yield Line(legend, [(at, value) for at, value in values if math.isfinite(value)])


def shown(value: float) -> str:
    """A figure of an axis.

    >>> shown(0.25), shown(1500.0), shown(2.5e9)
    ('0.25', '1.5k', '2.5G')
    """
    for unit, size in (("G", 1e9), ("M", 1e6), ("k", 1e3)):
        if abs(value) >= size:
            return f"{value / size:.3g}{unit}"
    return f"{value:.3g}"


def drawn(panel: Any, lines: Sequence[Line], start: float, end: float, at: tuple[int, int]) -> Iterator[str]:
    """A panel."""
    most = max((value for line in lines for _, value in line.values), default=0) or 1
    unit = panel["fieldConfig"]["defaults"]["unit"]
    yield f'<g transform="translate({at[0]} {at[1]})">'
    yield f'<text x="8" y="18" font-weight="600">{escape(panel["title"])} <tspan fill="#666">({unit})</tspan></text>'
    for share in (0, 0.5, 1):
        y = TOP + PLOT_HIGH * (1 - share)
        yield f'<path d="M{LEFT} {y}h{PLOT_WIDE}" stroke="#ddd"/>'
        yield f'<text x="{LEFT - 6}" y="{y + 4}" text-anchor="end" fill="#444">{shown(most * share)}</text>'
    for number, line in enumerate(lines):
        colour = COLOURS[number % len(COLOURS)]
        across, up = PLOT_WIDE / (end - start), PLOT_HIGH / most
        points = " ".join(
            f"{LEFT + across * (when - start):.1f},{TOP + PLOT_HIGH - up * max(value, 0):.1f}"
            for when, value in line.values
        )
        yield f'<polyline points="{points}" fill="none" stroke="{colour}" stroke-width="1.5"/>'
        x, y = LEFT + 103 * (number % 4), TOP + PLOT_HIGH + 18 + 14 * (number // 4)
        yield f'<text x="{x}" y="{y}" fill="{colour}">{escape(line.legend[:18])}</text>'
    yield "</g>"


def picture(url: str, seconds: float) -> str:
    """The dashboard's last so many seconds."""
    board = json.loads(BOARD.read_text(encoding="utf-8"))
    end = float(asked(url, "query", query="time()")["result"][1])
    start, panels = end - seconds, board["panels"]
    high = HIGH * ((len(panels) + 1) // 2)
    size = f'viewBox="0 0 {2 * WIDE} {high}" font-family="sans-serif" font-size="11"'
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" {size}>',
        f'<title>{escape(board["title"])}, {seconds:.0f} seconds</title><rect width="100%" height="100%" fill="#fff"/>',
    ]
    for number, panel in enumerate(panels):
        lines = list(lines_of(url, panel, start, end))
        parts += drawn(panel, lines, start, end, (WIDE * (number % 2), HIGH * (number // 2)))
    return "\n".join([*parts, "</svg>"]) + "\n"


if __name__ == "__main__":
    sys.stdout.write(picture(sys.argv[1].rstrip("/"), float(sys.argv[2])))
