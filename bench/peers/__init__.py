"""The relay beside packages from PyPI that do a part of its work: ``python -m bench.peers``."""
