"""Scenario files as an evaluation: each played several times, with what came of it as a table and as JSON lines.

In come scenario files, out come counts and exchanges. What a scenario is, and how it is played, is the business of
:mod:`playground.scenario`.
"""
