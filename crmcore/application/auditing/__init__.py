"""What proves that nobody touched the history: the chain over it, its anchor, and the log of who read what."""
