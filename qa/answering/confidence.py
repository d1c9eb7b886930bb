"""The probability that the passages answer the question, and the verdict that follows from it.

A logistic regression over features that do not depend on how a question is typed. No single similarity separates an
answer from a passage that is only similar. The features are: how far the worst-matched word of the question is below
the others, how similar the best sentence is to the question, whether the sentence or a neighbour has the kind of thing
asked for, whether a sentence states the relation asked for, which limiting words, numbers, names and words of no
document are not matched, and what the unmatched words mean. Every feature is bounded, and none grows only with the
question's length. `qa.answering.confidence_model` has the coefficients.

A passage that mentions one word of the question, or none, may answer in other words, but whether it does is never sure.
"""

from __future__ import annotations

from collections.abc import Sequence

from qa.answering.answer_patterns import AnswerType
from qa.answering.answer_type import expected_type, holds_answer
from qa.answering.confidence_model import Model
from qa.answering.limiting_words import lacks_comparison, lacks_limit, says_opposite
from qa.answering.names import NameClassifier
from qa.answering.offices import names_holder, office_asked
from qa.answering.relations import lacks_agent, relation_asked, states
from qa.answering.unmet_words import unmet_shares, unmet_vector
from qa.index.contract import Floats
from qa.records import Passage, Verdict, WordMatch
from qa.retrieval.evidence import Match, about, holds, terms_of, whole_question
from qa.retrieval.query import ContentWord
from qa.retrieval.search import Ranking

FEATURES = {
    "gap": "how far the worst-met content word, within the best sentence and the heading trail, falls behind the mean "
    "of all tokens: a near miss meets all but one word",
    "sentence": "cosine of the whole question with the passage's nearest sentence, each encoded by itself",
    "lacks_type": "if no highlighted sentence, nor its neighbours in a paragraph, hold the kind of thing asked for: "
    "the share of the content words' weight that is matched, since a near miss lacks only one thing",
    "limits_unmet": "the same share if the question has a superlative or a negation, and the passage none like it near "
    "what it limits; or a number, date or code that is neither in the highlighted sentences or next to them, nor in "
    "headings, title or date; or if the highlighted sentences have the opposite of a word of the question",
    "comparison_unmet": "1 if the question compares two things, and the passage does not",
    "absent_words": "share of the content words' weight that no document has and the passage is not like; of more than "
    "four content words only numbers and those that the model does not know whole",
    "relation_unmet": "1 if the question asks who owns, sells, leads ... something, or whether someone does, and no "
    "sentence of the passage says so; or if it asks for the holder of an office and none is named",
    "names_unmet": "share of the content words' weight that are likely names and that the best sentence is not like",
    "unmet_words": "score of the unmatched words by their token vectors: some words that a passage lacks are only how "
    "a question is put, others name what it asks for",
}
_SAME_NAME = 0.8  # similarity
_SHORT = 4  # content words of a question without words other than its subject
_ENOUGH = 2  # mentioned words of a sure answer
_PARAGRAPH = "\n\n"  # separator


def assess(model: Model | None, ranking: Ranking, best: Match | None) -> tuple[float | None, Verdict, bool]:
    """Return the confidence, the verdict, and whether it is sure: nine of ten such answers are right.

    Without a model that was fitted for the encoder, the confidence is None and the verdict `UNCALIBRATED`.
    """
    if best is None:
        return (None if model is None else 0.0), Verdict.NONE, False
    if model is None:
        return None, Verdict.UNCALIBRATED, False
    probability = model.probability(measure(ranking, best, model.names, model.unmet_words))
    return probability, model.verdict(probability), probability >= model.sure_from and _may_be_sure(ranking, best)


def _may_be_sure(ranking: Ranking, best: Match) -> bool:
    """Whether the best passage mentions enough of the question, and its answer a cause or an agent if asked for."""
    question = ranking.searched
    told = [best.hit.passage.text[sentence.start : sentence.end] for sentence in best.highlights]
    causeless = expected_type(question) is AnswerType.REASON and not holds_answer(question, told)
    return _mentions_enough(ranking, best) and not causeless and not lacks_agent(question, told)


def measure(
    ranking: Ranking, best: Match, names: NameClassifier | None, unmet_words: Floats | None
) -> dict[str, float]:
    """The features of a question and its best passage, by the names in `FEATURES`.

    Args:
        ranking: The ranking of the question.
        best: The best passage, compared with it.
        names: The classifier of names; without it no name counts as unmatched.
        unmet_words: The weights of unmatched words; without them their score is 0.
    """
    met = _weighed(ranking, best.words)
    passage = best.hit.passage
    texts = _answering(best)
    asked = {word.text: word for word in ranking.content_words}
    near, known = _near(best, texts), about(best)
    numbers = (word for word in asked.values() if word.whole and word.term not in known)
    lacking = {word.text for word in numbers if not holds(word, near, known)}
    written = [word for word in met if not asked[word.word].whole]
    shares = list(unmet_shares(ranking, met, near))
    matched = 1 - sum(share for _, share in shares)
    told = [passage.text[place.start : place.end] for place in passage.sentences]
    sentences = [*passage.headings, *told]
    limited = any(word.word in lacking for word in met) or lacks_limit(ranking.searched, sentences)
    limited = limited or says_opposite(ranking.searched, [told[number] for number in best.answering], near)
    asks_why = expected_type(ranking.searched) is AnswerType.REASON
    return {
        "gap": max(0.0, whole_question(best) - min((word.in_sentence for word in met), default=0.0)),
        "sentence": best.hit.signals["sentence_vector"],
        "lacks_type": matched * (not asks_why and not holds_answer(ranking.searched, texts)),
        "limits_unmet": matched * limited,
        "comparison_unmet": float(lacks_comparison(ranking.searched, sentences)),
        "absent_words": _share(met, _absent(ranking, met, short=len(met) <= _SHORT)),
        "relation_unmet": float(_relation_unmet(ranking, passage, texts)),
        "names_unmet": _share(met, _names_unmet(ranking, written, names)) if names else 0.0,
        "unmet_words": 0.0 if unmet_words is None else float(unmet_vector(ranking.tokens, shares) @ unmet_words),
    }


def unmatched(ranking: Ranking, best: Match) -> Floats:
    """The vector of the words that the best passage does not match (`unmet_vector`)."""
    texts = _answering(best)
    return unmet_vector(ranking.tokens, unmet_shares(ranking, _weighed(ranking, best.words), _near(best, texts)))


def _near(best: Match, texts: Sequence[str]) -> frozenset[str]:
    """The index terms of the sentences that answer, their neighbours and the headings."""
    return terms_of(" ".join((*texts, *best.hit.passage.headings)))


def _mentions_enough(ranking: Ranking, best: Match) -> bool:
    """Whether the best passage mentions two words, not both of most passages, or half the weight of all other words."""
    weights = {
        each.text.casefold(): each.weight * (not _is_everywhere(ranking, each)) for each in ranking.content_words
    }
    mentioned = [weights[word] for word in weights.keys() - {word.casefold() for word in best.unmet}]
    return (len(mentioned) >= _ENOUGH and any(mentioned)) or 2 * sum(mentioned) >= sum(weights.values())


def _is_everywhere(ranking: Ranking, word: ContentWord) -> bool:
    """Whether more than half of the passages have a word, so that it distinguishes nothing."""
    return word.frequency > ranking.index.size / 2


def _share(met: Sequence[WordMatch], weight: float) -> float:
    """A weight relative to the total weight of all content words."""
    total = sum(word.weight for word in met)
    return weight / total if total else 0.0


def _absent(ranking: Ranking, words: Sequence[WordMatch], *, short: bool) -> float:
    """The weight of words and numbers that no document has, reduced by their similarity to the passage."""
    counted = {
        word.text
        for word in ranking.content_words
        if not word.frequency and (short or word.whole or not ranking.is_word(word.text))
    }
    return sum(word.weight * (1 - word.similarity) for word in words if word.word in counted and not word.exact)


def _relation_unmet(ranking: Ranking, passage: Passage, texts: Sequence[str]) -> bool:
    """Whether a question asks for a relation that a passage does not state, or an office that the texts do not."""
    if office := office_asked(ranking.searched):
        asked = terms_of(ranking.searched)
        return not any(names_holder(text, office, asked) for text in texts)
    relation = relation_asked(ranking.searched)
    if relation is None:
        return False
    everywhere = {word.term for word in ranking.content_words if _is_everywhere(ranking, word)}
    held = terms_of(passage.text)
    for each in ranking.alternatives:
        everywhere |= each.short if each.long <= held else each.long
    return not states(relation, passage, everywhere)


def _names_unmet(ranking: Ranking, words: Sequence[WordMatch], names: NameClassifier) -> float:
    """The weight of words times the probability that they are names, reduced by their similarity to the sentence."""
    tokens = {word.text: word.tokens for word in ranking.content_words if len(word.tokens)}
    likely = names.probabilities(ranking.tokens, [tokens[word.word] for word in words])
    return sum(
        word.weight * probability * max(0.0, _SAME_NAME - word.in_sentence)
        for word, probability in zip(words, likely, strict=True)
    )


def _weighed(ranking: Ranking, matches: Sequence[WordMatch]) -> list[WordMatch]:
    """Each word once; of an abbreviation and its long form, only the words of the better-matched one."""
    met = dict(zip(ranking.met_terms, matches, strict=True))
    for each in ranking.alternatives:
        short = [met[index_term] for index_term in each.short if index_term in met]
        long = [met[index_term] for index_term in each.long if index_term in met]
        if short and long:
            for index_term in each.long if _worst(short) >= _worst(long) else each.short:
                met.pop(index_term, None)
    return list(met.values())


def _worst(matches: Sequence[WordMatch]) -> float:
    return min(match.in_sentence for match in matches)


def _answering(best: Match) -> list[str]:
    """The sentences that answer, each with its neighbours."""
    return [_around(best.hit.passage, number) for number in best.answering]


def _around(passage: Passage, number: int) -> str:
    """A sentence with its direct neighbours in the same paragraph; other paragraphs may have another subject."""
    text, sentences = passage.text, passage.sentences
    first = last = number
    if number and _PARAGRAPH not in text[sentences[number - 1].end : sentences[number].start]:
        first -= 1
    if number + 1 < len(sentences) and _PARAGRAPH not in text[sentences[number].end : sentences[number + 1].start]:
        last += 1
    return text[sentences[first].start : sentences[last].end]
