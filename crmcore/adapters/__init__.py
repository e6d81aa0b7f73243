"""The outside of the core: one package for each technology that a port is met with."""
