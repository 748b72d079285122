"""Plan and apply registries kept as YAML.

Importing this package imports none of its parts: a program that only wants
``registry_reconciler.runtime`` does not pay for the planning side.
"""

from registry_reconciler.version import __version__

__all__ = ["__version__"]
