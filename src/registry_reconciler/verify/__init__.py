"""A second opinion: the reference implementations asked about what registry reads, judges and shows.

Writer and reader of registry share their understanding of a text, so what one misreads the other writes. Here three
others are asked, each imported only in its own module: ruamel.yaml reads the texts (``read``; of JSON and TOML
Python's own readers, ``plain``), jsonschema judges
schemas and entries (``judge``), deepdiff compares entries (``compare``). :func:`of_plan` asks them about a plan before
it is written, :func:`of_workspace` about everything that is there.
"""

from __future__ import annotations

from registry_reconciler.verify.opinions import Disagreement, Opinions, of_plan, of_schemas, of_workspace

__all__ = ["Disagreement", "Opinions", "of_plan", "of_schemas", "of_workspace"]
