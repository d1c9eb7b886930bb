"""Line plots as SVG: medians with their spread as bars, a logarithmic x axis, each line labelled at its end."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from html import escape

_COLOURS = ("#1f5fa8", "#c2571a", "#3b7d3a", "#7a4fa3")
_WIDTH, _HEIGHT = 720, 400
_LEFT, _RIGHT, _TOP, _BOTTOM = 72, 150, 44, 56
_LABEL_PX = 16  # smallest distance between two labels
_TICK_PX = 56  # smallest distance between two numbers on the x axis


@dataclass(frozen=True, slots=True)
class Point:
    """Measurements at one place: the median is drawn and the extremes are shown."""

    x: float
    low: float
    middle: float
    high: float


def plot(title: str, x_label: str, y_label: str, lines: Mapping[str, Sequence[Point]], *, log_y: bool = False) -> str:
    """Draw lines; x is logarithmic, with a tick at every measured x."""
    points = [point for line in lines.values() for point in line]
    xs = sorted({point.x for point in points})
    ticks = _ticks(min(point.low for point in points), max(point.high for point in points), log_y=log_y)
    across = _scale(math.log(xs[0]), math.log(xs[-1]), _LEFT + 24, _WIDTH - _RIGHT)
    height: Callable[[float], float] = math.log if log_y else float
    up = _scale(height(ticks[0]), height(ticks[-1]), _HEIGHT - _BOTTOM, _TOP)

    def place(x: float, y: float) -> tuple[float, float]:
        return across(math.log(x)), up(height(y))

    parts = [_text(_LEFT, 24, title, "start", 'font-weight="600" font-size="15"')]
    for tick in ticks:
        y = up(height(tick))
        parts += [
            f'<line x1="{_LEFT}" y1="{y:.1f}" x2="{_WIDTH - _RIGHT}" y2="{y:.1f}" stroke="#e3e3e3"/>',
            _text(_LEFT - 8, y + 4, f"{tick:,g}", "end"),
        ]
    middle = (_TOP + _HEIGHT - _BOTTOM) / 2
    parts += [
        *(_text(place(x, 1)[0], _HEIGHT - _BOTTOM + 18, f"{x:,.0f}", "middle") for x in _apart(xs, across)),
        _text((_LEFT + _WIDTH - _RIGHT) / 2, _HEIGHT - 14, x_label, "middle"),
        _text(18, middle, y_label, "middle", f'fill="#333" transform="rotate(-90 18 {middle:.0f})"'),
        *_labels(lines, place),
    ]
    for colour, line in zip(_COLOURS, lines.values(), strict=False):
        path = " ".join(f"{x:.1f},{y:.1f}" for x, y in (place(point.x, point.middle) for point in line))
        parts.append(f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="2"/>')
        for point in line:
            x, y = place(point.x, point.middle)
            low, high = place(point.x, point.low)[1], place(point.x, point.high)[1]
            parts.append(f'<line x1="{x:.1f}" y1="{low:.1f}" x2="{x:.1f}" y2="{high:.1f}" stroke="{colour}"/>')
            parts.append(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3.5" fill="{colour}"/>')
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {_HEIGHT}" width="{_WIDTH}" height="{_HEIGHT}" '
        f'font-family="system-ui, sans-serif" font-size="13" role="img" aria-label="{escape(title)}">\n'
        f'<rect width="{_WIDTH}" height="{_HEIGHT}" fill="#fff"/>\n' + "\n".join(parts) + "\n</svg>\n"
    )


def _scale(low: float, high: float, first: float, last: float) -> Callable[[float], float]:
    return lambda value: first + (last - first) * (value - low) / ((high - low) or 1)


def _ticks(low: float, high: float, *, log_y: bool) -> list[float]:
    """Round numbers from at or below the lowest to at or above the highest value; from 0 on a linear axis."""
    if log_y:
        steps = [base * 10.0**power for power in range(-3, 7) for base in (1, 2, 5)]
        first = max(number for number, step in enumerate(steps) if step <= low)
        last = min(number for number, step in enumerate(steps) if step >= high)
        return steps[first : max(last, first + 1) + 1]
    step = next(base * 10.0**power for power in range(-3, 7) for base in (1, 2, 5) if high / (base * 10.0**power) <= 6)
    return [step * number for number in range(math.ceil(high / step) + 1)]


def _labels(lines: Mapping[str, Sequence[Point]], place: Callable[[float, float], tuple[float, float]]) -> list[str]:
    """Each line's name at its end, moved down if two would overlap."""
    colours = dict(zip(lines, _COLOURS, strict=False))
    placed: list[str] = []
    least = 0.0
    for (x, y), name in sorted(
        ((place(line[-1].x, line[-1].middle), name) for name, line in lines.items()), key=lambda each: each[0][1]
    ):
        least = max(y + 4, least)
        placed.append(_text(x + 10, least, name, "start", f'fill="{colours[name]}"'))
        least += _LABEL_PX
    return placed


def _apart(xs: list[float], across: Callable[[float], float]) -> list[float]:
    """The places whose numbers do not overlap the one before."""
    kept: list[float] = []
    for x in xs:
        if not kept or across(math.log(x)) - across(math.log(kept[-1])) > _TICK_PX:
            kept.append(x)
    return kept


def _text(x: float, y: float, words: str, anchor: str, more: str = 'fill="#333"') -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" {more}>{escape(words)}</text>'
