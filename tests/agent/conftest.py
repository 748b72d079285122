"""The fixtures of the command line's tests."""

from tests.cli.conftest import empty, plain_environment

__all__ = ["empty", "plain_environment"]
