"""What people run, never a function: ``python -m relay check``, with ``--live`` a look at what it names, and ``send``.

Settings enter; lines for people leave, and what ``send`` is told to send. May know everything, and nothing imports it
but the command line.
"""
