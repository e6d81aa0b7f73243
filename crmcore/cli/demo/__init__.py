"""`crm demo`: a fresh database from the bundled data, and what crmcore does with it, one module for each subject."""
