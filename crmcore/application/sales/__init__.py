"""The use cases of selling."""
