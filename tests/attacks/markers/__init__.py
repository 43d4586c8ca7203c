"""What is left of a person: a marker in every kind of thing that is said, looked for after every way to end it.

``python -m tests.attacks.markers`` prints the table. :mod:`.planted` says what is said, :mod:`.ends` how it ends and
where it is looked for.
"""
