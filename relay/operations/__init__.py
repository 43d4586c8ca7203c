"""What people run, never a function: the commands of ``python -m relay``, a module for each.

Settings and a command line enter; tables, or JSON for programs, leave, and what a command is told to change. May know
everything, and nothing imports it but the command line. It is not deployed.
"""
