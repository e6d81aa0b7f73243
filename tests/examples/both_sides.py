"""What is in a database, read by neither the host nor the CRM."""

from collections.abc import Iterable

import sqlalchemy as sa


def rows(url: str, tables: Iterable[str]) -> dict[str, int]:
    """How many rows each of these tables has, on a connection that has seen nothing before."""
    engine = sa.create_engine(url)
    with engine.connect() as connection:
        counted = {
            name: connection.execute(sa.select(sa.func.count()).select_from(sa.table(name))).scalar_one()
            for name in tables
        }
    engine.dispose()
    return counted
