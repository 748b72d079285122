"""A workspace as a static catalogue: pages for kinds, entries and rules, that any host serves, or none.

The door has three functions, each with what the one before it gives. ``gather`` takes what is known of a workspace, as
it may be shown; ``pages_of`` draws it, one file after the other, with paths and links below one folder, wherever that
stands; ``publish`` makes a folder hold files, and deletes only what it wrote there earlier. Whoever shows several
workspaces draws each into a folder of its own and publishes all files at once; ``Above`` is the page over them.
jinja2 and grandalf (the extra ``site``) are imported by the first page.
"""

from __future__ import annotations

from registry_reconciler.site.catalogue import SiteCatalogue, gather
from registry_reconciler.site.folder import SiteReceipt, publish
from registry_reconciler.site.pages import Above, pages_of, search_rows

__all__ = ["Above", "SiteCatalogue", "SiteReceipt", "gather", "pages_of", "publish", "search_rows"]
