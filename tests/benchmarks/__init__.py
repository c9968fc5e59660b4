"""Benchmarks: numbers beside those of other libraries and of a bare floor, measured in one run.

``python -m tests.benchmarks`` runs them all; it is no part of the test run.  Every figure of time is the median of
several repetitions in which the contenders take turns, so that whatever else the machine does meets all of them.
"""
