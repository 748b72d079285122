"""One file of a repository, merged from three sides by entry and field.

:func:`merge_file` is the door, for ``registry merge-driver`` and ``registry resolve``. What it does not understand it
leaves to git.
"""

from registry_reconciler.merging.files import merge_file
from registry_reconciler.merging.lines import Labels

__all__ = ["Labels", "merge_file"]
