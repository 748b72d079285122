"""Plans of a part: only what may have changed since all of a workspace was looked at, and what that touches.

``memory`` remembers, beside the places and digests of entries, by what entries know each other, and ``waiting`` where
those stand that are looked at each time; ``changed_files`` and ``registry_texts`` find out which files and entries are
not what they were; ``judging`` and ``affected`` tell whose problems may differ because of that, and what rules have to
look at; ``partial_load`` hands the pipeline the rest as
:class:`registry_reconciler.rules.unloaded.Unloaded`. Wherever
something is not of the common sort, :class:`FullPlanRequired` says so and everything is looked at.
"""

from __future__ import annotations


class FullPlanRequired(Exception):
    """Only a plan of the whole workspace can tell: the text says why."""
