"""What anonymous clients may do: one row, so that all deployments on a database agree."""

from __future__ import annotations

from sqlalchemy import Boolean, CheckConstraint, Executable, SmallInteger, String, bindparam, select, text
from sqlalchemy.orm import Mapped, mapped_column

from diptych.core.engine.entity import NOT_DUMPED, Base, part_of_security


@part_of_security("policy")
class AccessPolicy(Base):
    """The policy. anonymous: the role of anonymous clients. chosen: whether an operator has set it."""

    __tablename__ = "access_policy"
    __table_args__ = (
        CheckConstraint("anonymous IN ('none', 'reader', 'editor')", name="anonymous"),
        {"info": dict(NOT_DUMPED)},
    )

    id: Mapped[int] = mapped_column(SmallInteger, primary_key=True, autoincrement=False)
    anonymous: Mapped[str] = mapped_column(String(20))
    chosen: Mapped[bool] = mapped_column(Boolean)


OPEN = (
    "Everybody who reaches this service may change the catalogue: `diptych access anonymous reader` ends that, and"
    " `diptych accounts create` makes accounts for those who may."
)
"""What operators read where anonymous clients are editors."""

READ = select(AccessPolicy.anonymous).where(AccessPolicy.id == 1)
"""Select the role of anonymous clients."""


def setting(*, chosen: bool) -> Executable:
    """Return the statement that sets the role (parameter `role`); without `chosen`, only where no operator has.

    It returns a row where that is a change.
    """
    kept = "" if chosen else " AND access_policy.chosen IS FALSE"
    sql = (
        "INSERT INTO access_policy (id, anonymous, chosen) VALUES (1, :role, :chosen) ON CONFLICT (id)"  # noqa: S608 - constants
        f" DO UPDATE SET anonymous = excluded.anonymous, chosen = excluded.chosen"
        f" WHERE (access_policy.anonymous, access_policy.chosen) <> (excluded.anonymous, excluded.chosen){kept}"
        " RETURNING id"
    )
    return text(sql).bindparams(bindparam("chosen", chosen, Boolean))
