"""What happens to plugins once, at start: they are found, imported, put in order, and asked what they declare.

What they claim is compared, and everything that is wrong becomes one refusal. What comes of it is a `Registry`.
"""
