"""Fields that administrators add at run time: the facet `custom` of any record type, declared by data."""
