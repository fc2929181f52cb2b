"""Who can open what beside the researcher: granting, revoking, new keys, and a person's own passphrase.

A grant seals a session's key, and the study's, for one more public key; the linkage key only with `names`. Revoking
makes new keys, since a key that was handed out cannot be called back. What somebody copied before stays readable to
them.
"""

from collections.abc import Sequence
from pathlib import Path

from facilitator.domain.access import Grant, Role
from facilitator.domain.errors import Busy, NotFound, UsageError
from facilitator.domain.events import AccessGranted, AccessRevoked, OwnerNamed
from facilitator.domain.ids import SessionId
from facilitator.domain.progress import Report, silent
from facilitator.storage import keys, linkage_key
from facilitator.storage.database import open_database
from facilitator.storage.files import write_atomically
from facilitator.storage.identity_files import change_passphrase
from facilitator.storage.keys import checked_recipient
from facilitator.workflows.rekeying import Rekeyed, refuse_rekeying, rekey_session, rekey_study
from facilitator.workflows.sessions import Session
from facilitator.workflows.study import Study

NAMES_BY_DEFAULT = {Role.TRANSCRIBER: False, Role.OFFICER: True, Role.RESEARCHER: True}


def new_identity(path: Path, passphrase: str) -> str:
    """Make an identity file behind `passphrase`, read it back, and return its public key, age1….

    Raises:
        UsageError: there is a file already.
        InvalidInput: the passphrase has under 8 characters.
        StorageFailed: the file cannot be written.
    """
    made = keys.create_identity(path, passphrase)
    if keys.unlock_identity(path, passphrase) != made:
        raise keys.damaged(keys.IDENTITY)
    return made.recipient


def grants(study: Study) -> tuple[Grant, ...]:
    """Who has access beside the researcher, by session, then in the order given."""
    study.refresh()
    return tuple(sorted(study.state.grants, key=lambda one: one.session_id))


def grant(study: Study, session_id: SessionId, to: str, role: Role, names: bool | None = None) -> Grant:
    """Let the owner of the public key `to` open a session; `names` as the role has it, if None.

    It is logged first: a crash then shows somebody as having access who has not yet all of it, never the reverse.

    Raises:
        InvalidInput: `to` is no public key.
        UsageError: it is the researcher's, or names were given before and are to be taken back.
        AccessRefused: something of it is not open to the one who grants.
        NotFound: no such session, or names are asked for that were destroyed.
        Busy: somebody else changes access, or has the session open.
    """
    recipient = checked_recipient(to)
    given = Grant(session_id, recipient, role, NAMES_BY_DEFAULT[role] if names is None else names)
    with study.changing_access(), Session(study, session_id, write=True) as session, study.changing():
        _check_grant(study, given)
        sealed = _sealed_keys(study, session, [*study.state.grants, given])
        if given.names:
            _refuse_lost_names(study)
            linkage_key.open_key(study.linkage_files.key, study.key)
            if linkage_key.unsettled(study.linkage_files, study.key):  # else the key that is sealed here is replaced
                linkage_key.settle(study.linkage_files, study.key, study.recipients_of_names)
        unnamed = study.own and not study.state.owner  # a study of before: others can hold study.toml against it now
        study.record(*([OwnerNamed(study.key.recipient)] if unnamed else []), AccessGranted(given))
        if given.names:
            linkage_key.reseal_key(study.linkage_files, study.key, study.recipients_of_names)
        for path, data in sealed.items():
            write_atomically(path, data)
        _read_back(study, session)
    return given


def revoke(study: Study, session_id: SessionId, recipient: str, report: Report = silent) -> Rekeyed:
    """Take somebody's access to a session away: new keys for all that nothing else lets them open.

    It is logged last: broken off, the person still counts as having access, and revoking again ends it.

    Raises:
        NotFound: they have no access to it, or the linkage file, which needs a new key, is not at hand.
        Busy: it is being recorded, the study is open in another window, or somebody else changes access.
        UsageError, AccessRefused, Damaged, StorageFailed: as `rekey_session`.
    """
    wanted = checked_recipient(recipient)
    with study.changing_access():
        return _revoke(study, session_id, wanted, report)


def _revoke(study: Study, session_id: SessionId, wanted: str, report: Report) -> Rekeyed:
    granted = list(study.state.grants)
    mine = [one for one in study.state.grants if one.recipient == wanted]
    if not any(one.session_id == session_id for one in mine):
        raise _no_access(study, session_id, wanted)
    left = [one for one in mine if one.session_id != session_id]
    remaining = [one for one in study.state.grants if (one.session_id, one.recipient) != (session_id, wanted)]
    loses_names = any(one.names for one in mine) and not any(one.names for one in left)
    if loses_names := loses_names and not study.state.linkage_destroyed_utc:
        study.linkage  # noqa: B018  refused here, before anything is done, where the file is not at hand
    refuse_rekeying(study, session_id)
    if not left:
        rekey_study(study, study.recipients(remaining))
    if loses_names:
        with study.changing():
            if not study.state.linkage_destroyed_utc:  # by another program, just now
                with_names = [one for one in remaining if one.names]
                linkage_key.rekey(study.linkage_files, study.key, study.recipients(with_names))
    done = rekey_session(study, session_id, _of_session(study, session_id, remaining), report)
    study.refresh()
    if study.state.grants != granted:
        raise _changed_meanwhile(session_id, wanted)
    study.record(AccessRevoked(session_id, wanted))
    return done


def rekey(study: Study, session_id: SessionId, report: Report = silent) -> Rekeyed:
    """New keys for a session and the same people, as after a suspected leak or a strike. Errors as `rekey_session`."""
    with study.changing_access():
        return rekey_session(study, session_id, session_recipients(study, session_id), report)


def _check_grant(study: Study, given: Grant) -> None:
    if given.recipient == study.settings.recipient:
        raise UsageError("That is the researcher's own key, which opens everything already.")
    before = [one for one in study.state.grants if one.recipient == given.recipient and one.names]
    if any(one.session_id == given.session_id for one in before) and not given.names:
        raise UsageError(
            "This person may see names already, and a key cannot be called back.",
            safe="Nothing was changed.",
            do=f"Revoke first: `facilitator access revoke {given.session_id} --from {given.recipient}`.",
        )


def _refuse_lost_names(study: Study) -> None:
    if study.state.linkage_destroyed_utc:
        raise NotFound(
            "The key between names and numbers was destroyed on purpose.",
            safe="Nothing was changed.",
            do="Grant access with --no-names.",
        )
    if not study.linkage_files.key.exists() or study.linkage_files.next_key.exists():
        study.linkage  # noqa: B018  says that the file is not at hand, or the key is missing


def _sealed_keys(study: Study, session: Session, grants: Sequence[Grant]) -> dict[Path, bytes]:
    """The key files of the study and of the session for everybody with one of `grants`; the session's comes last."""
    file, of_session = study.folder.database_key, _of_session(study, session.id, grants)
    database = keys.open_database_key(file, study.key, "study key")
    return {
        file: keys.sealed_database_key(database, study.recipients(grants), study.key),
        session.folder.key: keys.sealed_session_key(session.key, of_session, study.key),
    }


def _read_back(study: Study, session: Session) -> None:
    database = keys.open_database_key(study.folder.database_key, study.key, "study key")
    open_database(study.folder.database, database, read_only=True).close()
    if keys.open_session_key(session.folder.key, study.key) != session.key:
        raise keys.damaged("session key")


def _changed_meanwhile(session_id: SessionId, recipient: str) -> Busy:
    return Busy(
        "Another program, of an older version, changed who can open this study meanwhile.",
        safe="Nothing was lost, but this person still counts as having access.",
        do=f"Revoke again: `facilitator access revoke {session_id} --from {recipient}`.",
    )


def _no_access(study: Study, session_id: SessionId, recipient: str) -> UsageError | NotFound:
    if recipient == study.settings.recipient:
        return UsageError("The researcher's own access cannot be revoked.", safe="Nothing was changed.")
    return NotFound(
        f"That key has no access to session {session_id}.",
        safe="Nothing was changed.",
        do="Run `facilitator access list` to see who has.",
    )


def session_recipients(study: Study, session_id: SessionId) -> tuple[str, ...]:
    """Public keys of all who may open a session."""
    return _of_session(study, session_id, study.state.grants)


def _of_session(study: Study, session_id: SessionId, grants: Sequence[Grant]) -> tuple[str, ...]:
    return study.recipients(one for one in grants if one.session_id == session_id)


__all__ = [
    "Rekeyed",
    "change_passphrase",
    "checked_recipient",
    "grant",
    "grants",
    "new_identity",
    "rekey",
    "revoke",
    "session_recipients",
]
