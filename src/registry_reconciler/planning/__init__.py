"""From what was loaded to a plan: resolve, diff, edit files in memory, check, suppress."""
