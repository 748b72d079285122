"""The version, in the one place that both the build and ``registry --version`` read.

A plain text: asking the installed metadata for it would cost every command about 20 ms.
"""

__version__ = "0.1.0"
