"""The tests of crmcore itself; each plugin keeps its own."""
