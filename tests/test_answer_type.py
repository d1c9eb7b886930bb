"""The expected answer type of a question, and whether a text has one."""

from __future__ import annotations

import pytest

from qa.answering.answer_patterns import AnswerType
from qa.answering.answer_type import expected_type, holds_answer


@pytest.mark.parametrize(
    ("question", "kind"),
    [
        ("Who built the pier?", AnswerType.PERSON),
        ("who built the pier and when", AnswerType.PERSON),  # the first of several
        ("When was the pier built?", AnswerType.DATE),
        ("in what year was the pier built", AnswerType.DATE),
        ("How many boats are there?", AnswerType.COUNT),
        ("boats total", AnswerType.COUNT),
        ("do the membership figures of the two clubs differ", AnswerType.COUNT),
        ("what does the ferry total", AnswerType.OTHER),
        ("what share of the boats is new", AnswerType.SHARE),
        ("HOW OFTEN DOES THE FERRY CROSS", AnswerType.FREQUENCY),
        ("how long does the ferry take", AnswerType.DURATION),
        ("how old is the harbour master", AnswerType.AGE),
        ("how much water does the dock hold", AnswerType.MEASURE),
        ("how much does a mooring cost", AnswerType.AMOUNT),
        ("What does HMO stand for?", AnswerType.LONG_FORM),
        ("what is EHA short for", AnswerType.LONG_FORM),
        ("what do the letters EHA stand for", AnswerType.LONG_FORM),
        ("what does EHA (Elden Harbour Authority) stand for", AnswerType.LONG_FORM),
        ("What does the club stand for?", AnswerType.OTHER),
        ("What does it stand for?", AnswerType.OTHER),
        ("Why do so many boats, and a smaller number of ferries, lie here?", AnswerType.OTHER),
        ("How much is the toll?", AnswerType.AMOUNT),
        ("what does the ferry cost", AnswerType.AMOUNT),
        ("what do deckhands earn", AnswerType.AMOUNT),
        ("what is the monthly fee", AnswerType.AMOUNT),
        ("ferry ticket price", AnswerType.AMOUNT),
        ("Where does the ferry land?", AnswerType.PLACE),
        ("In which town does the ferry land?", AnswerType.REGION),
        ("How fast is the ferry?", AnswerType.MEASURE),
        ("repair dates of the ferry", AnswerType.OTHER),
        ("ferry repair dates", AnswerType.DATE),
        ("crew to passenger ratio", AnswerType.SHARE),
        ("yearly budget of the harbour", AnswerType.AMOUNT),
        ("starting wage for a deckhand", AnswerType.AMOUNT),
        ("phone # of the harbour office", AnswerType.CONTACT),
        ("What is the harbour master's email?", AnswerType.CONTACT),
        ("Can I email the harbour?", AnswerType.OTHER),
        ("What goes wrong when captains are paid by the trip?", AnswerType.OTHER),
        ("Do captains who sail alone earn more?", AnswerType.OTHER),
        ("Why is the fee for each service criticised?", AnswerType.OTHER),
        ("What do premiums pay for?", AnswerType.OTHER),
        ("What is the harbour's yearly revenue?", AnswerType.AMOUNT),
        ("what was Elden's mooring fee", AnswerType.AMOUNT),
        ("what was eldens revenue", AnswerType.AMOUNT),
        ("how much profit did the harbour make", AnswerType.AMOUNT),
        ("what is the harbour's net income", AnswerType.AMOUNT),
        ("Which fee is due?", AnswerType.AMOUNT),
        ("What is a mooring fee?", AnswerType.OTHER),
        ("What is fee for service?", AnswerType.OTHER),
        ("What is gross income?", AnswerType.OTHER),
        ("What are the drawbacks of a fee for each service?", AnswerType.OTHER),
        ("What is the fee-for-service model?", AnswerType.OTHER),
        ("Do captains pay a fee?", AnswerType.OTHER),
        ("Which doctors sail?", AnswerType.PERSON),
        ("Which company built the ferry?", AnswerType.NAMED),
        ("what retail pharmacies sell rope", AnswerType.NAMED),
        ("In which court was the case heard?", AnswerType.NAMED),
        ("which software company built it", AnswerType.NAMED),
        ("Which harbour company services are free?", AnswerType.OTHER),  # its noun is "services"
        ("Which boats did the company build?", AnswerType.OTHER),
        ("What makes a good company?", AnswerType.OTHER),
        ("what does an H-2A visa cost", AnswerType.AMOUNT),
        ("What does a fixed cost mean?", AnswerType.OTHER),
    ],
)
def test_the_kind_asked_for_is_that_of_the_word_that_asks(question: str, kind: AnswerType) -> None:
    assert expected_type(question) is kind


@pytest.mark.parametrize(
    ("question", "text"),
    [
        ("Who built the pier?", "Mara Quill built the pier."),
        ("When was the pier built?", "It was built in 1871."),
        ("When did the Normans land?", "They landed in 1066."),
        ("How many boats are there?", "Elden has forty boats. Twelve boats are new."),
        ("How many boats are there?", "Boats: 12."),
        ("how many new boats are there", "12 boats lie there."),
        ("how many boats does Elden have", "Elden has 1945 boats."),
        ("how many doctors work there", "The groups have 300 physicians."),
        ("how many workers are there", "The harbour has 40 employees."),
        ("how many km2 of forest", "The island has 12 km² of forest."),
        ("how many kilometres of track are there", "The line has 40 km of track."),
        ("How often does the ferry cross?", "It crosses daily."),
        ("How old is Mara Quill?", "Mara Quill, born in Elden, sails."),
        ("How old is the pier?", "The pier was built in 1871."),
        ("At what age do captains retire?", "Captains retire at age 60."),
        ("How long is the crossing?", "The crossing takes twenty minutes."),
        ("How long was the pier closed?", "It was closed until May."),
        ("What percentage of boats is new?", "Of the boats, 12 % are new."),
        ("What share of the boats is new?", "A third of the boats is new."),
        ("How much is the entry?", "Entry is free, but booking is advised."),
        ("How many people use the ferry?", "The ferry has 200 passengers, 40 of them residents."),
        ("How many people use the ferry?", "It serves a population of 4,000."),
        ("How many captains does Elden have?", "Elden, Marsh, and Quay have 12 captains each."),
        ("How many captains do Elden, Marsh and Quay have?", "There are 40 captains in Elden, Marsh, and Quay."),
        ("What does EHA stand for?", "The Elden Harbour Authority (EHA) runs the pier."),
        ("what does eha stand for", "The Elden Harbour Authority runs the pier."),
        ("Who is the harbour's president?", "Its president is Mara Quill."),
        ("How much is the toll?", "The toll is $3."),
        ("Where does the ferry land?", "It lands in Elden."),
        ("Where are the spare keys kept?", "Spare keys are kept in the safe."),
        ("In which town does the ferry land?", "It lands in Elden."),
        ("Who do captains report to?", "Captains report to the CEO."),
        ("Who approves a mooring?", "A mooring is approved by the line manager."),
        ("Who repairs the pumps?", "The pumps are repaired by our technicians."),
        ("What time does the ferry leave?", "It leaves at 7:30."),
        ("What time does the ferry leave?", "It leaves at 8 am."),
        ("When is the pier closed?", "It is closed from the 3rd of October."),
        ("When is the pier closed?", "It is closed in May."),
        ("How many boats are there?", "There are forty-five boats."),
        ("How much is the toll?", "The toll is five dollars."),
        ("What is the phone number of the office?", "Call 0171 555 0199."),
        ("What is the harbour's email address?", "Write to post@harbour.example."),
        ("Why is the pier closed?", "Storms."),
        ("Which company built the ferry?", "The ferry was built by the firm Quill & Marsh."),
        ("Which school do captains attend?", "The captains attend a college, the CSE."),
        ("which airline flies to Elden", "Quill Air is an airline with flights to Elden."),
        ("club membership total", "The sailing club has 300 members."),
        ("How many people were rescued?", "The crew rescued 12 individuals."),
        ("What is the toll revenue?", "The toll brings in 3 million, of which half is spent."),
    ],
)
def test_a_text_that_says_it_holds_it(question: str, text: str) -> None:
    assert holds_answer(question, [text])
    assert holds_answer(question, ["Nothing.", text])


@pytest.mark.parametrize(
    ("question", "text"),
    [
        ("Who led Mara Quill?", "Mara Quill led the harbour."),  # the only person is the one in the question
        ("When was the pier of 1871 closed?", "The pier of 1871 is closed."),
        ("How many captains does Elden have?", "In Elden there are more than 23 piers, each with its captains."),
        ("How many captains does Elden have?", "Captains meet in Elden."),
        ("What percentage of boats is new?", "A small percentage of boats is new."),
        ("How much is the toll?", "The toll is paid by all."),
        ("How old is Mara Quill?", "Mara Quill has sailed for 12 years."),
        ("How long is the crossing?", "The crossing is long: see page 12."),
        ("How often does the ferry cross?", "The ferry crosses with 12 passengers."),
        ("How many captains does Elden have?", "There are 40 captains in Elden, Marsh, and Quay."),
        ("What does EHA stand for?", "All are trained in navigation, knots, EHA, and the like."),
        ("Who is the president of the harbour?", "The master, Mara Quill, reports to the president of the harbour."),
        ("Who founded Elden Harbour?", "Mara Quill came to Elden Harbour in May."),
        ("Where in Elden does the ferry land?", "The ferry of Elden lands often."),
        ("In which town does the ferry land?", "It lands at the old pier."),
        ("When is the pier closed?", "The pier may be closed."),
        ("What is the phone number of the office?", "The office on pier 12 answers all calls."),
        ("What is the harbour's email address?", "The harbour answers every email."),
        ("Which company built the Elden ferry?", "The Elden ferry was built in Marsh by Mara Quill."),  # no company
        ("Which company built the Elden ferry?", "The Elden ferry was built by a company."),  # no name
        ("How many people work in Elden?", "In Elden staff work 40 hours a week."),
        ("club membership total", "The club has 12 boats in the harbour of Elden, and its membership grows."),
        ("How many boats are in Elden?", "Elden has one of the oldest boats."),
        ("How many boats are in Elden?", "In 1942 boats came to Elden, and in 1945 two captains."),
        ("What is the toll revenue?", "The toll is paid by 3 million passengers."),
    ],
)
def test_a_text_on_the_same_subject_that_does_not_say_it_holds_none(question: str, text: str) -> None:
    assert not holds_answer(question, [text])
    assert not holds_answer(question, [])
