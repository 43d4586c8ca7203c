"""What people run, never a function: ``check``, with ``--live`` a look at what the settings name, and ``send``.

Settings enter; lines for people leave, and what ``send`` is told to send. May know everything, and nothing imports it
but the command line.
"""
