"""Plugins that break the contract by being imported; each is imported in a process of its own only."""
