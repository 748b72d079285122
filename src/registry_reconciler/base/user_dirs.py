"""Where the user's own files are: configuration, state, cache. Never inside a workspace."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

_NAME = "registry-reconciler"


def _base(variable: str, posix: str, mac: str, windows: str) -> Path | None:
    given = os.environ.get(variable)
    if given and os.path.isabs(given):
        return Path(given) / _NAME
    if os.name == "nt":
        local = os.environ.get("LOCALAPPDATA")
        return Path(local) / _NAME / windows if local else None
    home = os.path.expanduser("~")
    # Without a home directory there is no place that is surely the user's own.
    if not os.path.isabs(home):
        return None
    return Path(home) / (mac if sys.platform == "darwin" else posix) / _NAME


def cache_dir() -> Path | None:
    """For what can be made again: ``XDG_CACHE_HOME`` or the platform's place."""
    return _base("XDG_CACHE_HOME", ".cache", "Library/Caches", "cache")


def state_dir() -> Path | None:
    """For the audit log: ``XDG_STATE_HOME`` or the platform's place."""
    return _base("XDG_STATE_HOME", ".local/state", "Library/Application Support", "state")


def config_dir() -> Path | None:
    """For the user's own configuration: ``XDG_CONFIG_HOME`` or the platform's place."""
    return _base("XDG_CONFIG_HOME", ".config", "Library/Preferences", "config")


def user_config() -> dict[str, Any]:
    """``config.toml`` of the configuration directory; empty when there is none or it cannot be read.

    What cannot be read permits nothing, so an unreadable file is no error here.
    """
    folder = config_dir()
    if folder is None:
        return {}
    import tomllib

    try:
        return tomllib.loads((folder / "config.toml").read_text("utf-8"))
    except (OSError, ValueError):
        return {}


def plugins_allowed(root: Path) -> tuple[str, ...]:
    """The plugins that the user's configuration lets run in this workspace: ``plugins`` under ``[run]``, their names.

    Installed plugins are code, so nothing runs that the user did not name.
    """
    from registry_reconciler.base.cache_place import is_outside

    folder = config_dir()
    if folder is None or not is_outside(folder / "config.toml", root):
        return ()
    run = user_config().get("run")
    named = run.get("plugins") if isinstance(run, dict) else None
    return tuple(name for name in named if isinstance(name, str)) if isinstance(named, list) else ()


def python_allowed(root: Path) -> bool:
    """Whether the user's configuration lets ``python`` handlers of this workspace run.

    ``allow_python`` under ``[run]`` is ``true`` for every workspace, or a list of workspace directories.
    """
    from registry_reconciler.base.cache_place import is_outside

    folder = config_dir()
    # A configuration that lies in the workspace is the word of the workspace, not of the user.
    if folder is None or not is_outside(folder / "config.toml", root):
        return False
    run = user_config().get("run")
    allowed = run.get("allow_python") if isinstance(run, dict) else None
    if isinstance(allowed, list):
        real = os.path.realpath(root)
        return any(
            isinstance(item, str) and os.path.realpath(os.path.expanduser(item)) == real for item in allowed
        )
    return allowed is True
