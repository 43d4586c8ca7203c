"""What an operator decides: the settings and the bots file.

Environment variables and TOML enter; validated, frozen values leave, or every problem at once. Must not know who
reads them.
"""
