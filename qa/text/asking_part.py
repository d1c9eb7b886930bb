"""Finds the asking part of a question, without greetings, polite openings and statements.

1. Greetings and polite openings ("Hi, could you please tell me") and closings ("thanks") are removed, also several in a
   row.
2. Of several sentences those that ask are kept, if they have enough content words and do not refer to another sentence.

The result is a part of the question as typed; if nothing would remain, it is the whole question.
"""

from __future__ import annotations

import re
from functools import lru_cache

from qa.text.sentences import split_sentences
from qa.text.words import STOP_WORDS, spelt

_GREETING = (
    r"(?:hi|hiya|hello|hey|greetings|dear (?:all|team|sir|madam)|good (?:morning|afternoon|evening|day))"
    r"(?: (?:there|all|everyone|everybody|team|again|folks))?"
)
_APOLOGY = (
    r"(?:(?:i am |i'm )?(?:so |very )?sorry(?: (?:to (?:bother|trouble|disturb|interrupt|ask)(?: you)?|for asking))?"
    r"|excuse me|pardon(?: me)?)(?: again)?"
)
_ANNOUNCEMENT = (
    r"(?:i(?:'ve| have)(?: got)? |here(?:'s| is) |just |got )*(?:a |one |another |my )?(?:very |really |more )?"
    r"(?:quick |small |short |simple |silly |stupid |dumb )(?:question|one)(?: (?:for you|here))?"
    r"|(?:i(?:'ve| have)(?: got)? |here(?:'s| is) |just )(?:a |one |another |my )question(?: for you)?"
)
_REQUEST = (
    r"(?:please |kindly |so |ok |okay )*(?:can|could|would|will|might|may) (?:you|someone|somebody|anyone|anybody|i|we)"
    r"(?: (?:please|kindly|possibly|perhaps|maybe|just|also))* "
    r"(?:(?:tell|show|inform|advise|remind|help|give) (?:me|us)|let (?:me|us) know|explain(?: to (?:me|us))?"
    r"|ask(?: you)?|find out|look up"
    r"|(?:answer|help(?: out)?(?: with| on)?)(?= (?:this|a|my|one|the following) question))"
    r"(?: (?:please|out|again))*"
    r"(?:(?: (?:with|about|on))? (?:this|that|a|my|one|the following)(?: (?:question|one|thing))?"
    r"(?=[\s,]*[:,.!?–—-]|$))?"
)
_WISH = (
    r"(?:so |well |actually |basically )*(?:what )?(?:i|we)(?:'d|'m|'re| am| are| was| were| would| do)?"
    r"(?: (?:just|really|simply|only|also))*"
    r" (?:(?:like|love|want|need|wish|wanted|trying|hoping) to (?:know|ask(?: you)?|find out|learn|understand|hear)"
    r"(?: is)?|wonder(?:ing)?|curious)"
)
_QUERY = (
    r"do(?:es)? (?:you|anyone|anybody|someone|somebody) (?:happen to |by any chance )?know"
    r"|is it (?:really )?(?:a fact|correct|right|the case|true) that"
    r"|(?:any idea|please tell(?: me| us)?|tell (?:me|us)|let (?:me|us) know|explain to (?:me|us)"
    r"|(?:please )?explain (?:me|us))"
    r"|(?:i |we )?hope (?:you|this|all|everyone|everybody)[^.!?,:\n]{0,40}?(?:well|fine|good|great|ok|okay)"
)
_THANKS = r"(?:many )?(?:thanks|thank you|thx|cheers)(?: (?:a lot|so much|very much|in advance|again))?"
_LINKS = r"(?:[\s,:;.!?–—-]+(?:but|so|and|please|pls|if|whether|about)\b)*[\s,:;.!?–—-]*"
_OPENING = re.compile(
    rf"(?:(?:please|pls|kindly)|{_THANKS}|{_GREETING}|{_APOLOGY}|{_ANNOUNCEMENT}|{_REQUEST}|{_WISH}|{_QUERY})\b{_LINKS}",
    re.IGNORECASE,
)
_CLOSING = re.compile(
    r"(?<![\s,.!?;:–—-])[\s,.!?;:–—-]*(?<!they )(?<!you )(?<!we )(?<!to )\b"
    rf"(?:please|pls|plz|kind regards|thanking you(?: in advance)?|{_THANKS})[\s.!?]*$",
    re.IGNORECASE,
)

_ASKING = frozenset("how what when where which who whom whose why".split())
_INVERTED = frozenset(
    "am are can could did do does had has have is may must shall should was were will would don't doesn't didn't isn't "
    "aren't can't won't".split()
)
_REFERRING = frozenset("he her hers him his it its she that their them there these they this those".split())
_EXISTING = re.compile(r"\bthere (?:is|are|was|were)\b|\b(?:is|are|was|were) there\b", re.IGNORECASE)
_TOLD = re.compile(
    r"(?:i|we|my|our)\b(?:\s+[\w'’-]+){3,}?(?<!\babout)(?<!\bof)(?<!\bto)(?<!\bin)(?<!\bknow)"
    r"(?=\s+(?:how (?:many|much|do|does|did|can)"
    r"|(?:what|where|when|why|who) (?:do|does|did|is|are|was|were|can|could|will|would|should)) )",
    re.IGNORECASE,
)
_ENOUGH = 3  # minimum of content words in a question without the other sentences


@lru_cache(maxsize=16)  # also called for the corrected question, which is mostly the same
def asked_part(question: str) -> str:
    """The asking part of a question; the same string object if that is the whole."""
    part = _without_openings(question)
    asking = [each for each in _sentences(part) if _asks(each)]
    if asking and len(asking) < len(_sentences(part)) and _stands_alone(rest := " ".join(asking)):
        return _without_openings(rest)
    return part


def _without_openings(text: str) -> str:
    """The text without polite openings and closings, or the text itself if nothing else remains."""
    rest = text
    while (opening := _OPENING.match(rest)) and _names_something(rest[opening.end() :]):
        rest = rest[opening.end() :]
    while (closing := _CLOSING.search(rest)) and _names_something(rest[: closing.start()]):
        rest = rest[: closing.start()]
    return rest


def _names_something(text: str) -> bool:
    return any(word.casefold() not in STOP_WORDS for word in spelt(text))


def _sentences(text: str) -> list[str]:
    """The sentences of a text, independent of its capitalisation."""
    raised = text.upper()
    raised = raised if len(raised) == len(text) else text
    parts = [text[span.start : span.end] for span in split_sentences(raised)]
    return [half for part in parts for half in _told_and_asked(part)]


def _told_and_asked(sentence: str) -> list[str]:
    """Split a sentence into a statement and a following question that no full stop separates."""
    told = _TOLD.match(sentence)
    return [told[0], sentence[told.end() :].lstrip()] if told else [sentence]


def _asks(sentence: str) -> bool:
    first = next((word.casefold().replace("’", "'") for word in spelt(sentence)), "")
    return sentence.endswith("?") or first in _ASKING or first in _INVERTED


def _stands_alone(sentence: str) -> bool:
    found = [word.casefold() for word in spelt(_EXISTING.sub(" ", sentence))]
    return sum(word not in STOP_WORDS for word in found) >= _ENOUGH and not _REFERRING.intersection(found)
