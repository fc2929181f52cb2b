"""Who can open what beside the researcher: granting, revoking, new keys, and a person's own passphrase.

A grant seals a session's key, and the study's, for one more public key; the linkage key only with `names`. Revoking
makes new keys, since a key that was handed out cannot be called back. What somebody copied before stays readable to
them.
"""

from collections.abc import Iterable
from pathlib import Path

from facilitator.domain.access import Grant, Role
from facilitator.domain.errors import NotFound, UsageError
from facilitator.domain.events import AccessGranted, AccessRevoked
from facilitator.domain.ids import SessionId
from facilitator.domain.progress import Report, silent
from facilitator.storage import keys, linkage_key
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
    """
    recipient = checked_recipient(to)
    given = Grant(session_id, recipient, role, NAMES_BY_DEFAULT[role] if names is None else names)
    with Session(study, session_id, write=True) as session, study.changing():
        _check_grant(study, given)
        if given.names:
            _refuse_lost_names(study)
            linkage_key.open_key(study.linkage_files.key, study.key)
            if linkage_key.unsettled(study.linkage_files, study.key):  # else the key that is sealed here is replaced
                linkage_key.settle(study.linkage_files, study.key, study.recipients_of_names)
        study.record(AccessGranted(given))
        _seal_for_all(study, session, names=given.names)
    return given


def revoke(study: Study, session_id: SessionId, recipient: str, report: Report = silent) -> Rekeyed:
    """Take somebody's access to a session away: new keys for all that nothing else lets them open.

    It is logged last: broken off, the person still counts as having access, and revoking again ends it.

    Raises:
        NotFound: they have no access to it, or the linkage file, which needs a new key, is not at hand.
        Busy: it is being recorded, or the study is open in another window.
        UsageError, AccessRefused, Damaged, StorageFailed: as `rekey_session`.
    """
    wanted = checked_recipient(recipient)
    study.refresh()
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
        rekey_study(study, _keys_of(study, remaining))
    if loses_names:
        with study.changing():
            with_names = [one for one in remaining if one.names]
            linkage_key.rekey(study.linkage_files, study.key, _keys_of(study, with_names))
    of_session = [one for one in remaining if one.session_id == session_id]
    done = rekey_session(study, session_id, _keys_of(study, of_session), report)
    study.record(AccessRevoked(session_id, wanted))
    return done


def rekey(study: Study, session_id: SessionId, report: Report = silent) -> Rekeyed:
    """New keys for a session and the same people, as after a suspected leak or a strike. Errors as `rekey_session`."""
    study.refresh()
    of_session = [one for one in study.state.grants if one.session_id == session_id]
    return rekey_session(study, session_id, _keys_of(study, of_session), report)


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


def _seal_for_all(study: Study, session: Session, *, names: bool) -> None:
    """Seal what a grant concerns for everybody who may open it, the session last, and read it back."""
    folder, everybody = study.folder, study.state.grants
    if names:
        linkage_key.reseal_key(study.linkage_files, study.key, study.recipients_of_names)
    database = keys.open_database_key(folder.database_key, study.key, "study key")
    write_atomically(folder.database_key, keys.seal(database.hex().encode(), _keys_of(study, everybody)))
    if keys.open_database_key(folder.database_key, study.key, "study key") != database:
        raise keys.damaged("study key")
    of_session = [one for one in everybody if one.session_id == session.id]
    write_atomically(session.folder.key, keys.sealed_session_key(session.key, _keys_of(study, of_session)))
    if keys.open_session_key(session.folder.key, study.key) != session.key:
        raise keys.damaged("session key")


def _keys_of(study: Study, given: Iterable[Grant]) -> tuple[str, ...]:
    return tuple(dict.fromkeys((study.settings.recipient, *(one.recipient for one in given))))


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
    return _keys_of(study, [one for one in study.state.grants if one.session_id == session_id])


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
