from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qa.text.spelling import SHORTEST, WordForm, correct, near
from qa.text.word_breaks import as_written
from qa.text.words import spelt, terms

TEXTS = [
    "Paul Wallace of Kaiser Permanente spoke of capitation. Capitation is a payment in advance.",
    "The hospitals and the physicians of Kaiser share a budget; physicians are salaried.",
    "A hospital may treat a premium of 30M as income, and the treaty says so.",
]


class Listed:
    """A `Vocabulary` of some texts, computed from each of them; `looked_up` records the requested words."""

    def __init__(self, texts: Sequence[str]) -> None:
        self._terms = [frozenset(terms(text)) for text in texts]
        written = Counter(word for text in texts for word in spelt(text) if len(word) >= SHORTEST and word.isalpha())
        self._written: dict[str, Counter[str]] = {}
        for word, count in written.items():
            self._written.setdefault(word.casefold(), Counter())[word] = count
        self.looked_up: list[str] = []

    def frequencies(self, asked: Sequence[str]) -> list[int]:
        return [sum(term in held for held in self._terms) for term in asked]

    def together(self, one: str, others: Sequence[str]) -> list[int]:
        return [sum(one in held and other in held for held in self._terms) for other in others]

    def forms_near(self, word: str, edits: int) -> list[WordForm]:
        self.looked_up.append(word)
        return [
            WordForm(folded, counts.most_common(1)[0][0], counts.total())
            for folded, counts in self._written.items()
            if near(word, [folded], edits)
        ]


@pytest.fixture(scope="module")
def vocabulary() -> Listed:
    return Listed(TEXTS)


def knows_nothing(_: str) -> bool:
    return False


@pytest.mark.parametrize(
    ("asked", "corrected"),
    [
        ("kaisar", "kaiser"),  # replaced
        ("kaser", "kaiser"),  # left out
        ("kaiiser", "kaiser"),  # put in
        ("kasier", "kaiser"),  # swapped
        ("who is walace?", "who is wallace?"),
        ("Who Is Walace? WHAT PREMIUMM", "Who Is Wallace? WHAT PREMIUM"),  # with the original capitals
        ("Hospitalls", "Hospitals"),  # a capital does not make it a name
        ("teh budget, waht and wich, becuase", "the budget, what and which, because"),
        ("HWO MANY", "HOW MANY"),
        ("whos there, whats wrong", "who's there, what's wrong"),
        ("Why dont physicians", "Why don't physicians"),
        ("ISNT KAISER", "ISN'T KAISER"),
        ("hwo many, hwo owns", "how many, who owns"),  # the next word decides
        ("fysicians", "physicians"),  # the same sound
        ("the phisicans' budgte", "the physicians' budget"),  # two edits in a long word, one in a short one
        ("  odd,spaceing  of  premiumm!", "  odd,spaceing  of  premium!"),  # all else is unchanged
    ],
)
def test_a_misspelt_word_becomes_the_nearest_of_the_documents(vocabulary: Listed, asked: str, corrected: str) -> None:
    assert correct(asked, vocabulary, knows_nothing) == corrected


@pytest.mark.parametrize(
    "question",
    [
        "Kaiser physicians",  # spelt right
        "hospitalization of a physician",  # other forms of words in the documents
        "kai pau",  # too short to decide
        "zeppelins",  # nothing near
        "how much is KASR",  # an abbreviation
        "kmsr bdgt",  # no vowels, so not a misspelt word
        "which form",  # a correct word, though one swap away from "from"
        "iPayee",
        "which kAisar",  # capitals inside
        "capxtatxxn",  # three edits
        "budxxt",  # two edits in a short word
        "xaiser",  # another first letter
        "budgep",  # a letter that is far from the right one on a keyboard
        "30N 2014",  # not only letters
        "",
        "😀 …",
    ],
)
def test_what_is_right_or_in_doubt_is_left_alone(vocabulary: Listed, question: str) -> None:
    assert correct(question, vocabulary, knows_nothing) == question


def test_what_the_model_knows_whole_is_left_alone(vocabulary: Listed) -> None:
    assert correct("treat the treats as threats", vocabulary, {"threats"}.__contains__) == "treat the treats as threats"
    assert correct("premiun", vocabulary, {"premiun"}.__contains__) == "premiun"
    assert correct("are budgits paid", vocabulary, {"budgit"}.__contains__) == "are budgits paid"
    assert correct("who paid budgits", vocabulary, {"budgiter"}.__contains__) == "who paid budgits"


def test_a_short_word_that_sounds_alike_is_meant_only_if_it_is_one_edit_away() -> None:
    vocabulary = Listed(["Salt since May. The physician sails."])
    assert correct("sinus", vocabulary, knows_nothing) == "sinus"
    assert correct("fysician", vocabulary, knows_nothing) == "physician"


def test_a_word_made_from_a_known_one_is_not_two_edits_away_from_another() -> None:
    vocabulary = Listed(["Unrelated work is a managed task."])
    assert correct("untreated", vocabulary, knows_nothing) == "unrelated"
    assert correct("untreated", vocabulary, {"treat"}.__contains__) == "untreated"
    assert correct("unmanageed", vocabulary, {"manage"}.__contains__) == "unmanageed"
    assert correct("managded", vocabulary, {"manage"}.__contains__) == "managed"


@pytest.mark.parametrize("word", ["three", "Three", "cold", "ever", "tough", "trough", "ether", "booth", "butt"])
def test_a_word_that_the_model_knows_is_no_misspelt_function_word(vocabulary: Listed, word: str) -> None:
    assert correct(f"the {word} arms", vocabulary, {word}.__contains__) == f"the {word} arms"
    assert correct(f"the {word} arms", vocabulary, knows_nothing) != f"the {word} arms"


def test_no_word_becomes_a_function_word_that_it_only_resembles() -> None:
    vocabulary = Listed(["The choice is ours."])
    assert correct("which okrs", vocabulary, knows_nothing) == "which okrs"
    assert correct("whihc oours", vocabulary, knows_nothing) == "which ours"


def test_of_words_as_near_the_more_frequent_one_is_meant() -> None:
    vocabulary = Listed(["The cards lie here.", "The carts stand there, red carts."])
    assert correct("carfs", vocabulary, knows_nothing) == "carts"


def test_of_words_as_near_the_one_that_stands_beside_the_others_is_meant() -> None:
    vocabulary = Listed(["Red carts stand there.", "Cards lie here. Cards are dealt."])
    assert correct("carfs", vocabulary, knows_nothing) == "cards"
    assert correct("red carfs", vocabulary, knows_nothing) == "red carts"


def test_a_word_that_the_model_alone_knows_wins_if_it_is_nearer() -> None:
    vocabulary = Listed(["The employees meet."])
    assert correct("empolyers", vocabulary, {"employers"}.__contains__) == "employers"
    assert correct("empolyees", vocabulary, {"employers"}.__contains__) == "employees"


@pytest.mark.parametrize(
    ("asked", "corrected"),
    [
        ("goverment", "government"),  # a missing letter, in a word with a suffix that no name has
        ("insurence", "insurance"),  # another vowel
        ("insuranse", "insuranse"),
        ("Robison", "Robison"),  # may be a name
    ],
)
def test_a_long_word_that_only_the_model_knows_may_lack_a_letter(
    vocabulary: Listed, asked: str, corrected: str
) -> None:
    assert correct(asked, vocabulary, {"government", "insurance", "Robinson", "robinson"}.__contains__) == corrected


@pytest.mark.parametrize(
    ("asked", "corrected"),
    [
        ("care managment", "care management"),
        ("Managments", "Managements"),
        ("developement", "development"),
        ("independant", "independent"),
        ("manages", "manages"),  # an inflection, not a misspelling
        ("managing", "managing"),
        ("ManaGing", "ManaGing"),  # a word that is not corrected keeps its case
    ],
)
def test_a_misspelt_word_with_the_stem_of_the_right_one_is_corrected(asked: str, corrected: str) -> None:
    texts = ["They manage the care.", "Managers manage, they develop, and they are independent."]
    known = {"management", "development", "independent", "manage"}
    assert correct(asked, Listed(texts), known.__contains__) == corrected


@pytest.mark.parametrize(
    ("asked", "corrected"),
    [
        ("Organisation of labour", "Organization of labor"),
        ("the health centre", "the health center"),
        ("which programme", "which program"),
        ("licence", "license"),
        ("the colour", "the colour"),  # in no document in either spelling
    ],
)
@pytest.mark.parametrize("known", [True, False])
def test_the_spelling_of_the_other_side_of_the_atlantic_becomes_that_of_the_documents(
    asked: str, corrected: str, *, known: bool
) -> None:
    vocabulary = Listed(["The organization of labor.", "Each health center has a program and a license."])
    assert correct(asked, vocabulary, lambda _: known) == corrected
    assert correct("an organization", Listed(["Each organisation"]), lambda _: known) == "an organisation"


def test_a_word_that_sounds_alike_is_as_near_as_one_with_fewer_edits() -> None:
    vocabulary = Listed(["Medicare pays the old.", "Medicaid pays the poor."])
    assert correct("medicade", vocabulary, knows_nothing) == "medicaid"
    assert correct("medicarre", vocabulary, knows_nothing) == "medicare"
    short = Listed(["An apkc is an enzyme.", "An apcs is a protein."])
    assert correct("apkcz", short, knows_nothing) == "apkc"  # short words sound alike by chance


@given(st.text(max_size=60))
def test_any_question_keeps_everything_but_its_words(vocabulary: Listed, question: str) -> None:
    corrected = correct(question, vocabulary, knows_nothing)
    assert [char for char in corrected if not char.isalnum()] == [char for char in question if not char.isalnum()]


@given(st.text(max_size=60))
def test_correcting_again_changes_nothing(vocabulary: Listed, question: str) -> None:
    corrected = correct(question, vocabulary, knows_nothing)
    assert correct(corrected, vocabulary, knows_nothing) == corrected


def test_a_question_of_strange_words_only_looks_a_few_of_them_up() -> None:
    letters = "abcdefghijklmnopqrst"
    strange = [f"{one}x{other}qzw{one}" for one in letters for other in letters]
    for count in (100, 400):
        vocabulary = Listed(TEXTS)
        question = " ".join(strange[:count])
        assert correct(question, vocabulary, knows_nothing) == question
        assert len(vocabulary.looked_up) == 16
    vocabulary = Listed(TEXTS)
    correct("zxaqwv " * 400 + "y" * 5000, vocabulary, knows_nothing)
    assert vocabulary.looked_up == ["zxaqwv"], "each word once, and none that nobody types"


COMPOUNDS = Listed(
    [
        "The lighthouse keeper wears a life jacket. Life jackets hang at the headquarters in Port Selwyn.",
        "A day in the light of the museum. Everyday goods stand in the shop, and a roll-on ferry waits.",
        "The book shop is old. The bookshop is new.",
        "The house of the mayor. The colocated offices are open.",
    ]
)


@pytest.mark.parametrize(
    ("asked", "written"),
    [
        ("who keeps the light house?", "who keeps the lighthouse?"),
        ("WHO KEEPS THE LIGHT-HOUSE", "WHO KEEPS THE LIGHTHOUSE"),
        ("where are lifejackets", "where are life jackets"),
        ("which offices are co-located", "which offices are colocated"),
        ("which are co located", "which are colocated"),
        ("Portselwyn head quarters", "Port selwyn headquarters"),
    ],
)
def test_words_are_joined_and_parted_as_in_the_documents(asked: str, written: str) -> None:
    assert as_written(asked, COMPOUNDS, {"life", "Port"}.__contains__) == written


@pytest.mark.parametrize(
    "asked",
    [
        "is it open every day",
        "the book shop",
        "the bookshop",
        "foot ball",
        "a light. house",
        "mayorlight",
        "life 4 jackets",
    ],
)
def test_other_words_are_neither_joined_nor_parted(asked: str) -> None:
    assert as_written(asked, COMPOUNDS, knows_nothing) is asked


def test_a_word_of_two_parts_that_the_model_does_not_know_is_not_parted() -> None:
    assert as_written("lifejackets", COMPOUNDS, knows_nothing) == "lifejackets"


def test_a_word_that_the_model_knows_is_not_parted() -> None:
    assert as_written("lifejackets", COMPOUNDS, lambda word: word == "lifejackets") == "lifejackets"


def test_a_unit_is_no_misspelt_word() -> None:
    weighed = Listed(["The bell has a clear tone.", "It hangs in the tower."])
    assert correct("a 12 tonne bell", weighed, knows_nothing) == "a 12 tonne bell"
    assert correct("a clear tonne", weighed, knows_nothing) == "a clear tone"


def test_parts_of_a_compound_are_no_misspelt_function_words() -> None:
    assert correct("ro-ro ferry", COMPOUNDS, knows_nothing) == "ro-ro ferry"
    assert correct("ro ferry", COMPOUNDS, knows_nothing) == "or ferry"


@given(st.text(max_size=60))
def test_joining_and_parting_only_moves_blanks_and_hyphens(question: str) -> None:
    kept = {ord(sign): None for sign in " -"}
    assert as_written(question, COMPOUNDS, knows_nothing).translate(kept) == question.translate(kept)
