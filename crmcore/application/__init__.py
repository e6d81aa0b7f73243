"""The use cases: what can be done in a CRM, whatever the storage."""
