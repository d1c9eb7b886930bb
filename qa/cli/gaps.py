"""The command `qa gaps`: reports unanswered questions, frequent questions, and questions per day."""

from __future__ import annotations

import argparse
import json
from contextlib import closing
from dataclasses import asdict
from pathlib import Path
from textwrap import shorten

from qa.answering.question_log import Kept, LoggedQuestion, read_questions
from qa.cli.output import say, say_json
from qa.encode import open_question_encoder
from qa.errors import BuildFailed, InvalidSettings
from qa.evaluate.gaps import Day, as_gold, gaps, most_asked, per_day
from qa.index.local.open_version import open_index
from qa.settings import Settings

_SHOWN = 10  # groups and questions shown; three times as many days
_EXAMPLES = 3
_PLOT_CHARS = 50
_LONGEST_CHARS = 80


def run_gaps(settings: Settings, arguments: argparse.Namespace) -> int:
    """Report the question log, or write its confirmed answers as a gold file."""
    if not settings.question_log:
        raise InvalidSettings(
            "QA_QUESTION_LOG is not set, so no questions are kept; set it for the server and `qa gaps`."
        )
    kept = Kept(settings.question_log_days, settings.question_log_rows)
    questions = read_questions(Path(settings.question_log), kept)
    if arguments.gold:
        _write_gold(settings, arguments.gold, questions)
    else:
        _report(settings, questions, as_json=arguments.json)
    return 0


def _write_gold(settings: Settings, path: Path, questions: list[LoggedQuestion]) -> None:
    with closing(open_index(settings.index_dir)) as index:
        entries = list(as_gold(questions, index))
    lines = [json.dumps(entry, ensure_ascii=False) + "\n" for entry in entries]
    try:
        path.write_text("".join(lines), encoding="utf-8")
    except OSError as error:
        raise BuildFailed(f"{path} cannot be written ({error.strerror}).") from None
    said = sum(question.found is True for question in questions)
    say(f"{path}: {len(entries)} questions, of {said} confirmed answers. Measure them with `qa eval kp {path}`.")


def _report(settings: Settings, questions: list[LoggedQuestion], *, as_json: bool) -> None:
    found = gaps(questions, open_question_encoder(settings))
    frequent, days = most_asked(questions), per_day(questions)
    if as_json:
        say_json(
            {
                "questions": len(questions),
                "gaps": [asdict(gap) for gap in found],
                "most_asked": [asdict(each) for each in frequent],
                "days": [asdict(day) for day in days],
            }
        )
        return
    say(f"{len(questions)} questions in the last {settings.question_log_days} days.")
    say("", "Not answered, in groups:")
    for gap in found[:_SHOWN]:
        say(f"{gap.times:6}  {_line(', '.join(gap.about) or gap.questions[0].question)}")
        for each in gap.questions[:_EXAMPLES]:
            say(f"        {each.times} x {_line(each.question)}")
    say("", "Asked most:")
    for each in frequent[:_SHOWN]:
        say(f"{each.times:6}  {_line(each.question)}")
    say("", "Each day, # answered and - not answered:")
    say(*plot(days[-3 * _SHOWN :]))


def _line(question: str) -> str:
    """A question that fits into a line."""
    return shorten(question, _LONGEST_CHARS, placeholder="…")


def plot(days: list[Day]) -> list[str]:
    """A bar for each day, scaled to the day with the most questions."""
    most = max((day.asked for day in days), default=1)
    lines = []
    for day in days:
        whole = max(1, round(_PLOT_CHARS * day.asked / most))
        hollow = round(whole * day.unanswered / day.asked)
        bar = "#" * (whole - hollow) + "-" * hollow
        lines.append(f"{day.day}  {bar}  {day.asked}, {day.unanswered} not answered")
    return lines
