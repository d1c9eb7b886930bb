"""Writes the measurements as Markdown tables and plots, and inserts both into the page on performance."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

from bench.plot import Point, plot

_BEGIN, _END = "<!-- figures: written by scripts/bench.py --render -->", "<!-- end of figures -->"
_NAMES = {"qa": "this service", "txtai": "txtai", "haystack": "Haystack", "llamaindex": "LlamaIndex"}


def tables(results: dict[str, Any]) -> str:
    """All tables."""
    sizes = results["sizes"]
    parts = [_about(results["about"])]
    if sizes:
        parts += ["### By number of passages", _by_size(sizes)]
        parts += [
            f"### Beside other stacks, {size['passages']:,} passages\n\n{_beside(size)}"
            for size in sizes
            if len(size["services"]) > 1
        ]
        parts += ["### What takes the time", _stages(sizes)]
        parts += ["### What each size needs", _needs(sizes), "### Disk", _disk(sizes)]
    if results["build"]:
        parts += ["### Building", _building(results["build"])]
    return "\n\n".join(parts)


def write(results: dict[str, Any], docs: Path) -> None:
    """Insert tables and plots into `performance.md`, between its marks; the plots become files in `performance/`."""
    page = docs / "performance.md"
    before, _, rest = page.read_text(encoding="utf-8").partition(_BEGIN)
    _, _, after = rest.partition(_END)
    folder = docs / "performance"
    folder.mkdir(exist_ok=True)
    shown = []
    for name, (title, drawing) in _plots(results["sizes"]).items():
        (folder / name).write_text(drawing, encoding="utf-8")
        shown.append(f"![{title}](performance/{name})")
    figures = "\n\n".join((_BEGIN, tables(results), *shown, _END))
    page.write_text(before + figures + after, encoding="utf-8")


def _about(about: dict[str, Any]) -> str:
    libraries = ", ".join(f"{name} {version}" for name, version in about["libraries"].items())
    first = (
        f"Measured {about['date']} on {about['cores']} cores of an {about['cpu']} with {about['memory_gb']:.0f} GB, "
        f"Python {about['python']}, {libraries}. Medians of {about['rounds']} rounds of {about['seconds']:g} s for "
        "each number of clients, with the lowest and the highest round in brackets."
    )
    lines = [first, *(f"{_NAMES[name]}: {', '.join(packages)}." for name, packages in about["peers"].items())]
    return "\n\n".join(lines)


def _by_size(sizes: list[dict[str, Any]]) -> str:
    rows: list[list[str]] = []
    for size in sizes:
        service = size["services"]["qa"]
        one = service["clients"]["1"]
        rows.append(
            [
                f"{size['passages']:,}{'' if size['real'] else ' (resampled)'}",
                _spread(_each(one, "encoder_ms")),
                _spread(_each(one, "median_ms")),
                _spread(_multiples(one, "median_ms"), 2),
                _spread(_each(one, "p99_ms")),
                _spread(_multiples(one, "p99_ms"), 2),
                *(_spread(_each(service["clients"][clients], "rate"), 0) for clients in ("4", "16", "64")),
                _spread(_shares(size, service["clients"]["16"]), 2),
            ]
        )
    return _table(
        "passages|encoder pass, ms|median, ms|of the pass|p99, ms|of the pass|4 clients, a second|16 clients|"
        "64 clients|16 clients, of bare passes on all cores",
        rows,
    )


def _beside(size: dict[str, Any]) -> str:
    services, starts = size["services"], size["starts"]

    def row(name: str, value: Callable[[str], str]) -> list[str]:
        return [name, *(value(each) for each in services)]

    def clients(each: str, count: str, what: str, digits: int) -> str:
        return _spread(_each(services[each]["clients"][count], what), digits) + _refused(services[each], count)

    rows = [
        row("one client, median, ms", lambda each: clients(each, "1", "median_ms", 1)),
        row("of the encoder pass", lambda each: _spread(_multiples(services[each]["clients"]["1"], "median_ms"), 2)),
        row("one client, p99, ms", lambda each: clients(each, "1", "p99_ms", 1)),
    ]
    for count in services["qa"]["clients"]:
        words = f"{count} client{'s' if count != '1' else ''}"
        rows.append(row(f"{words}, answers a second", lambda each, count=count: clients(each, count, "rate", 1)))
    rows += [
        row(f"{count} clients, p99, ms", lambda each, count=count: clients(each, count, "p99_ms", 0))
        for count in services["qa"]["clients"]
        if count != "1"
    ]
    ours = _each(services["qa"]["clients"]["16"], "rate")
    rows.append(
        row(
            "16 clients: answers of this service for one of theirs",
            lambda each: _ratios(ours, _each(services[each]["clients"]["16"], "rate")),
        )
    )
    rows += _starts_rows(starts, row) + [
        row(f"memory {when}, MB", lambda each, moment=moment: _memory(services[each]["memory"][moment]))
        for moment, when in (("ready", "when ready"), ("after", "after the load"))
    ]
    return _table("|".join(["", *(_NAMES[each] for each in services)]), rows)


def _starts_rows(starts: dict[str, Any], row: Callable[[str, Callable[[str], str]], list[str]]) -> list[list[str]]:
    if "cold_how" not in starts:
        return []
    ours = starts["qa"]["warm"]
    return [
        row("start to first answer, warm, s", lambda each: _spread(starts[each]["warm"])),
        row(f"the same, cold ({starts['cold_how']}), s", lambda each: _spread(starts[each]["cold"])),
        row("warm: the start of this service, of theirs", lambda each: _ratios(ours, starts[each]["warm"])),
    ]


def _ratios(ours: Sequence[float], theirs: Sequence[float]) -> str:
    """The ratio of this service's values to another's, round by round."""
    return _spread([mine / other for mine, other in zip(ours, theirs, strict=True)], 2)


def _stages(sizes: list[dict[str, Any]]) -> str:
    names = list(dict.fromkeys(stage for size in sizes for stage in size["stages_ms"]))
    rows = [[stage, *(f"{size['stages_ms'].get(stage, 0):.2f}" for size in sizes)] for stage in names]
    rows.append(["all stages", *(f"{sum(size['stages_ms'].values()):.2f}" for size in sizes)])
    what = "one client, median ms of each stage, matched words explained"
    head = "|".join([what, *(f"{size['passages']:,}" for size in sizes)])
    return _table(head, rows)


def _needs(sizes: list[dict[str, Any]]) -> str:
    rows = []
    for size in sizes:
        memory, starts = size["services"]["qa"]["memory"], size["starts"]["qa"]
        rows.append(
            [
                f"{size['passages']:,}",
                f"{sum(size['disk'].values()) / 1e6:,.0f}",
                _memory(memory["ready"]),
                _memory(memory["after"]),
                _spread(starts["warm"]),
                _spread(starts["cold"]),
            ]
        )
    return _table(
        "passages|disk, MB|memory when ready, MB|memory after the load, MB|start to first answer, warm, s|cold, s", rows
    )


def _disk(sizes: list[dict[str, Any]]) -> str:
    names = sorted({name for size in sizes for name in size["disk"]})
    rows = [
        [f"`{name}`", *(f"{size['disk'].get(name, 0) / size['passages']:,.0f}" for size in sizes)] for name in names
    ]
    rows.append(["all", *(f"{sum(size['disk'].values()) / size['passages']:,.0f}" for size in sizes)])
    return _table("|".join(["bytes a passage", *(f"{size['passages']:,}" for size in sizes)]), rows)


def _building(build: dict[str, Any]) -> str:
    tokens, rounds = build["tokens"], build["rounds"]
    ours = [tokens / each["build"]["encoding"] for each in rounds]
    bare = {way: [tokens / each["bare"][way] for each in rounds] for way in rounds[0]["bare"]}
    best = max(bare, key=lambda way: statistics.median(bare[way]))
    rows = [
        [
            "`qa build --fresh`, while it encodes",
            _spread(ours, 0),
            _spread([mine / other for mine, other in zip(ours, bare[best], strict=True)], 2),
        ]
    ]
    rows += [
        [
            f"bare network, {way}",
            _spread(values, 0),
            _spread([each / other for each, other in zip(values, bare[best], strict=True)], 2),
        ]
        for way, values in bare.items()
    ]
    return (
        f"{build['passages']:,} real passages from nothing: {build['texts']:,} texts, passages and sentences, of "
        f"{tokens:,} tokens. The whole build takes {_spread([each['build']['seconds'] for each in rounds], 0)} s.\n\n"
        + _table("|tokens a second|of the quickest bare way", rows)
    )


def _plots(sizes: list[dict[str, Any]]) -> dict[str, tuple[str, str]]:
    """Title and drawing by file name."""
    drawn: dict[str, tuple[str, str]] = {}
    if len(sizes) > 1:
        title = "One client: time of an answer, in encoder passes"
        lines = {"median": _line(sizes, "qa", "median_ms"), "p99": _line(sizes, "qa", "p99_ms")}
        drawn["latency.svg"] = title, plot(title, "passages", "times the bare encoder pass", lines)
    for size in sizes:
        if len(size["services"]) < 2:
            continue
        title = f"Answers a second, {size['passages']:,} passages"
        lines = {
            _NAMES[name]: [_point(float(count), _each(rounds, "rate")) for count, rounds in service["clients"].items()]
            for name, service in size["services"].items()
        }
        drawing = plot(title, "clients asking without pause", "answers a second", lines, log_y=True)
        drawn[f"throughput-{size['passages']}.svg"] = title, drawing
    return drawn


def _line(sizes: list[dict[str, Any]], name: str, what: str) -> list[Point]:
    return [_point(size["passages"], _multiples(size["services"][name]["clients"]["1"], what)) for size in sizes]


def _point(x: float, values: list[float]) -> Point:
    return Point(x, min(values), statistics.median(values), max(values))


def _each(rounds: Iterable[dict[str, Any]], what: str) -> list[float]:
    return [each[what] for each in rounds]


def _multiples(rounds: Iterable[dict[str, Any]], what: str) -> list[float]:
    return [each[what] / each["encoder_ms"] for each in rounds]


def _shares(size: dict[str, Any], rounds: list[dict[str, Any]]) -> list[float]:
    """Answers a second as a share of bare passes a second on all cores, round by round."""
    return [each["rate"] / bare["rate"] for each, bare in zip(rounds, size["encoder"], strict=True)]


def _refused(service: dict[str, Any], count: str) -> str:
    refused = sum(sum(each["failed"].values()) for each in service["clients"][count])
    return f", {refused} refused" if refused else ""


def _memory(memory: dict[str, float]) -> str:
    return f"{memory['resident']:,.0f} ({memory['anonymous']:,.0f} its own, {memory['files']:,.0f} of files)"


def _spread(values: Sequence[float], digits: int = 1) -> str:
    if not values:
        return "-"
    return f"{statistics.median(values):,.{digits}f} [{min(values):,.{digits}f}-{max(values):,.{digits}f}]"


def _table(head: str, rows: list[list[str]]) -> str:
    columns = head.split("|")
    return "\n".join(f"| {' | '.join(row)} |" for row in (columns, ["---"] * len(columns), *rows))
