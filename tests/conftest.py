"""What every test shares: hypothesis profiles.

``ci`` draws the same examples in every run, so that a red run is red again; it is in force where ``CI`` is
set. ``dev`` draws new ones each time. ``thorough`` digs longer (``--hypothesis-profile=thorough``).
None has a deadline: a busy machine is not a bug.
"""

from __future__ import annotations

import gc
import os
import signal
import tempfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

# Nothing a test does may land in the home of the person who runs it; child processes inherit this.
_HOME = tempfile.TemporaryDirectory(prefix="registry-tests-")
for _name in ("XDG_CACHE_HOME", "XDG_STATE_HOME", "XDG_CONFIG_HOME"):
    os.environ[_name] = os.path.join(_HOME.name, _name.lower())

# Where the tests are started in the background, SIGINT is ignored, and so would what they start and interrupt.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

_SLOW = frozenset(
    {"ci", "crash", "fleet", "fuzz", "growth", "hostile", "house", "lsp", "mcp", "merge", "property"}
)
"""Folders whose tests draw, kill, grow and attack: CI runs them, and whoever changes what they are about."""

_SLOW_FILES = frozenset(
    {
        "cli/test_add.py",
        "cli/test_advice_done.py",
        "cli/test_bad_inputs.py",
        "cli/test_directives.py",
        "cli/test_everyday.py",
        "cli/test_fix_unsafe.py",
        "cli/test_front_matter.py",
        "cli/test_mirrors.py",
        "cli/test_more_layouts.py",
        "cli/test_new_places.py",
        "cli/test_nothing_hidden.py",
        "cli/test_one_cause.py",
        "cli/test_path_bases.py",
        "cli/test_rm_of_files.py",
        "cli/test_schema_migrate.py",
        "cli/test_schema_new_formats.py",
        "cli/test_schema_new_shapes.py",
        "cli/test_terminal.py",
        "cli/test_toml_registry.py",
        "cli/test_truth.py",
        "cli/test_verbs.py",
        "cli/test_verify.py",
        "cli/test_wrong_inputs.py",
        "outputs/test_branches.py",
        "outputs/test_plan.py",
        "unit/layouts/test_shapes_met_outside.py",
        "unit/report/test_all_formats.py",
        "unit/runtime/test_children.py",
    }
)
"""Further files whose tests take some ten seconds together: they start the command for each line, or wait."""


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Leave out what the wanted mark leaves out anyway: every process imports what is collected."""
    wanted = config.getoption("markexpr")
    if wanted not in ("slow", "not slow") or collection_path.suffix != ".py":
        return None
    if not collection_path.name.startswith("test_"):
        return None
    slow = _is_slow(collection_path)
    if wanted == "not slow":
        return True if slow else None
    return None if slow or b"mark.slow" in collection_path.read_bytes() else True


def pytest_collection_finish() -> None:
    """Take what was imported and collected out of the search for garbage: it stays until the end."""
    gc.collect()
    gc.freeze()


def _is_slow(path: Path) -> bool:
    """Whether all tests of this file are slow."""
    here = Path(__file__).parent
    if not path.is_relative_to(here):
        return False
    inside = path.relative_to(here)
    return inside.parts[0] in _SLOW or inside.as_posix() in _SLOW_FILES


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark everything in those folders and files as slow."""
    for item in items:
        if _is_slow(item.path):
            item.add_marker(pytest.mark.slow)


_SLOW_IS_FINE = (HealthCheck.too_slow,)

settings.register_profile(
    "ci",
    derandomize=True,
    database=None,
    deadline=None,
    print_blob=True,
    suppress_health_check=_SLOW_IS_FINE,
)
settings.register_profile("dev", deadline=None, suppress_health_check=_SLOW_IS_FINE)
settings.register_profile("thorough", deadline=None, max_examples=2_000, suppress_health_check=_SLOW_IS_FINE)
settings.load_profile("ci" if os.environ.get("CI") else "dev")
