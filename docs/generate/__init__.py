"""The pages of the reference, each made from what it describes."""
