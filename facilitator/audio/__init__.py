"""Sound devices, the capture process, encrypted records, imported files and playback."""
