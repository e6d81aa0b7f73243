"""Hooks in a unit of work: what guards are asked, what reactions write, and what either may do."""
