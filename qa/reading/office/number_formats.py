"""Formats numbers and dates of a workbook by their format codes (ISO/IEC 29500-1, 18.8.30 and .31).

A code has up to four sections: for positive numbers, negative numbers, zero, and text. Dates in the system's short
format are written as 2024-05-31, since that format depends on the user's locale. Colours are left out.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from fractions import Fraction
from functools import lru_cache
from operator import eq, ge, gt, le, lt, ne

BUILT_IN = {
    0: "General", 1: "0", 2: "0.00", 3: "#,##0", 4: "#,##0.00", 9: "0%", 10: "0.00%", 11: "0.00E+00", 12: "# ?/?",
    13: "# ??/??", 14: "yyyy-mm-dd", 15: "d-mmm-yy", 16: "d-mmm", 17: "mmm-yy", 18: "h:mm AM/PM", 19: "h:mm:ss AM/PM",
    20: "h:mm", 21: "h:mm:ss", 22: "yyyy-mm-dd h:mm", 37: "#,##0;(#,##0)", 38: "#,##0;(#,##0)",
    39: "#,##0.00;(#,##0.00)", 40: "#,##0.00;(#,##0.00)", 45: "mm:ss", 46: "[h]:mm:ss", 47: "mm:ss.0",
    48: "##0.0E+0", 49: "@",
}  # fmt: skip
_TOKEN = re.compile(
    r'"([^"]*)"|\\(.)|_.|\*.|\[(?:\$([^\]-]*)[^\]]*|(h+|m+|s+)|[^\]]*)\]|(AM/PM|A/P|am/pm|a/p)|(General)'
    r"|(E[+-]0+)|(y+|m+|d+|h+|s+(?:\.0+)?|e+)|([0#?][0#?,.]*(?:\.[0#?]*)?|\.[0#?]+)|(%)|(@)|(.)",
    re.IGNORECASE | re.DOTALL,
)
_TEXT, _ESCAPED, _CURRENCY, _ELAPSED, _HALF, _GENERAL, _POWER, _DATE, _DIGITS, _PERCENT, _AT, _OTHER = range(1, 13)
_LIMIT = 0  # a kind of token that is not shown
_LIMITED = re.compile(r"(<=|>=|<>|[<>=])(-?\d+(?:\.\d+)?)")
_COMPARISONS = {"<": lt, "<=": le, ">": gt, ">=": ge, "=": eq, "<>": ne}
_WRITTEN = (_TEXT, _ESCAPED, _CURRENCY, _OTHER)  # kinds that are shown literally
_MONTHS = "January February March April May June July August September October November December".split()
_DAYS = "Monday Tuesday Wednesday Thursday Friday Saturday Sunday".split()
_EPOCH, _EPOCH_1904 = datetime(1899, 12, 30), datetime(1904, 1, 1)  # noqa: DTZ001 - times in sheets have no zone
_LAST_DAY = 2_958_466  # the day after 9999-12-31
_MOST_DECIMALS = 30
_MOST_PLACES = 5  # digits of a fraction's denominator

Writer = Callable[[float], str]


def general(value: float) -> str:
    """A number in the General format: whole numbers in full, others to ten digits."""
    if value == int(value) and abs(value) < 1e15:
        return str(int(value))
    shown = f"{value:.10g}" if abs(value) >= 1 else f"{round(value, 9):.10g}"
    return shown.replace("e", "E") if "e" in shown else shown


@lru_cache(maxsize=4096)
def writer_of(code: str, from_1904: bool = False) -> Writer:
    """A function that formats numbers (for dates, the days since 1900 or 1904) by the code of a cell's format."""
    sections = _sections(code)
    if len(sections) == 1 and not any(token for token in sections[0] if token[0] != _GENERAL):
        return general
    writers = [_section(tokens, from_1904) for tokens in sections[:3]]
    limits = [next((text for kind, text in tokens if kind == _LIMIT), "") for tokens in sections[:3]]
    if any(limits):
        limited = list(zip(limits, writers, strict=True))
        return lambda value: next((writer(value) for limit, writer in limited if _holds(limit, value)), general(value))

    def write(value: float) -> str:
        if value < 0 and len(writers) > 1:
            return writers[1](-value)
        if value == 0 and len(writers) > 2:
            return writers[2](value)
        return writers[0](value)

    return write


def hides_text(code: str) -> bool:
    """Whether cells of this format hide text, as with `;;;`."""
    sections = _sections(code)
    return len(sections) == 4 and not sections[3]


def _holds(limit: str, value: float) -> bool:
    """Whether a value meets the condition of a section, such as `[>=1000]`; true without a condition."""
    found = _LIMITED.fullmatch(limit)
    return found is None or _COMPARISONS[found[1]](value, float(found[2]))


def _sections(code: str) -> list[list[tuple[int, str]]]:
    """The sections of a code as tokens, each with kind and text."""
    sections: list[list[tuple[int, str]]] = [[]]
    for found in _TOKEN.finditer(code):
        kind = found.lastindex or 0
        text = found[kind] if kind else ""
        if kind == _OTHER and text == ";":
            sections.append([])
        elif kind or _LIMITED.fullmatch(found[0].strip("[]")):
            sections[-1].append((kind, text if kind else found[0].strip("[]")))
    return sections


def _section(tokens: list[tuple[int, str]], from_1904: bool) -> Writer:
    kinds = [kind for kind, _ in tokens]
    if _DATE in kinds or _ELAPSED in kinds or _HALF in kinds:
        # Sheets often repeat dates.
        return lru_cache(maxsize=4096)(lambda value: _date(value, tokens, from_1904=from_1904))
    if (_OTHER, "/") in tokens and _DIGITS in kinds[: tokens.index((_OTHER, "/"))]:
        return lambda value: _fraction(value, tokens)
    patterns = [text for kind, text in tokens if kind == _DIGITS]
    power = next((text for kind, text in tokens if kind == _POWER), None)
    if power:  # the digits of the exponent are not placeholders
        patterns = patterns[:1]
    pattern = "".join(patterns).replace(",", "") if len(patterns) > 1 else "".join(patterns)
    scale = 2 * kinds.count(_PERCENT) - 3 * (len(pattern) - len(pattern.rstrip(",")))
    return lambda value: _number(value, tokens, pattern, power, scale)


def _number(value: float, tokens: list[tuple[int, str]], pattern: str, power: str | None, scale: int) -> str:
    """A number, also with literals between its digits, as in 555-1234: these are assigned from the last placeholder."""
    scaled = Decimal(repr(value))
    if scale:
        scaled = scaled.scaleb(scale)
    digits = _powered(scaled, pattern, power) if power else _digits(scaled, pattern)
    places = 1 if power else sum(kind == _DIGITS for kind, _ in tokens)
    placed = False
    parts: list[str] = []
    for kind, text in reversed(tokens):
        if kind == _DIGITS and places:
            places -= 1
            own = min(len(text.replace(",", "")), len(digits)) if places else len(digits)
            parts.append(digits[len(digits) - own :])
            digits, placed = digits[: len(digits) - own], True
        elif kind in _WRITTEN:
            parts.append(text)
        elif kind == _PERCENT:
            parts.append("%")
        elif kind in (_GENERAL, _AT):
            parts.append(general(abs(value)))
            placed = True
    return (("-" if value < 0 and placed else "") + "".join(reversed(parts))).strip()


def _fraction(value: float, tokens: list[tuple[int, str]]) -> str:
    """A number as a fraction: a mixed number if the code has three digit placeholders, else an improper fraction."""
    slash = tokens.index((_OTHER, "/"))
    places = [at for at, (kind, _) in enumerate(tokens[:slash]) if kind == _DIGITS]
    end = slash + 1
    while end < len(tokens) and (
        tokens[end][0] == _DIGITS or (tokens[end][0] == _OTHER and tokens[end][1].isdecimal())
    ):
        end += 1
    fixed = "".join(text for _, text in tokens[slash + 1 : end])
    if fixed.isdecimal() and int(fixed):
        bottom = int(fixed)
        top = round(Fraction(abs(value)) * bottom)
    else:
        near = Fraction(abs(value)).limit_denominator(10 ** max(1, min(len(fixed), _MOST_PLACES)) - 1)
        top, bottom = near.numerator, near.denominator
    whole, rest = divmod(top, bottom) if len(places) > 1 else (0, top)
    shown = [str(whole)] if whole or (len(places) > 1 and not rest) else []
    if rest or len(places) == 1:
        shown.append(f"{rest}/{bottom}")
    before = "".join(text for kind, text in tokens[: places[0]] if kind in _WRITTEN)
    after = "".join(text for kind, text in tokens[end:] if kind in _WRITTEN)
    return f"{'-' if value < 0 else ''}{before}{' '.join(shown)}{after}".strip()


def _digits(value: Decimal, pattern: str) -> str:
    whole, _, decimals = pattern.rstrip(",").partition(".")
    decimals = decimals.replace(",", "")
    try:
        rounded = abs(value).quantize(Decimal(1).scaleb(-min(len(decimals), _MOST_DECIMALS)), ROUND_HALF_UP)
    except InvalidOperation:
        return general(float(abs(value)))
    before, _, after = f"{rounded:f}".partition(".")
    kept = decimals.rfind("0") + 1  # "#" after the last "0" shows no zeros
    after = after[:kept] + after[kept:].rstrip("0")
    before = before.lstrip("0").rjust(whole.count("0"), "0")
    if "," in whole:
        before = f"{int(before or 0):,}".rjust(len(before), "0") if before else before
    return f"{before}.{after}" if after else before


def _powered(value: Decimal, pattern: str, power: str) -> str:
    decimals = len(pattern.partition(".")[2])
    mantissa, exponent = f"{abs(value):.{min(decimals, _MOST_DECIMALS)}E}".split("E")
    sign = "-" if exponent.startswith("-") else "+" if power[1] == "+" else ""
    return f"{mantissa}E{sign}{exponent.lstrip('+-').zfill(len(power) - 2)}"


def _date(value: float, tokens: list[tuple[int, str]], *, from_1904: bool) -> str:
    if not 0 <= value < _LAST_DAY:
        return general(value)
    day = value if from_1904 or value >= 60 else value + 1  # the calendar of 1900 has a 29 February
    moment = (_EPOCH_1904 if from_1904 else _EPOCH) + timedelta(seconds=round(day * 86_400, 3))
    fine = any(kind == _DATE and "." in text for kind, text in tokens)
    if not fine:
        moment = (moment + timedelta(microseconds=500_000)).replace(microsecond=0)
    halves = any(kind == _HALF for kind, _ in tokens)
    parts: list[str] = []
    for at, (kind, text) in enumerate(tokens):
        if kind == _DATE:
            parts.append(_date_part(moment, text.lower(), halves, _is_minute(tokens, at)))
        elif kind == _ELAPSED:
            unit = {"h": 3600, "m": 60, "s": 1}[text[0].lower()]
            parts.append(str(int(round(value * 86_400) // unit)).zfill(len(text)))
        elif kind == _HALF:
            parts.append(("AM" if moment.hour < 12 else "PM")[: 2 if "m" in text.lower() else 1])
        elif kind in (_TEXT, _ESCAPED, _OTHER):
            parts.append(text)
        elif kind == _DIGITS:
            parts.append(text)  # a full stop or a digit between parts of a date
    return "".join(parts).strip()


def _is_minute(tokens: list[tuple[int, str]], at: int) -> bool:
    """Whether an "m" means minutes: after hours or before seconds."""
    if tokens[at][1][0].lower() != "m" or len(tokens[at][1]) > 2:
        return False
    parts = [(place, text[0].lower()) for place, (kind, text) in enumerate(tokens) if kind in (_DATE, _ELAPSED)]
    order = [place for place, _ in parts].index(at)
    before = parts[order - 1][1] if order else ""
    after = parts[order + 1][1] if order + 1 < len(parts) else ""
    return before == "h" or after == "s"


def _date_part(moment: datetime, text: str, halves: bool, minute: bool) -> str:
    size = len(text)
    match text[0]:
        case "y" | "e":
            return f"{moment.year % 100:02d}" if size <= 2 and text[0] == "y" else f"{moment.year:04d}"
        case "m" if minute:
            return str(moment.minute).zfill(min(size, 2))
        case "m":
            name = _MONTHS[moment.month - 1]
            return {1: str(moment.month), 2: f"{moment.month:02d}", 3: name[:3], 5: name[0]}.get(size, name)
        case "d":
            name = _DAYS[moment.weekday()]
            return {1: str(moment.day), 2: f"{moment.day:02d}", 3: name[:3]}.get(size, name)
        case "h":
            hour = (moment.hour % 12 or 12) if halves else moment.hour
            return str(hour).zfill(min(size, 2))
        case _:
            whole, _, fine = text.partition(".")
            seconds = str(moment.second).zfill(min(len(whole), 2))
            return f"{seconds}.{moment.microsecond:06d}"[: len(seconds) + 1 + len(fine)] if fine else seconds
