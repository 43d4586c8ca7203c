"""The page of ``dev.py play`` in a real browser: the real stack behind it, people in front of it."""
