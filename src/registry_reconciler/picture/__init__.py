"""Pictures of what refers to what: one choice of nodes and edges, drawn as DOT, Mermaid, SVG or a page.

Who refers stands left of what it refers to. An SVG is laid out in layers by grandalf (the extra ``site``), which is
imported by the first one; a layout depends on nothing but names and edges, so the same entries give the same picture.
"""

from __future__ import annotations

from registry_reconciler.picture.choose import MOST_NODES, Arrow, Picture, References, of_kinds, whole
from registry_reconciler.picture.draw import page, svg
from registry_reconciler.picture.text import dot, mermaid

__all__ = [
    "MOST_NODES",
    "Arrow",
    "Picture",
    "References",
    "dot",
    "mermaid",
    "of_kinds",
    "page",
    "svg",
    "whole",
]
