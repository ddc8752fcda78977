"""Plots as inline SVG: lines, stacked columns, dots, each with its title and legend."""

import math
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from markupsafe import Markup, escape

WIDTH, HEIGHT = 860, 220
LEFT, RIGHT, TOP, BOTTOM = 56, 12, 10, 28
MAX_POINTS = 600


class Line(NamedTuple):
    """A named row of points. css: the class of its colour. steps: it keeps its value until the next point."""

    name: str
    css: str
    points: Sequence[tuple[float, float | None]]
    steps: bool = False


class Rule(NamedTuple):
    """A line across, at a bound."""

    at: float
    name: str


def lines(title: str, unit: str, rows: Sequence[Line], rules: Sequence[Rule] = ()) -> Markup:
    """A line plot over the run's seconds; the first row is drawn last, above the others."""
    values = [y for row in rows for _, y in row.points if y is not None] + [rule.at * 1.1 for rule in rules]
    area = _Area(_last(x for row in rows for x, _ in row.points), max(values, default=1.0))
    drawn = "".join(f'<path class="line {row.css}" d="{_path(area, row)}"/>' for row in reversed(rows))
    return _figure(title, unit, area, drawn + _rules(area, rules), [(row.name, row.css) for row in rows])


def columns(title: str, unit: str, rows: Sequence[tuple[str, str, Sequence[int]]]) -> Markup:
    """Stacked columns, one a second."""
    seconds = max((len(counts) for _, _, counts in rows), default=0)
    totals = [sum(counts[s] for _, _, counts in rows) for s in range(seconds)]
    area = _Area(float(max(seconds, 1)), float(max(totals, default=1)))
    stacked, drawn = [0.0] * seconds, []
    for name, css, counts in rows:
        for second, count in enumerate(counts):
            if count:
                low, high = stacked[second], stacked[second] + count
                width = max(0.6, area.x(second + 1) - area.x(second) - 0.6)
                drawn.append(
                    f'<rect class="{css}" x="{area.x(second):.1f}" y="{area.y(high):.1f}" width="{width:.1f}" '
                    f'height="{area.y(low) - area.y(high):.1f}"><title>{escape(name)}: {count}</title></rect>'
                )
                stacked[second] = high
    names: dict[str, list[str]] = {}
    for name, css, _ in rows:
        names.setdefault(css, []).append(name)
    return _figure(title, unit, area, "".join(drawn), [(_together(some), css) for css, some in names.items()])


def _together(names: Sequence[str]) -> str:
    """The names of one colour, such as "400 refused" and "401 refused": "400, 401 refused"."""
    by_meaning: dict[str, list[str]] = {}
    for name, _, meaning in (name.partition(" ") for name in names):
        by_meaning.setdefault(meaning, []).append(name)
    return "; ".join(f"{', '.join(some)} {meaning}".strip() for meaning, some in by_meaning.items())


def bars(title: str, unit: str, rows: Sequence[tuple[str, int]]) -> Markup:
    """A bar for each named count."""
    area = _Area(float(max(len(rows), 1)), float(max((count for _, count in rows), default=1)))
    drawn = "".join(
        f'<rect class="c1" x="{area.x(place + 0.1):.1f}" y="{area.y(count):.1f}" '
        f'width="{area.x(place + 0.9) - area.x(place + 0.1):.1f}" height="{area.y(0) - area.y(count):.1f}">'
        f"<title>{escape(name)}: {count}</title></rect>"
        f'<text x="{area.x(place + 0.5):.1f}" y="{HEIGHT - 8}" text-anchor="middle">{escape(name)}</text>'
        for place, (name, count) in enumerate(rows)
    )
    return _figure(title, unit, area, drawn, [], in_seconds=False)


def dots(title: str, unit: str, points: Sequence[tuple[float, float]], rules: Sequence[Rule] = ()) -> Markup:
    """A dot for each event."""
    area = _Area(
        _last(x for x, _ in points), max([y for _, y in points] + [one.at * 1.1 for one in rules], default=1.0)
    )
    some = points[:: max(1, len(points) // 3000)]
    drawn = "".join(f'<circle class="c1" cx="{area.x(x):.1f}" cy="{area.y(y):.1f}" r="2"/>' for x, y in some)
    return _figure(title, unit, area, drawn + _rules(area, rules), [])


class _Area:
    """From values to places."""

    def __init__(self, right: float, top: float) -> None:
        self.right = right or 1.0
        self.step = _step(top or 1.0)
        self.top = self.step * -(-(top or 1.0) // self.step)

    def x(self, value: float) -> float:
        return LEFT + (WIDTH - LEFT - RIGHT) * value / self.right

    def y(self, value: float) -> float:
        return HEIGHT - BOTTOM - (HEIGHT - TOP - BOTTOM) * value / self.top


def _figure(
    title: str, unit: str, area: _Area, drawn: str, names: Iterable[tuple[str, str]], *, in_seconds: bool = True
) -> Markup:
    legend = "".join(f'<span><i class="{css}"></i>{escape(name)}</span>' for name, css in names)
    axes = _axes(area, in_seconds=in_seconds)
    label = escape(f"{title}, {unit}")
    head = f'{escape(title)} <small>{escape(unit)}</small><div class="legend">{legend}</div>'
    return Markup(  # noqa: S704  numbers, and names that are escaped
        f"<figure><figcaption>{head}</figcaption>"
        f'<svg viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{label}">{axes}{drawn}</svg></figure>'
    )


def _axes(area: _Area, *, in_seconds: bool) -> str:
    parts, value = [], 0.0
    while value <= area.top + area.step / 2:
        y = area.y(value)
        parts.append(f'<line class="grid" x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{y:.1f}" y2="{y:.1f}"/>')
        parts.append(f'<text x="{LEFT - 8}" y="{y + 4:.1f}" text-anchor="end">{value:g}</text>')
        value += area.step
    step = _step(area.right, 8)
    second = 0.0
    while in_seconds and second <= area.right:
        parts.append(f'<text x="{area.x(second):.1f}" y="{HEIGHT - 8}" text-anchor="middle">{second:g} s</text>')
        second += step
    return "".join(parts)


def _rules(area: _Area, rules: Sequence[Rule]) -> str:
    return "".join(_rule(area, rule) for rule in rules)


def _rule(area: _Area, rule: Rule) -> str:
    y = area.y(rule.at)
    line = f'<line class="rule" x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{y:.1f}" y2="{y:.1f}"/>'
    return f'{line}<text class="rule" x="{WIDTH - RIGHT}" y="{y - 4:.1f}" text-anchor="end">{escape(rule.name)}</text>'


def _path(area: _Area, row: Line) -> str:
    parts, pen = [], "M"
    for x, y in _thinned(row.points):
        if y is None:
            pen = "M"
            continue
        step = f"H{area.x(x):.1f}" if row.steps and pen == "L" else ""
        dot = "h0" if pen == "M" else ""  # a moment between two without a value is seen too
        parts.append(f"{step}{pen}{area.x(x):.1f} {area.y(y):.1f}{dot}")
        pen = "L"
    return "".join(parts)


def _thinned(points: Sequence[tuple[float, float | None]]) -> Sequence[tuple[float, float | None]]:
    """At most MAX_POINTS, of each group the highest, so that no peak is hidden."""
    if len(points) <= MAX_POINTS:
        return points
    size = -(-len(points) // MAX_POINTS)
    groups = [points[at : at + size] for at in range(0, len(points), size)]
    return [max(group, key=lambda point: -1.0 if point[1] is None else point[1]) for group in groups]


def _last(values: Iterable[float]) -> float:
    return max(values, default=1.0)


def _step(top: float, most: int = 4) -> float:
    """A round distance between marks.

    >>> _step(100), _step(7), _step(60, 8)
    (25.0, 2.0, 10.0)
    """
    size = 10.0 ** math.floor(math.log10(top))
    return next(size * part for part in (0.1, 0.2, 0.25, 0.5, 1.0, 2.0, 2.5, 5.0, 10.0) if top / (size * part) <= most)
