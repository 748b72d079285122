"""Questions about a workspace that write nothing."""
