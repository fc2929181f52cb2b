import threading
from pathlib import Path

from facilitator.audio.journal import Journal, read_journal
from facilitator.audio.messages import Alarm, Level


def test_several_threads_write_each_line_once(tmp_path: Path) -> None:
    journal, over, failed = Journal(tmp_path), threading.Event(), list[BaseException]()

    def sync() -> None:
        try:
            while not over.is_set():
                journal.sync()
        except BaseException as error:
            failed.append(error)

    syncing = [threading.Thread(target=sync) for _ in range(2)]
    for thread in syncing:
        thread.start()
    for at_ms in range(3000):
        journal.write(Alarm(at_ms, "silent"))
        journal.write(Level(at_ms, 0.0, 0.0, 0))
    over.set()
    for thread in syncing:
        thread.join()
    journal.close()
    assert not failed
    assert read_journal(tmp_path) == [Alarm(at_ms, "silent") for at_ms in range(3000)]
