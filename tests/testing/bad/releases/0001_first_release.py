"""First release."""

from crmcore.ports.migration import Operations

revision = "0001"
down_revision = None
fingerprint = "c3fcb2ec0967ecda"


def upgrade(op: Operations) -> None:
    """What leads here from the revision before; each operation is left out where it is done already."""
    op.create_table(
        "careless_note",
        [
            ("id", "id"),
            ("version", "integer"),
            ("source", "text(100)", True),
            ("external_id", "text(190)", True),
            ("created_at", "datetime"),
            ("changed_at", "datetime"),
            ("title", "text(255)"),
            ("title_fold", "text(255)"),
        ],
        key=("id",),
        unique=[("external_id", "source")],
        indexes=[("created_at", "id")],
        compact=False,
    )
