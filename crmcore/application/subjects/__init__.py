"""What belongs to a person: found, handed out, and erased."""
