"""For the tests of plugins and adapters: Hypothesis strategies made of declarations, and contracts that each must pass."""
