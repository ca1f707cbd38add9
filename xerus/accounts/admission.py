"""Who may use Xerus and who administers it, at each sign-in and at each renewal."""

import structlog

from xerus.accounts import store
from xerus.accounts.users import AdminRule, Identity, UserRule
from xerus.db.database import Connection
from xerus.errors import Forbidden
from xerus.ids import UserId

log = structlog.get_logger(__name__)


class NotAdmitted(Forbidden):
    """The person may sign in at the provider, but the operator does not let them use Xerus."""

    code = "not_admitted"


class Admission:
    """Applies XERUS_USERS and XERUS_ADMINS to what the provider says about a person."""

    def __init__(self, *, admins: AdminRule, users: UserRule, trusts_emails: bool = True) -> None:
        """Make the rules one.

        Args:
            admins: who administers.
            users: who may use Xerus.
            trusts_emails: whether all people come from one tenant, whose administrator names them.
        """
        self._admins = admins
        self._users = users
        self._trusts_emails = trusts_emails

    def check(self, identity: Identity) -> None:
        """Let a person in, or not.

        Raises:
            NotAdmitted: says why and who can change it.
        """
        if self._users.everybody or self._users.by_id(identity):
            return
        if identity.groups_missing:
            raise NotAdmitted(
                "The identity provider did not name your groups, because you are in too many.",
                code="groups_missing",
                hint="An administrator of Entra ID sets 'Groups assigned to the application' under "
                "Token configuration, or gives you an app role that XERUS_USERS names.",
            )
        raise NotAdmitted(
            "You are not in a group that may use Xerus.",
            hint="An administrator can add you to a group, or give you an app role, that "
            "XERUS_USERS names.",
        )

    def still_admitted(self, row: store.Row) -> bool:
        """Tell whether what let a person in is still configured, where nothing newer is known."""
        return self._users.holds(row["admitted_by"])

    async def note(self, conn: Connection, user_id: UserId, identity: Identity) -> None:
        """Record what makes a person user and administrator as of now."""
        admin_by = self._admins.by_id(identity)
        email = self._admins.by_email(identity) if self._trusts_emails else ""
        if not admin_by and email and await store.bind_admin_email(conn, email, user_id):
            admin_by = email
        if not admin_by and identity.groups_missing:
            log.warning(
                "groups_missing",
                user=user_id,
                meaning="Entra ID names no groups of this person, there are too many; XERUS_ADMINS "
                "can name the object id or an app role instead",
            )
        await store.set_standing(
            conn,
            user_id,
            admin_by=admin_by,
            admitted_by=self._users.by_id(identity),
            login_hint=identity.login_hint,
        )
