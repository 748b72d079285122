from __future__ import annotations

from pathlib import Path

import pytest


@pytest.fixture(autouse=True)
def own_user_directories(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """No test reads or writes the real user's cache, state or configuration."""
    user = tmp_path / "user"
    for variable, name in (("CACHE", "cache"), ("STATE", "state"), ("CONFIG", "config")):
        monkeypatch.setenv(f"XDG_{variable}_HOME", str(user / name))
    return user
