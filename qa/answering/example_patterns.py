"""Derives questions from English sentences by patterns: definitions, names with roles, dates and figures.

A pattern matches only if the question can be formed from the sentence's own words, so that it reads naturally. Other
sentences give no question.
"""

from __future__ import annotations

import re
from collections.abc import Container, Iterator
from dataclasses import dataclass

KINDS = ("definition", "role", "figure", "date", "heading")

_LONGEST_SENTENCE_CHARS = 400
_HEADING_WORDS = range(3, 13)

# Starts at a word and has a bounded length, so a search takes linear time.
_CAPITAL = r"(?<![\w.&’'-])[A-Z][\w.&’'-]{0,40}\w"
_JOINT = r"(?:of|the|for|and|de|von|van)"
_NAME = rf"{_CAPITAL}(?: (?:{_JOINT} ){{0,2}}{_CAPITAL}){{0,5}}"
_THING = rf"(?P<subject>(?:The |the )?{_NAME})(?: \([A-Z]{{2,8}}\))?"
_NOT_A_SUBJECT = re.compile(
    r"(?:A|All|Also|An|And|Another|Any|As|At|Both|But|By|Each|Either|Every|Everyone|Few|First|For|From|He|Her|Here|His|How|"
    r"However|I|If|In|It|Its|Many|More|Most|My|Neither|No|None|Not|Nothing|Now|On|One|Or|Other|Others|Our|Overall|Second|"
    r"Several|She|So|Some|Something|Such|That|Their|Then|There|These|They|This|Those|Thus|To|Today|We|What|When|Where|"
    r"Which|While|Who|Why|With|Yes|You|Your)\b"
)
_NUMBER_WORD = "two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|twenty|thirty|forty|fifty|sixty|hundred"
_NUMBER = rf"(?:\d[\d,.]*(?: (?:thousand|million|billion))?|{_NUMBER_WORD})"
_ABOUT = r"(?:(?:more than|fewer than|less than|about|around|nearly|almost|over|some|roughly|approximately|only) )?"
# Plural nouns that are counted, with a word or two before them: "outpatient medical offices".
_COUNTED = r"(?P<counted>(?:(?!and |or |of |in |at |to |on |for |who |that |which )[a-z-]+ ){0,2}?[a-z]+(?<!s)s)\b"
_YEAR = r"(?:1[5-9]|20)\d\d"
_DATED = rf"(?:in|on|since)(?: [A-Z][a-z]+)?(?: \d{{1,2}},?)?(?: of)? {_YEAR}\b"

_ROLE = (
    r"(?:(?:vice|deputy|acting|interim|executive|senior|general|managing|founding|former|assistant|associate) )*"
    r"(?:chief (?:[a-z]+ ){1,2}officer|C[EFOIMT]O|president|chair(?:man|woman|person)?|director|founder|co-founder|"
    r"secretary|minister|mayor|head|manager|editor|treasurer|dean|governor|commissioner|superintendent|spokes(?:man|"
    r"woman|person)|medical director|harbour master|captain|curator|librarian)"
)
_BODY = rf"(?:the )?(?:{_NAME}|[a-z]+(?: [a-z]+){{0,2}}?)(?=,|\.|;| that| which| who| in | and | is | was |$)"

_DEFINITION = re.compile(rf"{_THING} (?P<verb>is|are|was|were) (?:an?|the|one of|part of) [a-z]")
_NAMED_KIND = re.compile(rf"{_THING} (?P<verb>are|were) (?!not\b)[a-z-]+(?<!ed)(?<!ing)(?<!ly) [a-z]")
_SHORT_FORM = re.compile(rf"(?P<subject>(?:The |the )?{_NAME}) \((?P<short>[A-Z]{{2,8}})\) (?P<verb>is|was|are|were) ")
_POSSESSIVE = re.compile(rf"(?P<subject>(?:The |the )?{_NAME}[’']s [a-z]+(?: [a-z]+)?) (?P<verb>is|are) (?!not\b)")
_APPOINTED = re.compile(rf"\b(?P<verb>named|appointed|elected) (?:as )?(?:the )?(?P<role>{_ROLE}) of (?P<body>{_BODY})")
_HAS_ROLE = re.compile(
    rf"{_CAPITAL}(?: {_CAPITAL}){{1,5}},(?: [A-Z]{{2,4}},)? (?:the )?(?P<role>{_ROLE}) of (?P<body>{_BODY})"
)
_IS_ROLE = re.compile(rf"[Tt]he (?P<role>{_ROLE})(?: of (?P<body>{_BODY}))? (?P<verb>is|was) [A-Z][a-z]+ [A-Z]")
_DATE_PASSIVE = re.compile(
    rf"{_THING} (?P<verb>was|were) (?:first )?(?P<done>founded|established|created|formed|built|opened|launched|"
    rf"introduced|signed|developed|adopted|completed|closed|renamed|acquired|started|organized|organised|incorporated)\b"
    rf"[^.;]*? {_DATED}"
)
_DATE_ACTIVE = re.compile(
    rf"{_THING} (?P<did>began|opened|started|closed|launched|merged|joined|moved|ended)\b[^.;]*? {_DATED}"
)
_FIGURE = re.compile(
    rf"{_THING} (?P<verb>has|serves|employs|operates|owns|includes|covers|runs|manages|treats|offers|holds|represents|"
    rf"trains|contains|comprises|supports|maintains|provides [a-z]+|works|sells|publishes)"
    rf"(?P<to>(?: (?:in|with|to|for))?) "
    rf"{_ABOUT}{_NUMBER} {_COUNTED}"
)
_FIGURE_AFTER = re.compile(
    rf"{_THING} (?P<verb>operates|works|serves)(?P<to>)[^.;]*? and (?P<second>provides [a-z]+ to|serves|employs|has) "
    rf"{_ABOUT}{_NUMBER} {_COUNTED}"
)
_BASES = {"began": "begin", "opened": "open", "started": "start", "closed": "close", "launched": "launch",
    "merged": "merge", "joined": "join", "moved": "move", "ended": "end"}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Candidate:
    """A question, its kind, and the place of its answer in the document."""

    kind: str
    question: str
    place: int


def heading_questions(heading: str, place: int) -> Iterator[Candidate]:
    """The question in a heading, with the place where the text below begins."""
    words = heading.split()
    if heading.endswith("?") and len(words) in _HEADING_WORDS:
        yield Candidate("heading", " ".join(words), place + 1)


def sentence_questions(sentence: str, place: int, written: Container[str] = ()) -> Iterator[Candidate]:
    """The questions that a sentence answers.

    Args:
        sentence: The sentence.
        place: Its offset in its document.
        written: The words of the document as written: a sentence's first word counts as a name unless the document also
            has it in lower case.
    """
    text = " ".join(sentence.split())
    if len(text) > _LONGEST_SENTENCE_CHARS or text.endswith(("?", ":")):
        return
    for kind, question in (*_roles(text), *_of_subject(text, written)):
        yield Candidate(kind, question, place)


def _of_subject(text: str, written: Container[str]) -> Iterator[tuple[str, str]]:
    """The questions about the subject at the beginning of a sentence."""
    if _NOT_A_SUBJECT.match(text):
        return
    for pattern in (_FIGURE_AFTER, _FIGURE):
        if found := pattern.match(text):
            verb = found.groupdict().get("second") or f"{found['verb']}{found['to']}"
            yield "figure", f"How many {found['counted']} does {_inside(found['subject'], written)} {_base(verb)}?"
            break
    if found := _DATE_PASSIVE.match(text):
        yield "date", f"When {found['verb']} {_inside(found['subject'], written)} {found['done']}?"
    if found := _DATE_ACTIVE.match(text):
        yield "date", f"When did {_inside(found['subject'], written)} {_BASES[found['did']]}?"
    for pattern in (_SHORT_FORM, _POSSESSIVE, _DEFINITION, _NAMED_KIND):
        found = pattern.match(text)
        if found and (pattern is not _SHORT_FORM or _abbreviates(found["short"], found["subject"])):
            verb = {"was": "is", "were": "are"}.get(found["verb"], found["verb"])
            yield "definition", f"What {verb} {_inside(found['subject'], written)}?"
            break


def _roles(text: str) -> Iterator[tuple[str, str]]:
    if found := _APPOINTED.search(text):
        yield "role", f"Who was {found['verb']} {found['role']} of {found['body']}?"
    elif found := _HAS_ROLE.search(text):
        yield "role", f"Who is the {found['role']} of {found['body']}?"
    elif found := _IS_ROLE.match(text):
        of = f" of {found['body']}" if found["body"] else ""
        yield "role", f"Who {found['verb']} the {found['role']}{of}?"


def _inside(subject: str, written: Container[str]) -> str:
    """A sentence's first words, with the case they have inside a sentence."""
    if subject.startswith("The "):
        return f"the {subject[4:]}"
    first, _, rest = subject.partition(" ")
    is_name = (rest and not first.endswith(("'s", "’s"))) or first.lower() not in written
    return subject if is_name else f"{first.lower()} {rest}".rstrip()


def _base(verb: str) -> str:
    """The infinitive of a verb, with the words after it: "provide care to" of "provides care to"."""
    first, _, rest = verb.partition(" ")
    base = "have" if first == "has" else re.sub(r"(?<=sh)es$|(?<=ch)es$|s$", "", first)
    return f"{base} {rest}".rstrip()


def _abbreviates(short: str, long: str) -> bool:
    """Whether capital letters are the initials of a name."""
    initials = "".join(word[0] for word in long.split() if word[0].isupper() and word != "The")
    return short == initials
