"""All errors that the package raises intentionally: one class per cause, each with a stable `code`.

    QAError
    |- RequestError            the caller's mistake; over HTTP a 4xx
    |  |- InvalidQuestion      invalid_question: empty, nothing but white space, or not text
    |  |- QuestionTooLong      question_too_long
    |  |- InvalidRequest       invalid_request: a parameter of the wrong type or out of range
    |  |- UnknownDocument      unknown_document
    |  |- UnknownPublisher     unknown_publisher
    |  |- NoPicture            no_picture: a page cannot be shown as a picture, or there is no such page
    |  |- UnknownSnapshot      unknown_snapshot
    |  |- UnsupportedType      unsupported_type: a file whose type is not read cannot be stored
    |  |- NameTaken            name_taken: a folder is where a document should be stored, or a file is above it
    |  `- TooManyRequests      too_many_requests: more questions a minute than the settings allow one address
    `- OperatingError          a fault of the installation; over HTTP a 503, on the command line exit status 1
       |- InvalidSettings      invalid_settings
       |- NoIndex              no_index: nothing has been built yet
       |- DamagedSnapshot      damaged_snapshot: a file is missing, cut short or altered
       |- MismatchedSnapshot   mismatched_snapshot: built with another format, model or configuration
       |- ShortOfResources     short_of_resources: no more files may be opened, no memory, or no room for a copy
       |- ModelUnavailable     model_unavailable: weights missing, altered or not loadable
       |- PackageMissing       package_missing: a command needs packages that this environment leaves out
       |- BuildRunning         build_running: another builder holds the lock
       |- BuilderMissing       builder_missing: the builder beside the server is not running
       |- BuildFailed          build_failed: nothing could be built, or the disk is full or cannot be written
       |- UnreadableFile       unreadable_file: one document could not be read; the build reports it and continues
       |- UnreadableForNow     unreadable_for_now: the same, for lack of time, memory or a parser; tried again
       |- CannotOpen           cannot_open: nothing shows a quote, or no browser can be started
       |- Overloaded           overloaded: the limit of open requests or connections is reached
       |- TookTooLong          took_too_long: no answer within the time that the settings allow
       `- ShardUnavailable     shard_unavailable: a part of an index on several machines does not answer

A message says what happened, to which thing, and what to do about it. Not finding an answer is not an error.
"""

from __future__ import annotations

from typing import ClassVar


class QAError(Exception):
    """The base class. `code` is stable across releases; `str(error)` is one line for users."""

    code: ClassVar[str] = "error"


class RequestError(QAError):
    """A mistake of the caller; a corrected request can succeed."""


class InvalidQuestion(RequestError):
    """The question is empty or is not text."""

    code = "invalid_question"


class QuestionTooLong(RequestError):
    """The question is over the stated limit."""

    code = "question_too_long"


class InvalidRequest(RequestError):
    """A parameter has the wrong type or is out of range."""

    code = "invalid_request"


class UnknownDocument(RequestError):
    """No document of the open snapshot has this id."""

    code = "unknown_document"


class UnknownPublisher(RequestError):
    """No document of the open snapshot has this publisher."""

    code = "unknown_publisher"


class NoPicture(RequestError):
    """A page of a document cannot be shown as a picture here, or the document has no such page."""

    code = "no_picture"


class UnknownSnapshot(RequestError):
    """No snapshot of this id exists in the index folder."""

    code = "unknown_snapshot"


class UnsupportedType(RequestError):
    """Files of this type cannot be read, so they are not stored."""

    code = "unsupported_type"


class NameTaken(RequestError):
    """A document cannot have this name, since a file or folder already has it."""

    code = "name_taken"


class TooManyRequests(RequestError):
    """An address exceeds its allowance. `wait_s` is the time until its next question is accepted, in seconds."""

    code = "too_many_requests"

    def __init__(self, message: str, wait_s: int = 60) -> None:
        super().__init__(message)
        self.wait_s = wait_s


class OperatingError(QAError):
    """A failure of the installation, which its operator can fix."""


class InvalidSettings(OperatingError):
    """A `QA_*` variable is unknown, or its value cannot be used."""

    code = "invalid_settings"


class NoIndex(OperatingError):
    """There is no snapshot to serve."""

    code = "no_index"


class DamagedSnapshot(OperatingError):
    """A file of the index is missing, cut short or altered."""

    code = "damaged_snapshot"


class MismatchedSnapshot(OperatingError):
    """The index was built with another format version, model or configuration than the one that opens it."""

    code = "mismatched_snapshot"


class ShortOfResources(OperatingError):
    """The process has no file descriptor or memory left, or a disk has no room for a copy; the index may be intact."""

    code = "short_of_resources"


class ModelUnavailable(OperatingError):
    """Model weights are missing, altered, or cannot be loaded."""

    code = "model_unavailable"


class PackageMissing(OperatingError):
    """Packages that only some commands need are not installed."""

    code = "package_missing"


class BuildRunning(OperatingError):
    """Another process is building in the same index folder."""

    code = "build_running"


class BuilderMissing(OperatingError):
    """The builder beside the server is not running, so requests that need a build are refused."""

    code = "builder_missing"


class BuildFailed(OperatingError):
    """No snapshot could be made; the current one is unchanged.

    `for_now` says that the cause is temporary (memory, disk or a model was lacking): the next build may succeed.
    """

    code = "build_failed"

    def __init__(self, message: str, *, for_now: bool = False) -> None:
        super().__init__(message)
        self.for_now = for_now


class UnreadableFile(OperatingError):
    """One document could not be read. `reason` is for the build's report."""

    code = "unreadable_file"


class UnreadableForNow(UnreadableFile):
    """One document could not be read for lack of time, memory or a parser; its content may be valid.

    `costly` says that the attempt used its whole limit of time or memory.
    """

    code = "unreadable_for_now"

    def __init__(self, message: str, *, costly: bool = False) -> None:
        super().__init__(message)
        self.costly = costly


class CannotOpen(OperatingError):
    """A quote or a page cannot be opened in a browser."""

    code = "cannot_open"


class Overloaded(OperatingError):
    """The limit of concurrent requests, connections or unread replies is reached."""

    code = "overloaded"


class TookTooLong(OperatingError):
    """The answer was not ready within the time limit, usually because other requests were served first."""

    code = "took_too_long"


class ShardUnavailable(OperatingError):
    """No machine with a certain part of the index answers; an answer from the other parts would be incomplete.

    `shard` is the number of the part, from 0.
    """

    code = "shard_unavailable"

    def __init__(self, message: str, shard: int = 0) -> None:
        super().__init__(message)
        self.shard = shard
