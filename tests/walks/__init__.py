"""Random chats at the page, each saved as a scenario and played again: ``python -m tests.walks --seed S --count N``."""
