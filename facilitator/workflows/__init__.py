"""Use cases: the only place that wires storage, audio, transcription, speakers, privacy, ethics and export together."""
