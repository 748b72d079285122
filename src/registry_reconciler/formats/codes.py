"""Every code that reading a text can give, with its title. Its page stands in ``rules/pages/``."""

from __future__ import annotations

from registry_reconciler.formats.frontmatter.codes import TITLES as FRONTMATTER_TITLES
from registry_reconciler.formats.json.codes import TITLES as JSON_TITLES
from registry_reconciler.formats.toml.read.codes import TITLES as TOML_TITLES
from registry_reconciler.formats.yaml.read.codes import TITLES as YAML_TITLES

TITLES = {**YAML_TITLES, **JSON_TITLES, **TOML_TITLES, **FRONTMATTER_TITLES}
"""Those of YAML whose words fit any text serve all formats; what only one of them can be is that one's own."""
