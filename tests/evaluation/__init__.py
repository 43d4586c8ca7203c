"""Scenario files as an evaluation, and the twenty that users begin with."""
