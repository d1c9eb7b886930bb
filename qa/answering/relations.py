"""Checks whether a passage states the relation that a question asks for: who does what to whom.

"Do physicians own the hospitals?" has the words of "hospitals owned by the foundation, which pays the physicians".
Similar words are therefore not enough. For common verbs of ownership, office, trade and employment:

1. A yes-or-no question is divided into subject, verb and object by its auxiliary and the verb; "who sells it?" has no
   subject, "whom does it pay?" no object.
2. A sentence states the relation if it has the verb or a synonym, with the subject before it and the object after it;
   with a passive participle ("owned by"), the other way round. A sentence with a pronoun takes its subject from the
   sentence before.
"""

from __future__ import annotations

import re
from collections.abc import Container, Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import chain

from qa.records import Passage
from qa.retrieval.headed_lines import heads
from qa.text.words import spelt, term, word_groups

# Synonymous verbs; the words after "|" mean the same in a text.
_VERBS = tuple(
    (verbs, frozenset(map(term, verbs | others)))
    for verbs, others in word_groups(
        "own possess | owned owner ownership; sell | sold sale offer; buy acquire purchase | bought acquisition; "
        "lead direct head run chair manage | led leader president chief director operate; "
        "hire employ recruit | employer; pay compensate reimburse | paid salary payment; "
        "found establish create start launch | founded founder form; train teach educate | training taught; "
        "elect appoint | election; write | wrote written author create; report | accountable; "
        "negotiate bargain | negotiation; collect | collection; sue | sued lawsuit; "
        "fund finance sponsor | funding invest investment; regulate supervise oversee | oversaw; approve | approval; "
        "build construct | built; publish | publisher; merge combine consolidate unite | merger consolidation; "
        "close shut | closure; replace succeed | replacement successor; cover insure | coverage"
    )
)
_SAME = [
    frozenset(map(term, group))
    for group, _ in word_groups(
        "clinician doc doctor physician staff; clinician employee personnel staff worker workforce; firm company; "
        "customer client; member membership"
    )
]
_SYNONYMS = {word: frozenset().union(*(group for group in _SAME if word in group)) for word in chain(*_SAME)}
_ASKED = re.compile(
    r"^\W*(?P<whom>whom? )?(?:do|does|did|can|could|will|would|may|must)(?:n't)? (?P<rest>.+)$", re.IGNORECASE
)
_WHO = re.compile(r"^\W*who (?:(?:actually|currently|first|now|really) )?([a-z]+)(?: and [a-z]+)? (.+)$", re.IGNORECASE)
_ASIDE = re.compile(r"\([^)]*\)")
_CLAUSE = re.compile(r"[,;:].*")  # what follows the first clause
_POSSESSIVE = frozenset("her his its my our their your".split())
_PRONOUNS = _POSSESSIVE | frozenset("he it she they this those these we".split())
_ANYBODY = frozenset(map(term, "any anybody anyone actually already also ever own really".split()))
_SUBJECT_ENDS = frozenset("and be been get gets getting or that to who".split())
_OBJECT_ENDS = frozenset(
    "a about after against an and at because before but during for from if in nor on or per than the to when which "
    "while with".split()
)
_LONGEST = 6  # words of a subject
_REACH = 8  # words between a passive verb and its subject or object
_NEAR = 4  # words between the words of a phrase
_PASSIVE = frozenset("are be been being is was were".split())
_AGENT = frozenset("at between by from to with".split())  # may name who does it


@dataclass(frozen=True, slots=True)
class Relation:
    """A relation asked for: index terms of subject and object, and those of the verb and its synonyms."""

    subject: tuple[str, ...]
    verb: frozenset[str]
    object: tuple[str, ...]


@lru_cache(maxsize=64)
def relation_asked(question: str) -> Relation | None:
    """The relation of a question with one of the verbs; None for other questions. `who` and `whom` are empty parts."""
    clause = _CLAUSE.sub("", _ASIDE.sub("", question))
    who = _WHO.match(clause)
    if who and who[1].casefold() != "found" and (alike := _meaning(term(who[1]))) and (found := _object(spelt(who[2]))):
        return Relation((), alike, found)
    asked = _ASKED.match(clause)
    words = spelt(asked["rest"]) if asked else []
    verbs = [_synonyms(word) for word in words]
    for place, alike in enumerate(verbs[:_LONGEST]):
        if words[place].casefold() in _SUBJECT_ENDS:
            return None
        subject = _terms(words[:place])
        is_noun = any(verbs[place + 1 : place + 2]) or words[place - 1].casefold() in _POSSESSIVE
        if subject and alike and not is_noun:
            found = _object(words[place + 1 :])
            return Relation(subject, alike, found) if found or (asked and asked["whom"]) else None
    return None


def _object(words: Sequence[str]) -> tuple[str, ...]:
    """The index terms of the words after a verb, up to the end of its first object."""
    found: list[str] = []
    for word in words:
        if found and word.casefold() in _OBJECT_ENDS:
            break
        if not word.endswith("ly"):
            found += _terms([word])
    return tuple(found)


def _synonyms(verb: str) -> frozenset[str]:
    """The index terms of a verb's infinitive and of its synonyms; none if it is not among the verbs."""
    return frozenset().union(*(texts for verbs, texts in _VERBS if verb.casefold() in verbs))


def _meaning(verb: str) -> frozenset[str]:
    """As `_synonyms`, for the index term of any form of a verb."""
    return frozenset().union(*(texts for _, texts in _VERBS if verb in texts))


def states(relation: Relation, passage: Passage, everywhere: Container[str]) -> bool:
    """Whether a sentence of a passage states a relation.

    Args:
        relation: The relation.
        passage: The passage.
        everywhere: Index terms that distinguish nothing, since most passages have them.
    """
    told = [tuple(each for each in part if each not in everywhere) for part in (relation.subject, relation.object)]
    sentences = [spelt(passage.text[span.start : span.end]) for span in passage.sentences]
    found = [[term(word) for word in words] for words in sentences]
    above = [term(word) for heading in passage.headings for word in spelt(heading)]
    whole = [each for words in (*found, above) for each in words if each]
    if not all(_near_each_other(part, whole) for part in told):
        return False
    subject, thing = (part[-1:] for part in told)
    for number, (words, head) in enumerate(zip(sentences, heads(passage), strict=True)):
        context = above + (found[head] if head != number else [])
        if number and not _PRONOUNS.isdisjoint(word.casefold() for word in words):
            context += found[number - 1]
        for place, each in enumerate(found[number]):
            if each in relation.verb and each not in relation.object:
                left, right = context + found[number][:place], found[number][place + 1 :]
                by = "by" in words[place + 1 : place + 3]
                active = not by and _has(subject, left) and _has(thing, right)
                passive = (by or not subject) and _has(subject, right[:_REACH]) and _has(thing, left[-_REACH:])
                if active or passive:
                    return True
    return False


def lacks_agent(question: str, sentences: Iterable[str]) -> bool:
    """Whether a question asks who does something, and sentences only say that it is done: "it was sold in May"."""
    asked = _WHO.match(question)
    done = term(asked[1]) if asked else ""
    told = [words for words in map(spelt, sentences) if done and done in map(term, words)]
    return bool(told) and all(
        not _PASSIVE.isdisjoint(words[max(0, place - 3) : place])
        and _AGENT.isdisjoint(words[place + 1 : place + _REACH])
        for words in told
        for place, word in enumerate(words)
        if term(word) == done
    )


def _near_each_other(phrase: Sequence[str], found: Sequence[str]) -> bool:
    """Whether a text has most words of a phrase, the last one included, near each other."""
    if not phrase:
        return True
    least = min(2, len(phrase)) if len(phrase) <= 3 else len(phrase) - 2
    reach = _NEAR + len(phrase)
    around = (
        found[max(0, place - reach) : place + reach]
        for place, each in enumerate(found)
        if same_things(phrase[-1], each)
    )
    return any(sum(_has((word,), window) for word in phrase) >= least for window in around)


def _has(phrase: Sequence[str], found: Sequence[str]) -> bool:
    return all(any(same_things(word, other) for other in found) for word in phrase)


def same_things(one: str, other: str) -> bool:
    """Whether two index terms are equal or synonyms."""
    return one == other or other in _SYNONYMS.get(one, ())


def _terms(words: Iterable[str]) -> tuple[str, ...]:
    return tuple(each for word in words if (each := term(word)) and each not in _ANYBODY)
