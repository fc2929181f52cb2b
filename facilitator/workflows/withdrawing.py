"""A participant withdraws: their contributions are destroyed or masked in every session, and a receipt says so.

The order is stored first, so that no crash can forget it; then each session, all or nothing, then their name. Running
it again goes on where it was broken off. It counts as finished once everything was read back.
"""

import re
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from typing import Final

from facilitator.domain.entities import Action, Category
from facilitator.domain.errors import Damaged, NotFound, StorageFailed, UsageError
from facilitator.domain.events import EntityDecided, WithdrawalFinished, WithdrawalOrdered
from facilitator.domain.ids import ResearchNumber
from facilitator.domain.progress import Progress, Report, estimate_left, silent
from facilitator.domain.withdrawal import REPLACEMENT, Rule, Withdrawal
from facilitator.privacy.names import name_forms
from facilitator.storage.linkage import new_entity
from facilitator.workflows.diagnosing import diagnose
from facilitator.workflows.rekeying import refuse_recording
from facilitator.workflows.second_writer import no_assistant
from facilitator.workflows.sessions import Session
from facilitator.workflows.study import Study
from facilitator.workflows.withdrawal_receipt import Receipt, receipt
from facilitator.workflows.withdrawn_speech import Share, destroy_sound, events_for, is_held, share_of

__all__ = ["Preview", "Receipt", "Rule", "preview", "receipt", "withdraw", "word_for"]

_UNTOUCHED: Final = "Nothing was changed."


@dataclass(frozen=True, slots=True)
class Preview:
    """What a withdrawal would do. `before` is an earlier order, if there is one; `shares` are of the sessions that they
    took part in; `named` says that a name stands beside a number that is to have none, be it by an older copy of the
    linkage file. `to_do` is False where all of it was done before."""

    number: ResearchNumber
    rule: Rule
    before: Withdrawal | None
    shares: tuple[Share, ...]
    named: bool

    @property
    def to_do(self) -> bool:
        """Whether anything is left to do."""
        finished = self.before is not None and self.before.finished_utc and self.before.rule is self.rule
        return not finished or self.named or any(one.to_do for one in self.shares)


def word_for(number: ResearchNumber) -> str:
    """What has to be typed, exactly, before anything is destroyed or masked."""
    return f"withdraw {number}"


def preview(study: Study, number: ResearchNumber, rule: Rule) -> Preview:
    """What `withdraw` would find and do. Nothing is changed.

    Raises:
        NotFound: nobody of that number was ever on the roster.
        UsageError: their contributions were destroyed, or are to be, and cannot be masked instead.
        AccessRefused, Damaged, NotFound: a session cannot be opened, so that nobody can tell what is theirs there.
    """
    study.refresh()
    before = _checked(study, number, rule)
    shares = []
    for session_id in study.state.sessions:
        with Session(study, session_id, write=False) as session:
            shares.append(share_of(session, number, rule))
    named = rule is Rule.DESTROY and not study.state.linkage_destroyed_utc and number in study.linkage.identities
    return Preview(number, rule, before, tuple(one for one in shares if one.took_part), named)


def withdraw(study: Study, number: ResearchNumber, rule: Rule, word: str, report: Report = silent) -> Receipt:
    """Destroy or mask all that `number` said and all that was noted about them, and read back that it is done.

    Their number and the times at which they spoke stay, so that others' turns keep their edges; nothing says any more
    who the number was once their name is destroyed. Broken off at any point, the same call goes on. `report` is told of
    each session when it was looked at, changed and read back, and is not to stop it.

    Raises:
        UsageError: `word` is not exactly that of `word_for`; or as `preview`; or a session has to be recovered first.
        Busy: a session is being recorded, or open elsewhere.
        NotFound, AccessRefused, Damaged: as `preview`, also for the file of names where they are to be destroyed.
        StorageFailed: the disk refused. Up to the order nothing is changed; after it, run it again.
    """
    if word != word_for(number):
        raise UsageError(f"The words were not {word_for(number)}.", safe=_UNTOUCHED)
    study.refresh()
    _checked(study, number, rule)
    tell = _teller(report, f"Withdrawing {number}", 3 * len(study.state.sessions))
    with _all_sessions(study) as sessions:
        shares = []
        for session in sessions:
            shares.append((session, share_of(session, number, rule)))
            tell(1)
        concerned = [(session, share) for session, share in shares if share.took_part]
        for session, _ in concerned:
            _refuse_unready(session)
        planned = [(session, events_for(session, share, number, rule)) for session, share in concerned]
        if rule is Rule.DESTROY and not study.state.linkage_destroyed_utc:
            study.linkage  # noqa: B018  raises where names cannot be had
        before = study.state.withdrawals.get(number)
        left = any(events for _, events in planned)
        if before is None or before.rule is not rule or (before.finished_utc and left):
            notes = study.state.risk_notes.get(number, ()) if rule is Rule.DESTROY else ()
            study.record(WithdrawalOrdered(number, rule, tuple(note.seq for note in notes)))
        tell(2 * (len(shares) - len(planned)))  # sessions in which there is nothing to do
        for session, events in planned:
            if events:
                session.record_all(events)
            destroy_sound(session)
            tell(1)
    if rule is Rule.DESTROY:
        _forget_name(study, number)
    for session, _ in planned:
        _read_back(study, session, number, rule)
        tell(1)
    if not study.state.withdrawals[number].finished_utc:
        study.record(WithdrawalFinished(number))
    study.verify_log()
    return receipt(study, number)


def _teller(report: Report, label: str, total: int) -> Callable[[int], None]:
    """Takes how many more of `total` steps are done, and reports where it is."""
    began, done = time.monotonic(), 0

    def tell(more: int) -> None:
        nonlocal done
        done += more
        with suppress(OSError):  # nobody reads any more
            report(Progress(label, done, total, estimate_left(time.monotonic() - began, done, total)))

    return tell


def _checked(study: Study, number: ResearchNumber, rule: Rule) -> Withdrawal | None:
    before = study.state.withdrawals.get(number)
    if before is None and number not in study.state.participants:
        raise NotFound(f"{number} is not on the roster.", safe=_UNTOUCHED, do="See `facilitator participants list`.")
    if before is not None and before.rule is Rule.DESTROY and rule is Rule.MASK:
        raise UsageError(
            f"{number} withdrew, and what they contributed is to be destroyed: it cannot be masked instead.",
            safe=_UNTOUCHED,
            do=f"Run `facilitator withdraw {number} --destroy`.",
        )
    return before


@contextmanager
def _all_sessions(study: Study) -> Iterator[list[Session]]:
    """Every session of the study open for writing, so that nobody else writes to any of them."""
    with ExitStack() as stack:
        opened = []
        for session_id in study.state.sessions:
            refuse_recording(study.folder.session(session_id), session_id)
            opened.append(stack.enter_context(Session(study, session_id)))
            stack.enter_context(no_assistant(study.folder.session(session_id)))
        yield opened


def _refuse_unready(session: Session) -> None:
    """A take, an import or a strike that broke off has to be put in order first: its sound may hold theirs."""
    if diagnose(session).needs_recovery:
        raise UsageError(
            f"Session {session.id} was interrupted and is not in order yet.",
            safe=_UNTOUCHED,
            do=f"Run `facilitator recover {session.id}` first.",
        )


def _forget_name(study: Study, number: ResearchNumber) -> None:
    """Take the name off the number. Every form of it stays an identifier to replace: others may have said it.

    So does whatever was to be replaced by the number, such as a form of the name that was misheard. The decisions are
    stored before the name changes place in the linkage file, so that it is replaced all the time.
    """
    if study.state.linkage_destroyed_utc:
        return
    register, named = study.linkage.register, re.compile(rf"\b{number}\b")
    anew = [
        EntityDecided(one.entity_id, register[one.entity_id].category, one.action, neutral)
        for one in study.state.decisions.values()
        if one.entity_id in register and (neutral := named.sub(REPLACEMENT[1:-1], one.replacement)) != one.replacement
    ]
    if anew:
        study.record(*anew)
    if (identity := study.linkage.identities.get(number)) is None:
        return
    forms = dict.fromkeys(form for name in (identity.name, *identity.aliases) for form in name_forms(name))
    entry = new_entity(Category.PERSON, tuple(forms))
    study.record(EntityDecided(entry.id, entry.category, Action.REPLACE, REPLACEMENT))
    study.change_linkage(lambda linkage: linkage.without_identity(number, entry))


def _read_back(study: Study, closed: Session, number: ResearchNumber, rule: Rule) -> None:
    """Open a session anew and look for anything of theirs. Raises Damaged, StorageFailed."""
    ahead = closed.folder.database.with_name(f"{closed.folder.database.name}-wal")
    if rule is Rule.DESTROY and ahead.exists() and ahead.stat().st_size:
        raise StorageFailed(
            f"Another program still reads session {closed.id}, so that old pages of its log are on the disk.",
            safe="What was to be withdrawn is out of the session.",
            do="Close it there, then run the command again.",
        )
    with Session(study, closed.id, write=False) as session:
        session.verify_log()
        if rule is Rule.DESTROY and is_held(session):
            raise StorageFailed(
                f"Some of the sound that was to be destroyed is still on the disk, in session {closed.id}.",
                safe="The order is stored; nothing of it is shown any more.",
                do="Check the disk, then run the command again.",
            )
        if share_of(session, number, rule).to_do:
            raise Damaged(
                f"Session {closed.id} still holds something of {number}.",
                safe="The order is stored.",
                do="Check the disk, then run the command again.",
            )
