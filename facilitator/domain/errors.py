"""Every error a person can meet, with a stable exit code for scripts.

FacilitatorError             1   anything else
├── UsageError               2   the request makes no sense as given
├── InvalidInput             3   a file or value from a person was refused before work began
│   ├── InvalidGuide         3
│   ├── InvalidRoster        3
│   └── InvalidAudio         3
├── NotFound                 4   no such study, session, participant or guide
├── AccessRefused            5   wrong passphrase, or a key this person does not hold
├── Damaged                  6   a file is not what was written
├── NewerVersion             7   written by a newer version of this program
├── Busy                     8   another program has it open
├── StorageFailed            9   the disk refused
├── DeviceFailed            10   microphone or speaker
├── MissingNeed             11   weights, a library or a language model is absent
├── ConsentMissing          12   somebody present has not consented
├── NotVerified             13   the ethics check is missing or stale
├── LeakFound               14   an identifier was found where none may be
├── WorkerFailed            15   a helper process failed
└── Cancelled              130   stopped at the user's wish

A message has three parts: what happened, what is safe, what to do next. Messages never quote recordings or transcripts.
"""

from typing import ClassVar


class FacilitatorError(Exception):
    """Base of the tree.

    Args:
        what: what happened, one sentence.
        safe: what is still safe or unchanged, one sentence, or "".
        do: the next step, one sentence, or "".
    """

    exit_code: ClassVar[int] = 1
    title: ClassVar[str] = "Something went wrong"

    def __init__(self, what: str, *, safe: str = "", do: str = "") -> None:
        super().__init__(what)
        self.what = what
        self.safe = safe
        self.do = do

    def __str__(self) -> str:
        return "\n".join(part for part in (self.what, self.safe, self.do) if part)


class UsageError(FacilitatorError):
    exit_code = 2
    title = "That cannot be done as asked"


class InvalidInput(FacilitatorError):
    exit_code = 3
    title = "Input refused"


class InvalidGuide(InvalidInput):
    title = "Guide refused"


class InvalidRoster(InvalidInput):
    title = "Roster refused"


class InvalidAudio(InvalidInput):
    title = "Audio refused"


class NotFound(FacilitatorError):
    exit_code = 4
    title = "Not found"


class AccessRefused(FacilitatorError):
    exit_code = 5
    title = "Access refused"


class Damaged(FacilitatorError):
    exit_code = 6
    title = "Damaged file"


class NewerVersion(FacilitatorError):
    exit_code = 7
    title = "Made by a newer version"


class Busy(FacilitatorError):
    exit_code = 8
    title = "In use"


class StorageFailed(FacilitatorError):
    exit_code = 9
    title = "Could not write"


class DeviceFailed(FacilitatorError):
    exit_code = 10
    title = "Sound device"


class MissingNeed(FacilitatorError):
    exit_code = 11
    title = "Something is not installed"


class ConsentMissing(FacilitatorError):
    exit_code = 12
    title = "Consent missing"


class NotVerified(FacilitatorError):
    exit_code = 13
    title = "Not verified"


class LeakFound(FacilitatorError):
    exit_code = 14
    title = "Identifier found"


class WorkerFailed(FacilitatorError):
    exit_code = 15
    title = "A helper process failed"


class Cancelled(FacilitatorError):
    exit_code = 130
    title = "Cancelled"
