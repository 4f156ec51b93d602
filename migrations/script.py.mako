"""${message[:1].upper() + message[1:].rstrip(".")}.

Revision ID: ${up_revision}
Revises: ${down_revision | comma,n}
Create Date: ${create_date}
"""

# docs/database.md, "Change the schema", says what a revision may do. Where its tests object, the reason why it may
# all the same stands in a dict here: `squawk` by rule, `contracts` and `rewrites` by "table.column".

import sqlalchemy as sa
from alembic import op
${imports if imports else ""}
revision = ${repr(up_revision)}
down_revision = ${repr(down_revision)}
branch_labels = ${repr(branch_labels)}
depends_on = ${repr(depends_on)}


def upgrade() -> None:
    ${upgrades if upgrades else "pass"}


def downgrade() -> None:
    ${downgrades if downgrades else "pass"}
