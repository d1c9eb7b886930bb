"""Patterns for answer types: how questions ask for each type, and its form in a text."""

from __future__ import annotations

import re
from enum import StrEnum

from qa.text.units import NUMBER_WORDS
from qa.text.words import term, word_groups


class AnswerType(StrEnum):
    """The answer types that are recognised; `OTHER` is any other."""

    DATE = "date"
    AGE = "age"
    COUNT = "count"
    SHARE = "share"
    DURATION = "duration"
    FREQUENCY = "frequency"
    MEASURE = "measure"
    AMOUNT = "amount"
    PERSON = "person"
    REGION = "region"
    PLACE = "place"
    CONTACT = "contact"
    LONG_FORM = "long form"
    NAMED = "named"
    REASON = "reason"
    OTHER = "other"


# Before an interrogative word: elsewhere "when" and "who" join clauses.
_BEGINS = r"(?:^|[,;:.?!(]\s?|\b(?:and|but|or|so|about|by|for|from|of|since|to|until|with) )"
_ANY = r"[^\W\d_]{1,20}(?:['’]s)? "
# "What is the fee" asks for an amount; "what is a fee" and "what is the use of a fee" do not.
_DETERMINER = r"its|my|our|the|their|your|[^\W\d_]{1,20}['’]s"
_NO_PREPOSITION = r"(?!(?:about|against|and|between|by|for|from|in|of|on|or|with) )"
_AUXILIARY = r"(?:are|can|could|did|do|does|had|has|have|is|may|must|shall|should|was|were|will|would)\b"
_SUM = (
    r"(?:bonus|budget|copay|copayment|cost|deductible|earnings|fee|fine|income|premium|price|profit|rent|revenue|salary"
    r"|savings|tuition|turnover|wage)\b"
)
_OF_MONEY = rf"(?:{_AUXILIARY}|{_SUM}|(?:a|an|for|in|it|less|money|more|of|our|the|their|they|to|you)\b)"
TOTAL = r"\b(membership|staff|[^\W\d_]{2,20}(?<!s)s) (?:counts?|figures|totals?)\b"  # the things counted
# Kinds of things with names, and synonyms. A text seldom names one without its kind, as it does states and agencies.
NAMED_KINDS = {
    form: frozenset(map(term, alike))
    for alike, _ in word_groups(
        "academy college school university; act bill law legislation regulation statute; airline; "
        "app application platform software system; award prize; bank lender; brand; "
        "business company contractor corporation employer firm maker manufacturer supplier vendor; "
        "chain drugstore pharmacy; charity foundation; church; clinic hospital; court; hotel restaurant; "
        "insurance insurer; journal magazine newspaper; lab laboratory; museum; retailer shop store; theater theatre; "
        "union"
    )
    for kind in alike
    for form in (kind, f"{kind[:-1]}ies" if kind[-1] == "y" else f"{kind}s")
}
_ABBREVIATED = r"(?P<short{}>(?!(?:he|it|she|that|the|they|this|we|you)\b)[^\W\d_]{{2,8}})(?: \([^)]{{1,80}}\))?"
ASKED = {
    AnswerType.PERSON: re.compile(
        rf"{_BEGINS}who(?:m|se)?\b|\b(?:what|which) (?:doctor|executive|leader|person|representative)s?\b"
        r"|\bwhat(?: is|'s) the name of\b"
        r"|\bname of (?:[\w'’-]{1,20} ){0,4}(?:c[eof]o|chair|director|head|leader|president)\W*$",
        re.IGNORECASE,
    ),
    AnswerType.DATE: re.compile(
        rf"{_BEGINS}when\b|\bwhen {_AUXILIARY}|\b(?:what|which) (?:date|day|month|time|year)\b|\bhow long ago\b"
        r"|\b(?:end|expiry|opening|start) dates?\b|\bdates?\W*$",
        re.IGNORECASE,
    ),
    AnswerType.AGE: re.compile(r"\bhow (?:many years )?old\b|\bwhat age\b", re.IGNORECASE),
    AnswerType.COUNT: re.compile(rf"\bhow many\b|(?<!er )\b(?:number|total) of\b|{TOTAL}", re.IGNORECASE),
    AnswerType.SHARE: re.compile(r"\b(?:percent|percentage|proportion|ratio|share) of\b|\bratio\W*$", re.IGNORECASE),
    AnswerType.DURATION: re.compile(r"\bhow long\b", re.IGNORECASE),
    AnswerType.FREQUENCY: re.compile(r"\bhow (?:frequently|often|regularly)\b", re.IGNORECASE),
    AnswerType.MEASURE: re.compile(
        rf"\bhow (?:big|deep|far|fast|heavy|large|tall|wide)\b|\bhow much (?!{_OF_MONEY}){_ANY}"
        r"|\b(?:population|rate) of\b|\bwhat(?: is|'s| was) the (?:area|depth|height|length|weight) of\b",
        re.IGNORECASE,
    ),
    AnswerType.AMOUNT: re.compile(
        rf"\bhow (?:expensive|high)\b|\bhow much\b(?= {_OF_MONEY}|\W*$)"
        rf"|^(?!(?:are|can|do|does|how|is|what|which|who|why) ).{{0,120}}\b{_SUM}\W{{0,3}}$"
        rf"|\b(?:what|which) (?:(?:are|is|was|were) (?:{_DETERMINER}|[^\W\d_]{{2,20}}(?<!s)s) "
        rf"(?:{_NO_PREPOSITION}{_ANY}){{0,3}})?{_SUM}(?!-)"
        r"|\bwhat (?:did|do|does|will|would) (?:[\w'’-]{1,20} ){1,4}(?:charge|cost|earn)\b(?! mean)"
        rf"|^(?!(?:does|is|why) )(?:{_ANY}){{0,2}}{_SUM} (?:of|per|for (?:a|an|each|my|our|the|your))\b",
        re.IGNORECASE,
    ),
    AnswerType.REGION: re.compile(
        r"\bheadquarter|\b(?:what|which) (?:address|city|country|location|place|region|states?|town)\b", re.IGNORECASE
    ),
    AnswerType.PLACE: re.compile(rf"{_BEGINS}where\b|\bwhere {_AUXILIARY}", re.IGNORECASE),
    AnswerType.CONTACT: re.compile(
        r"\b(?:fax|hotline|mobile|phone|telephone) (?:numbers?\b|#)|\be-?mail address"
        rf"|\bwhat(?: is|'s| are) (?:{_ANY}){{0,3}}(?:e-?mail|fax|phone|telephone|url|web ?site)\b",
        re.IGNORECASE,
    ),
    AnswerType.LONG_FORM: re.compile(
        rf"\b(?:do|does|did)(?: the (?:abbreviation|acronym|initials|letters))? {_ABBREVIATED.format(1)} stands? for\b"
        rf"|(?:\bare|\bis|['’]s) {_ABBREVIATED.format(2)} short for\b"
        rf"|\b(?:full|long) form of (?:the )?{_ABBREVIATED.format(3)}",
        re.IGNORECASE,
    ),
    AnswerType.REASON: re.compile(r"^\W*(?:how come|why)\b", re.IGNORECASE),
    # Not "which hospital services are": its kind is "services".
    AnswerType.NAMED: re.compile(
        rf"\b(?:what|which) (?:(?!(?:a|an|that|to|{_DETERMINER}|{_AUXILIARY}) ){_NO_PREPOSITION}{_ANY}){{0,3}}"
        rf"(?P<kind>{'|'.join(NAMED_KINDS)})\b(?! [^\W\d_]{{1,20}} {_AUXILIARY})",
        re.IGNORECASE,
    ),
}
SPELT_NUMBER = "|".join([*filter(NUMBER_WORDS.get, NUMBER_WORDS), "hundreds?|thousands?|millions?|billions?"])
_NUMBER = rf"\d[\d.,]{{0,20}}|\b(?:{SPELT_NUMBER})\b"
_MONTH = (
    r"\b(?:jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?|oct(?:ober)?"
    r"|nov(?:ember)?|dec(?:ember)?)\b\.?"
)
_NAME = r"[A-Z][a-z’'-]{1,30}"
ROLE = (
    r"\b(?:administrator|agenc(?:y|ies)|agent|assistant|author|board|captain|chair|chief|clerk|clinician|committee|compan(?:y|ies)"
    r"|contractor|coordinator|council|court|customer|department|director|doctor|driver|editor|employee|employer|engineer"
    r"|everybody|everyone|founder|government|group|head|judge|landlord|lawyer|leader|manager|member|minister|nurse"
    r"|officer|operator|owner|parent|partner|patient|people|physician|plan|president|producer|resident|secretar(?:y|ies)|source"
    r"|staff|student|supervisor|supplier|teacher|team|technician|tenant|treasurer|union|user|volunteer|worker)(?:es|s)?\b"
)
_LENGTH = (
    r"centimet(?:er|re)s?|cm|days?|decades?|feet|foot|hours?|inch(?:es)?|kilomet(?:er|re)s?|km|met(?:er|re)s?|miles?|minutes?|mm"
    r"|months?|nights?|seconds?|terms?|weeks?|yards?|years?"
)
_REGION = rf"\b(?:across|at|from|in|of|to) (?:the )?{_NAME}|\b{_NAME}, {_NAME}|\b[a-z]{{1,30}}\.(?:com|org)\b"
HELD = {
    AnswerType.DATE: re.compile(
        rf"\b[12]\d{{3}}s?\b|{_MONTH}\s\d{{1,4}}|\b\d{{1,2}}(?:st|nd|rd|th)?(?: of)? {_MONTH}"
        rf"|\b(?:by|during|early|in|late|mid|since|until) {_MONTH}|\b\d{{1,4}} (?:AD|BC|BCE|CE)\b"
        r"|\b\w{2,20} century\b|\b(?:last|next) (?:month|week|year)\b|\bago\b"
        r"|\b(?:mon|tues|wednes|thurs|fri|satur|sun)days?\b|\b\d{1,2}(?::\d\d)? ?[ap]\.?m\b|\b\d{1,2}:\d\d\b"
        r"|\b(?:midnight|noon)\b|\b\d{1,2}[./]\d{1,2}[./]\d{2,4}\b",
        re.IGNORECASE,
    ),
    AnswerType.AGE: re.compile(
        r"\bage[ds]?(?: of)?:? \w+|\b(?:born|old)\b|\b(?:beg[au]n|buil[dt]|complet|construct|creat|dat(?:e|ing)"
        r"|establish|form|found|from|launch|made|open|set up|since|start)[a-z]{0,3}\b[^.]{0,40}\b[12]\d{3}s?\b",
        re.IGNORECASE,
    ),
    AnswerType.COUNT: re.compile(_NUMBER, re.IGNORECASE),
    AnswerType.SHARE: re.compile(
        rf"(?:{_NUMBER})[\s-]?(?:%|per ?cent|(?:in|of|out of|to)[ -](?:every )?(?:{_NUMBER}))"
        r"|\b(?:all|eighths?|fifths?|half|halves|nobody|none|quarters?|tenths?|thirds?|twice)\b|\d ?: ?\d",
        re.IGNORECASE,
    ),
    AnswerType.DURATION: re.compile(
        rf"(?:{_NUMBER})[ -](?:\w{{1,20}} )?(?:{_LENGTH})\b"
        r"|\b(?:centur(?:y|ies)|days|decades|forever|hours|indefinitely|lifelong|lifetime|minutes|months|overnight|permanently|since|throughout|till|until|weeks|years)\b"
        r"|\b\d{4} ?(?:and|to|until|–|-) ?\d{2,4}\b",
        re.IGNORECASE,
    ),
    AnswerType.FREQUENCY: re.compile(
        r"\b(?:always|annual(?:ly)?|constantly|continu(?:al|ous)ly|daily|each|every|fortnightly|frequently|hourly|monthly"
        r"|never|nightly|often|once|per|quarterly|rarely|regularly|repeatedly|seldom|sometimes|times|twice|usually|weekly"
        r"|yearly)\b|\ba (?:day|month|week|year)\b|\d\s?(?:%|per ?cent\b)",
        re.IGNORECASE,
    ),
    AnswerType.MEASURE: re.compile(
        rf"\b(?!(?:1[89]|20)\d\d\b)(?:{_NUMBER})"  # no year
        r"|\b(?:always|annually|daily|decades?|hourly|hours?|months?|monthly|never|once|twice|weekly|weeks?|years?|yearly)\b",
        re.IGNORECASE,
    ),
    AnswerType.AMOUNT: re.compile(
        rf"[$€£]\s?\d|(?:{_NUMBER})\s?(?:%|cents|dollars|euros|per cent|percent|pounds"
        r"|(?:b|m)illion(?! (?!dollars|euros|pounds)(?:\w{1,20} )?(?:\w{1,20}s|people)\b))"
        r"|\bfree(?: of charge)?(?=[,.;:)]|$| for )|\b(?:at no|no|without) (?:charge|cost|fee)\b",
        re.IGNORECASE,
    ),
    # A role ("physicians", "the union") also counts as a person.
    AnswerType.PERSON: re.compile(
        rf"\bC[EFIOT]O\b|\b(?:Dr|Mr|Mrs|Ms|Prof)\. {_NAME}|\b{_NAME} (?:[A-Z]\. )?{_NAME}|{ROLE}"
        rf"|\bby (?:(?:an?|its|our|the|their) )?(?:[a-z]{{1,20}} ){{0,2}}(?!(?i:{_MONTH})){_NAME}"
    ),
    AnswerType.REGION: re.compile(_REGION),
    AnswerType.PLACE: re.compile(
        _REGION + r"|\b(?:above|at|behind|below|beside|in|inside|near|on|outside|under)"
        r" (?:a|an|each|every|our|the|their|your) \w{1,30}"
    ),
    AnswerType.CONTACT: re.compile(
        r"\d[\d ()/.-]{4,20}\d|[\w.-]{1,60}@\w|\bhttps?:|\bwww\.|\b[a-z\d-]{1,40}\.(?:com|edu|gov|net|org)\b",
        re.IGNORECASE,
    ),
    AnswerType.REASON: re.compile(
        r"\b(?:aim|allow|attribut|becaus|caus|contribut|driv(?:e|ing)|enabl|expla|incentiv|intend|justif|motivat|purpos"
        r"|reflect)[a-z]{0,7}\b|\b(?:due|in (?:order|response)|lead(?:ing|s)?|led|owing|thanks) to\b"
        r"|\b(?:as a result|hence|on the grounds|prompt(?:ed|ing|s)|reasons?|result(?:ed|ing|s)? (?:from|in)"
        r"|mak(?:es|ing) it|since(?! \d)|so|therefore|thus)\b",
        re.IGNORECASE,
    ),
    # The first word of a sentence is a name if the next one has a capital as well.
    AnswerType.NAMED: re.compile(rf"(?<=[a-z,;’')\d] )[A-Z][\w’'&-]*|\b{_NAME} [A-Z][\w’'&-]*|\b[A-Z]{{2,}}"),
}
