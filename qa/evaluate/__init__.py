"""Measures the pipeline that serves: ranking, highlights, abstention, speed.

`gold` reads questions on one's own documents, `beir` scores a collection in BEIR's layout, `calibration` measures the
confidence.
"""
