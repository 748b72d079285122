"""Where bytes come from: a tree of files on disk, in memory or in a git revision, and which paths are reserved."""
