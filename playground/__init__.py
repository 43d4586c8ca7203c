"""The local stack: everything the relay needs on one machine, never deployed.

The IM emulator and the scripted model are servers on loopback: async context managers for tests, processes for
``dev.py``, where they print ``listening on http://127.0.0.1:PORT`` once they answer. They share no code with the
relay, so that a wire fact that one side misreads is not misread by both.
"""
