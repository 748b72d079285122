"""What can be wrong with a catalogue, each with what to do. No message repeats a password, wherever it stands."""

from __future__ import annotations

from registry_reconciler.errors import RegistryFailure, UsageFailure

FORMS = "sqlite:///FILE or postgresql+psycopg://USER@HOST:PORT/DATABASE"


class CatalogueFailure(RegistryFailure):
    """The catalogue cannot be asked or written."""

    code = "catalogue_failed"


class NoCatalogue(CatalogueFailure):
    """There is none at the place that was named."""

    code = "no_catalogue"


class Unreachable(CatalogueFailure):
    """The database does not answer, or lets nobody in."""

    code = "catalogue_unreachable"


class ReadOnly(CatalogueFailure):
    """It can be asked, and not written."""

    code = "catalogue_read_only"


class NewerCatalogue(CatalogueFailure):
    """A newer program brought it to a form that this one does not know."""

    code = "newer_format"


class OlderCatalogue(CatalogueFailure):
    """It has the form of an older program, and whoever only asks does not change it."""

    code = "catalogue_older"


class BadUrl(UsageFailure):
    """The text that names the catalogue names none."""

    def __init__(self, why: str) -> None:
        super().__init__(f"the catalogue (--catalog or REGISTRY_CATALOG) {why}: write {FORMS}")
