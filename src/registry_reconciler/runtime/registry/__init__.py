"""The index of one domain and of many: metadata, policies, layers."""
