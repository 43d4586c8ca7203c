"""What people send beside words: fetched from where the platform keeps it, and turned into what a model can take.

A message's medium enters; words, or the bytes of a picture, leave, or an error that says whether they are gone, refused
or late. Must not know conversations, rows, or whom the bot answers.
"""
