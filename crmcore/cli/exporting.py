"""`crm export`."""
