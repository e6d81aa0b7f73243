"""A new plugin, written from templates: a distribution that passes its own tests."""
