"""The installed server for agents, asked by the protocol's official client."""
