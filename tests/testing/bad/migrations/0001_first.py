"""The first tables."""

from crmcore.ports.migration import Operations

revision = "0001"
down_revision = None
fingerprint = "of another declaration"


def upgrade(op: Operations) -> None:
    """What leads here."""
