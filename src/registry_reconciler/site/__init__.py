"""A workspace as a static catalogue: pages for kinds, entries and rules, that any host serves, or none.

``catalogue`` gathers what is known, as it may be shown; ``pages`` draws it; ``folder`` writes it, and deletes only
what an earlier catalogue wrote. jinja2 and grandalf (the extra ``site``) are imported by the first page.
"""

from __future__ import annotations

from registry_reconciler.site.catalogue import gather
from registry_reconciler.site.folder import Published, publish
from registry_reconciler.site.pages import pages_of

__all__ = ["Published", "gather", "pages_of", "publish"]
