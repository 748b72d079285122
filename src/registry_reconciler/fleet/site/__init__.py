"""A fleet as a static catalogue: a page over all repositories, and below it the catalogue of each.

``across`` tells what refers from one repository to another, ``gather`` makes of what the catalogue knows of a
repository what :mod:`registry_reconciler.site` draws, ``pages`` draws the page over all. What stands in the folder is
written repository by repository, so that no more than one is in memory. The extras ``fleet`` and ``site``.
"""

from __future__ import annotations

from pathlib import Path

from registry_reconciler.fleet.catalogue import Catalogue
from registry_reconciler.fleet.catalogue.contents import contents_of
from registry_reconciler.fleet.site.across import references_across
from registry_reconciler.fleet.site.gather import gathered
from registry_reconciler.fleet.site.pages import FOLDER, top_pages
from registry_reconciler.site import Above, SiteReceipt, pages_of, publish
from registry_reconciler.site.catalogue import page_name

__all__ = ["write_site"]


def write_site(catalogue: Catalogue, out: Path, title: str) -> SiteReceipt:
    """Make a folder hold the catalogue of a fleet.

    Raises:
        SiteFailure: the folder holds something else, or cannot be written.
    """
    rows = catalogue.repositories()
    across = references_across(catalogue)
    above = Above(title, "../../index.html")
    done = [publish(out, top_pages(catalogue, rows, across, title))]
    for row in rows:
        shown = gathered(contents_of(catalogue, row), across)
        below = publish(out / FOLDER / page_name(row.name), pages_of(shown, above))
        prefix = f"{FOLDER}/{page_name(row.name)}/"
        done.append(
            SiteReceipt(
                below.written,
                below.unchanged,
                below.deleted,
                tuple(f"{prefix}{path}" for path in below.left),
            )
        )
    done += _emptied(out / FOLDER, {page_name(row.name) for row in rows})
    return SiteReceipt(
        sum(part.written for part in done),
        sum(part.unchanged for part in done),
        sum(part.deleted for part in done),
        tuple(path for part in done for path in part.left),
    )


def _emptied(folder: Path, there: set[str]) -> list[SiteReceipt]:
    """Take away the catalogues of repositories that are gone: of those only what was written by us."""
    from registry_reconciler.apply.files import remove_page, remove_page_folder
    from registry_reconciler.site.folder import MANIFEST

    done = []
    for old in sorted(folder.iterdir()) if folder.is_dir() else ():
        if old.name in there or old.is_symlink() or not (old / MANIFEST).is_file():
            continue
        done.append(publish(old, ()))
        if not done[-1].left:
            remove_page(old / MANIFEST)
            remove_page_folder(old)
    return done
