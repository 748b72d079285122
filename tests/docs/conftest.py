"""The fixtures of the command line's tests."""

from tests.cli.conftest import box, empty, made, plain_environment

__all__ = ["box", "empty", "made", "plain_environment"]
