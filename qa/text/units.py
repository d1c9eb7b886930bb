"""Tables of words and signs that make numbers: scales, units, currencies and number words."""

from __future__ import annotations

SCALES = {"thousand": 3, "million": 6, "mio": 6, "mn": 6, "mln": 6, "billion": 9, "bn": 9, "bln": 9, "trillion": 12}
SHORT_SCALES = {"k": 3, "m": 6, "b": 9}
UNITS = {
    "%": "%", "percent": "%", "per cent": "%", "pct": "%", "percentage points": "%", "‰": "‰",
    "mg": "mg", "milligram": "mg", "milligrams": "mg", "mcg": "mcg", "µg": "mcg", "μg": "mcg", "ug": "mcg",
    "g": "g", "gram": "g", "grams": "g", "kg": "kg", "kilogram": "kg", "kilograms": "kg", "lb": "lb", "lbs": "lb",
    "ml": "ml", "millilitre": "ml", "millilitres": "ml", "milliliter": "ml", "milliliters": "ml",
    "l": "l", "litre": "l", "litres": "l", "liter": "l", "liters": "l", "mm": "mm", "cm": "cm", "m": "m", "km": "km",
    "metre": "m", "metres": "m", "meter": "m", "meters": "m", "kilometre": "km", "kilometres": "km",
    "kilometer": "km", "kilometers": "km", "mile": "mi", "miles": "mi", "ft": "ft", "feet": "ft",
    "kw": "kw", "kwh": "kwh", "mw": "mw", "v": "v", "volt": "v", "volts": "v", "w": "w", "watt": "w", "watts": "w",
    "hz": "hz", "mhz": "mhz", "ghz": "ghz", "mb": "mb", "gb": "gb", "tb": "tb", "°c": "°c", "°f": "°f",
    "ppm": "ppm", "kilo": "kg", "kilos": "kg",
    "km/h": "km/h", "kph": "km/h", "kmh": "km/h", "kilometres per hour": "km/h", "kilometers per hour": "km/h",
    "mph": "mph", "miles per hour": "mph", "m/s": "m/s", "knot": "kn", "knots": "kn", "kn": "kn", "kts": "kn",
    "nautical mile": "nmi", "nautical miles": "nmi", "nmi": "nmi", "t": "t", "tonne": "t", "tonnes": "t",
    "amp": "a", "amps": "a", "ampere": "a", "amperes": "a", "degrees celsius": "°c", "degrees c": "°c",
    "celsius": "°c", "degrees fahrenheit": "°f", "degrees f": "°f", "fahrenheit": "°f",
    "hour": "h", "hours": "h", "hr": "h", "hrs": "h", "h": "h", "minute": "min", "minutes": "min", "min": "min",
    "mins": "min", "mmol": "mmol", "iu": "iu",
}  # fmt: skip
# Letters that may be a unit directly after a number, or the end of a code.
UNIT_LETTERS = {"c": "°c", "f": "°f"}
CURRENCIES = {"$": "dollar", "€": "euro", "£": "pound", "¥": "yen"}  # the index term of each name
NUMBER_WORDS = {
    word: number
    for number, word in enumerate(
        "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen "
        "seventeen eighteen nineteen twenty".split()
    )
} | {"thirty": 30, "forty": 40, "fifty": 50, "sixty": 60, "seventy": 70, "eighty": 80, "ninety": 90, "dozen": 12}
