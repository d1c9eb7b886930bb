"""Numbers, dates and codes are matched as a whole, in any notation."""

from __future__ import annotations

from datetime import date, time
from decimal import Decimal
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qa.text.quantities import WHOLE, is_precise, quantities
from qa.text.words import terms


def whole(text: str) -> list[tuple[str, ...]]:
    return [quantity.whole for quantity in quantities(text)]


@pytest.mark.parametrize(
    "spellings",
    [
        ("4.5 %", "4.5%", "4.5 per cent", "4.5 percent", "4.50 %"),
        ("0.5 mg", "0.5mg", "0.5 MG", "0.50 milligrams", "0,5 mg"),
        (
            "$412.6M",
            "412.6 million",
            "412,600,000",
            "$ 412.6 million",
            "412.6 Mio",
            "412\u202f600\u202f000",
            "412'600'000",
        ),
        ("23,000", "23000", "23 thousand", "23k"),
        ("E10.9", "e10.9"),
        ("KX-2041-D", "kx-2041-d", "KX2041D"),
        (
            "14 March 1931",
            "March 14, 1931",
            "1931-03-14",
            "14.03.1931",
            "14th of March, 1931",
            "MAR 14 1931",
            "3/14/1931",
        ),
        ("March 1931", "March, 1931", "1931-03"),
        ("Sept. 9", "9 September", "September 9th"),
        ("§ 7.4", "section 7.4", "7.4"),
        ("352-bed", "352 beds"),
        ("CO2", "CO₂", "co₂"),
        ("PM2.5", "PM₂.₅"),
        ("km2", "km²"),
        ("3 %", "three per cent", "Three percent", "3 pct"),
        ("25 million", "twenty-five million", "25,000,000", "25 000 000"),
        ("10,000", "10 000", "10k", "ten thousand"),
        ("$12.50", "12.50 dollars", "12.5 USD"),
        ("3 May 2019", "2019/05/03", "3.5.2019"),
        ("03/05/2019", "3/5/19", "3-5-2019"),
        ("5 pm", "5pm", "5 p.m.", "5:00 PM", "17:00", "17:00:00"),
        ("7.15 am", "07:15", "7:15am"),
        ("35 km/h", "35km/h", "35 kph", "35 kilometres per hour"),
        ("30 mph", "30mph", "30 miles per hour"),
        ("1.5 t", "1.5 tonnes"),
        ("23 kg", "23 kilos"),
        ("28 kn", "28 knots"),
        ("-4 °C", "-4°C", "4 degrees Celsius"),
        ("45 min", "45min", "45-minute", "45 minutes"),
        ("500 hours", "500hrs", "500 h"),
    ],
    ids=lambda spellings: spellings[0],
)
def test_one_quantity_has_one_term_however_it_is_written(spellings: tuple[str, ...]) -> None:
    assert {whole(f"it is {each}, they say")[0] for each in spellings} == {whole(spellings[0])[0]}


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("4.5 %", "45 %"), ("4.5 %", "4.5 mg"), ("0.5 mg", "0.05 mg"), ("0.5 mg", "5 mg"),
        ("412.6 million", "412 million"),
        ("412.6 million", "412.6 billion"), ("E10.9", "E11.9"), ("E10.9", "10.9"), ("KX-2041-D", "KX-2041-B"),
        ("KX-2041-D", "KX-2014-D"), ("14 March 1931", "3 April 1931"), ("7.4", "7.40"), ("7.1", "7.10"),
        ("7.4.2", "7.4"),
        ("4410", "4401"), ("1.5", "15"), ("5 pm", "5 am"), ("17:00", "7:00"), ("9:30 pm", "9:30 am"),
        ("35 km/h", "35 km"), ("30 mph", "30 km/h"), ("45 min", "45 h"), ("12 amps", "12A"), ("v4.2.1", "v4.2"),
        ("two million", "2,000,100"), ("3/5/19", "3 May 1919"),
        ("QX 4471", "QX-4417"), ("three per cent", "three"),
    ],
)  # fmt: skip
def test_other_quantities_have_other_terms(one: str, other: str) -> None:
    assert not set(whole(one)[0]) & set(terms(other))


def test_what_may_be_read_in_two_ways_has_both_readings() -> None:
    assert whole("on 3/4/1931") == [("@1931-03-04", "@1931-04-03")]
    assert whole("5m") == [("#5000000", "#5m")]
    assert whole("$5m") == [("#5000000",)]
    assert "#5" in terms("may 5 people come")


def test_parts_of_a_quantity_are_found_too() -> None:
    assert {"@-03-14", "@1931-03", "#1931", "march"} <= set(terms("14 March 1931"))
    assert {"#4.5", "percent"} <= set(terms("4.5 percent"))
    assert {"#2041", "kx"} <= set(terms("KX-2041-D"))


def test_all_terms_of_formulas_and_areas_are_those_with_plain_digits() -> None:
    assert terms("H₂SO₄ on 40 km², 3 m³ of CO₂") == terms("H2SO4 on 40 km2, 3 m3 of CO2")


def test_a_footnotes_mark_changes_no_word() -> None:
    assert terms("forty sites² here") == terms("forty sites here")


@pytest.mark.parametrize(
    ("text", "index_term"),
    [
        ("part QX 4471 is", "!qx4471"), ("form PS 20B", "!ps20b"), ("held at -18C", "#18°c"),
        ("v4.2.1 fixed", "!4.2.1"), ("v4.2", "#4.2"), ("3:30", "@15:30"), ("3:30", "@03:30"), ("5-10 kg", "#5kg"),
        ("5-10kg", "#10kg"),
        ("between 5 and 10 kg", "#5kg"), ("5 to 10 million", "#5000000"), ("£88m", "pound"), ("five LDPs", "ldp"),
    ],
)  # fmt: skip
def test_other_readings_are_found_too(text: str, index_term: str) -> None:
    assert index_term in terms(text)


def test_a_longer_number_in_words_is_not_its_first_part() -> None:
    assert not quantities("two thousand and nineteen people")


@pytest.mark.parametrize("text", ["5 amps", "5 a month", "1:100", "2:1", "25:10", "12:60"])
def test_what_is_no_time_has_no_term_of_one(text: str) -> None:
    assert not any(each.startswith("@") for each in terms(text))


@given(st.times())
def test_any_time_is_the_same_in_every_form(time: time) -> None:
    forms = (f"{time:%I:%M %p}", f"{time:%I:%M%p}".lower(), f"{time:%I.%M} {'ap'[time.hour >= 12]}.m.")
    assert {whole(form)[0] for form in forms} == {(f"@{time:%H:%M}",)}
    assert f"@{time:%H:%M}" in whole(f"{time:%H:%M}")[0]


def test_no_term_of_a_word_looks_like_one_of_a_quantity() -> None:
    assert not any(each[0] in WHOLE for each in terms("The #tag of @home! Dr. May I ask AT&T and U.S. 1980s"))


@pytest.mark.parametrize("precise", ["#4410", "#4.5%", "!e10.9", "@1931-03-14", "#412600000"])
def test_what_hardly_anything_else_is_is_precise(precise: str) -> None:
    assert is_precise(precise)


@pytest.mark.parametrize("common", ["#2022", "#1871", "#8", "#12", "@-03-14", "@1931-03", "hospit"])
def test_years_small_numbers_and_words_are_not(common: str) -> None:
    assert not is_precise(common)


@given(st.dates(date(1600, 1, 1), date(2099, 12, 31)))
def test_any_date_is_the_same_in_every_form(day: date) -> None:
    forms = (f"{day:%Y-%m-%d}", f"{day.day} {day:%B} {day.year}", f"{day:%b}. {day.day}, {day.year}", f"{day:%d.%m.%Y}")
    assert {whole(form)[0] for form in forms} == {(f"@{day:%Y-%m-%d}",)}


@given(st.integers(0, 10**12), st.sampled_from(["", "mg", "%", "km"]))
def test_separators_of_thousands_change_nothing(number: int, unit: str) -> None:
    assert whole(f"{number:,} {unit}") == whole(f"{number} {unit}") == [(f"#{number}{unit}",)]


@given(st.decimals(0, 10**6, places=2, allow_nan=False), st.sampled_from(["thousand", "million", "billion"]))
def test_a_scale_multiplies(number: Decimal, scale: str) -> None:
    factor = {"thousand": 3, "million": 6, "billion": 9}[scale]
    value = f"{number.scaleb(factor).normalize():f}"
    assert whole(f"${number} {scale}") == [(f"#{value}",)]


@given(st.text(max_size=80), st.from_regex(r"[A-Z]{1,3}-[0-9]{2,4}-[A-Z]", fullmatch=True), st.text(max_size=80))
def test_a_code_among_words_is_met_by_itself_alone(before: str, code: str, after: str) -> None:
    text = f"{before} {code} {after}"
    assert f"!{code.casefold().replace('-', '')}" in terms(text)


@given(st.text(max_size=200))
def test_quantities_stand_in_order_and_apart(text: str) -> None:
    places = [quantity.place for quantity in quantities(text)]
    assert all(0 <= place.start < place.end <= len(text) for place in places)
    assert all(first.end <= second.start for first, second in pairwise(places))
