"""What people run, never a function: ``python -m relay check``, and with ``--live`` a look at what it names.

Settings enter; lines for people leave. May know everything, and nothing imports it but the command line.
"""
