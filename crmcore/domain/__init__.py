"""What a CRM is: declarations, records, predicates. attrs and the standard library; no I/O, no clock."""
