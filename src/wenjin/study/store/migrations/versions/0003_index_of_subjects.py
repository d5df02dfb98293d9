"""What happened to one exercise is found without reading all that ever happened."""

from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    op.create_index("event_subject", "event", ["subject"])
