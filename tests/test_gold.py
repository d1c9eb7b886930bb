from __future__ import annotations

import json
from pathlib import Path

import pytest

from qa.errors import UnreadableFile
from qa.evaluate.gold import Evidence, GoldQuestion, read_forms, read_gold
from qa.reading.documents import load_document
from qa.records import Document, Span

MODEL = load_document("model.txt", b"The model\n\nPhysicians are **salaried**. They get no fee-for-service pay.\n")
NEWS = load_document("news.txt", "date 2022-04-18 Nurses voted “yes” on Friday.".encode())


def gold_file(folder: Path, *entries: object) -> Path:
    path = folder / "gold.jsonl"
    path.write_text("".join(f"{json.dumps(entry, ensure_ascii=False)}\n" for entry in entries), encoding="utf-8")
    return path


def quoted(document: Document, evidence: Evidence) -> str:
    return document.text[evidence.span.start : evidence.span.end]


def entry(**fields: object) -> dict[str, object]:
    return {"id": "q1", "question": "How are physicians paid?", "kind": "fact", "doc": "model.txt", **fields}


def test_evidence_is_found_whatever_markup_and_white_space_it_was_written_with(tmp_path: Path) -> None:
    (question,) = read_gold(gold_file(tmp_path, entry(evidence=["Physicians  are\n**salaried**."])), [MODEL])
    assert (question.id, question.question, question.kind) == ("q1", "How are physicians paid?", "fact")
    assert question.answerable
    (evidence,) = question.evidence
    assert evidence.document_id == "model"
    assert quoted(MODEL, evidence) == "Physicians are **salaried"  # only letters and digits count


def test_a_stamp_that_became_metadata_is_no_part_of_the_evidence(tmp_path: Path) -> None:
    wanted = entry(doc="news.txt", evidence=["date 2022-04-18 Nurses voted “yes”"])
    (question,) = read_gold(gold_file(tmp_path, wanted), [NEWS])
    assert quoted(NEWS, question.evidence[0]) == "Nurses voted “yes"


def test_alternatives_in_other_documents_count(tmp_path: Path) -> None:
    wanted = entry(evidence=["salaried"], also=[{"doc": "news.txt", "evidence": ["Friday"]}])
    (question,) = read_gold(gold_file(tmp_path, wanted), [MODEL, NEWS])
    assert [each.document_id for each in question.evidence] == ["model", "news"]


def test_a_question_that_the_documents_do_not_answer_has_no_evidence(tmp_path: Path) -> None:
    wanted = {"id": "q2", "question": "Who?", "kind": "unanswerable", "sub_kind": "near_miss"}
    (question,) = read_gold(gold_file(tmp_path, wanted), [])
    assert (question.answerable, question.sub_kind) == (False, "near_miss")


@pytest.mark.parametrize("answerable", [True, False])
def test_a_line_may_say_no_more_than_whether_a_question_is_answered(tmp_path: Path, *, answerable: bool) -> None:
    (question,) = read_gold(gold_file(tmp_path, {"question": "Who?", "answerable": answerable}), [])
    assert (question.question, question.answerable, question.evidence) == ("Who?", answerable, ())


def test_blank_lines_are_no_questions(tmp_path: Path) -> None:
    path = gold_file(tmp_path, entry(evidence=["salaried"]))
    path.write_text("\n" + path.read_text(encoding="utf-8") + "  \n", encoding="utf-8")
    assert len(read_gold(path, [MODEL])) == 1


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("{no json", "line 1: Expecting property name"),
        (json.dumps(entry(evidence=["nowhere"])), "line 1: evidence not in the document: 'nowhere'"),
        (json.dumps(entry(evidence=["…"])), "line 1: evidence not in the document"),
        (json.dumps(entry(doc="missing.txt", evidence=["x"])), "line 1: 'missing.txt'"),
        (json.dumps({"id": "q"}), "line 1: 'kind'"),
        ("[]", "line 1: "),
    ],
)
def test_a_malformed_line_is_named_with_the_reason(tmp_path: Path, line: str, reason: str) -> None:
    path = tmp_path / "gold.jsonl"
    path.write_text(line, encoding="utf-8")
    with pytest.raises(UnreadableFile, match=reason):
        read_gold(path, [MODEL])


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(UnreadableFile, match=r"gold\.jsonl cannot be read"):
        read_gold(tmp_path / "gold.jsonl", [])


QUESTION = GoldQuestion("q", "?", True, "fact", "", (Evidence("a", Span(100, 110)), Evidence("b", Span(0, 4))))


@pytest.mark.parametrize(
    ("document", "start", "end", "relevant", "touches"),
    [
        ("a", 100, 110, True, True),  # all of it
        ("a", 0, 105, True, True),  # the first half
        ("a", 0, 104, False, True),  # less than half
        ("a", 105, 200, True, True),  # the second half
        ("a", 0, 100, False, False),  # up to it: ends are exclusive
        ("a", 110, 200, False, False),
        ("b", 100, 110, False, False),  # the place of the one in the document of the other
        ("b", 2, 100, True, True),
        ("c", 100, 110, False, False),
    ],
)
def test_a_passage_is_relevant_that_covers_half_of_the_evidence(
    document: str, start: int, end: int, *, relevant: bool, touches: bool
) -> None:
    assert QUESTION.relevant(document, Span(start, end)) is relevant
    assert QUESTION.touches(document, Span(start, end)) is touches


def test_forms_are_read_with_their_questions(tmp_path: Path) -> None:
    path = tmp_path / "forms.jsonl"
    path.write_text('{"of": "q1", "question": "WHO IS IT"}\n\n', encoding="utf-8")
    assert read_forms(path, {"q1": "Who is it?"}) == [("Who is it?", "WHO IS IT")]
    for line, reason in (('{"of": "q2", "question": "x"}', "line 1: no question has the id 'q2'"), ("{", "line 1: ")):
        path.write_text(line, encoding="utf-8")
        with pytest.raises(UnreadableFile, match=reason):
            read_forms(path, {"q1": "Who is it?"})
