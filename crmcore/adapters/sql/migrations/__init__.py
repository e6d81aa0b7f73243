"""The revisions of the tables of the core; the first is made from the declarations."""
