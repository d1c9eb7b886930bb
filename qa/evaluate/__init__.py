"""Measures of the very pipeline that serves: ranking, highlights, abstention, speed.

`gold` scores questions on one's own documents, `beir` any collection in BEIR's layout, `calibration` the confidence.
"""
