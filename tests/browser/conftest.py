"""The fixtures, and nothing at all without Playwright: pytest imports every folder, whatever it then leaves out."""

from importlib.util import find_spec

if find_spec("playwright"):
    from tests.browser.fixtures import browser, home, visit

    __all__ = ["browser", "home", "visit"]
else:
    collect_ignore_glob = ["test_*.py"]
