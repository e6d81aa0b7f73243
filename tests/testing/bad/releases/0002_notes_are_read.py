"""Notes are read."""

from crmcore.ports.migration import Operations

revision = "0002"
down_revision = "0001"
fingerprint = "3174115880111b83"


def upgrade(op: Operations) -> None:
    """What leads here from the revision before; each operation is left out where it is done already."""
    op.add_column("careless_note", "read", "boolean")
    op.execute("DELETE FROM {careless_note}")
