"""A small shop in Django whose customers are in a CRM in the same database."""
