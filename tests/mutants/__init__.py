"""Small mistakes, each of which some test must notice.

``*.patch`` are plausible mistakes in the relay, named after the promise that they break. The first line of each says
what goes wrong for whom and which tests see it; the rest is a diff. ``python -m tests.mutants`` makes one mistake
after the other in a copy of the tree and runs those tests: a mutant that survives is a gap in the tests.
"""
