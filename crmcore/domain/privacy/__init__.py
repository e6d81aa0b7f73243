"""What belongs to a person: handing it out, erasing it, and remembering that it was erased."""
