"""The setting that names the catalogue of a fleet: a password in it is refused, and never repeated."""

from __future__ import annotations

import pytest

from registry_reconciler.files.tree import MemoryTree
from registry_reconciler.loading.settings import load_config
from registry_reconciler.model.config import CONFIG_PATH


def loaded(text: str) -> tuple[str, str, list[str]]:
    config, problems, _ = load_config(MemoryTree({CONFIG_PATH: text.encode()}))
    return config.catalog, config.catalog_repository, [problem.message for problem in problems]


def test_it_names_a_catalogue_and_the_repository_in_it() -> None:
    assert loaded("catalog: sqlite:///../fleet.db") == ("sqlite:///../fleet.db", "", [])
    named = "catalog: {url: 'postgresql+psycopg://me@host:5432/fleet', repository: shop}"
    assert loaded(named) == ("postgresql+psycopg://me@host:5432/fleet", "shop", [])
    assert loaded("catalog:") == ("", "", [])


@pytest.mark.parametrize(
    "url",
    [
        "postgresql+psycopg://me:hunter2@host/fleet",
        "postgresql+psycopg://host/fleet?password=hunter2",
        "postgresql+psycopg://me:hunter2/x@host/fleet",
        "postgresql+psycopg://:hunter2?x@host/fleet",
        "postgresql+psycopg://me:a#hunter2@host/fleet",
        "postgresql+psycopg://host/fleet?sslpassword=hunter2",
        "mysql://me:hunter2@host/fleet",
        "hunter2",
    ],
)
@pytest.mark.parametrize("written", ["catalog: '{}'", "catalog: {{url: '{}'}}"])
def test_what_it_may_not_be_is_said_without_it(url: str, written: str) -> None:
    catalog, _, messages = loaded(written.format(url))
    assert catalog == ""
    assert len(messages) == 1
    assert messages[0].startswith("catalog ")
    assert "hunter2" not in messages[0]
