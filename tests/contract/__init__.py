"""The contract of a storage, kept by each of ours."""
