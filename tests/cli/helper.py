"""Where the names of ``tests/support.py`` stood before."""

from tests.support import EVERYTHING, FRAGMENT, ROUTES, Box, Ran, git, installed

__all__ = ["EVERYTHING", "FRAGMENT", "ROUTES", "Box", "Ran", "git", "installed"]
