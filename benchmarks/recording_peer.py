"""The peer of `benchmarks.recording`: recording as python-sounddevice's example `rec_unlimited.py` does it.

A callback puts blocks into an unbounded queue, and the main thread writes them to a WAV file through soundfile. Each
overflow that the callback is told of is one line on standard output.
"""

import queue
import sys
from typing import Any

import sounddevice
import soundfile


def main() -> None:
    """Record from the default input into argument 1 at argument 2 Hz until killed."""
    path, rate = sys.argv[1], int(sys.argv[2])
    blocks: queue.Queue[Any] = queue.Queue()

    def callback(indata: Any, _frames: int, _time: Any, status: Any) -> None:
        if status:
            sys.stdout.write(f"{status}\n")
            sys.stdout.flush()
        blocks.put(indata.copy())

    with (
        soundfile.SoundFile(path, mode="x", samplerate=rate, channels=1, subtype="PCM_16") as file,
        sounddevice.InputStream(samplerate=rate, channels=1, callback=callback),
    ):
        while True:
            file.write(blocks.get())


if __name__ == "__main__":
    main()
