"""The revisions of the tables of careless."""
