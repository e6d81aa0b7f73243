"""What the core asks of the outside and what it lends: Protocols, and the values that cross them."""
