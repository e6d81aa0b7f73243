"""Tables that hold rows are brought to newer declarations."""
