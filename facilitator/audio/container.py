"""Encrypted, append-only audio of a session: the writer, the reader, and what they say about damage.

The format is in `record_format`; the rules of writing in `record_writer`; how a file is searched in `record_index`.
"""

from facilitator.audio.record_format import BLOCK_MS, MAGIC, NO_PREVIOUS, Struck, record_files
from facilitator.audio.record_reader import AudioReader, Damage, Integrity, Place, ResumePoint, resume_point
from facilitator.audio.record_writer import BALLAST_BYTES, FILE_SECONDS, RecordWriter

__all__ = [
    "BALLAST_BYTES",
    "BLOCK_MS",
    "FILE_SECONDS",
    "MAGIC",
    "NO_PREVIOUS",
    "AudioReader",
    "Damage",
    "Integrity",
    "Place",
    "RecordWriter",
    "ResumePoint",
    "Struck",
    "record_files",
    "resume_point",
]
