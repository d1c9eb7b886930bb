"""Measures the serving pipeline: ranking, highlights, abstention, speed.

`gold` reads questions with known answers, `beir` scores a collection in BEIR's layout, `calibration` measures the
confidence.
"""
