from pathlib import Path

from facilitator.storage.files import give_up_some


def test_room_in_reserve_is_given_up_in_pieces_so_that_each_note_finds_some(tmp_path: Path) -> None:
    reserve = tmp_path / "ballast"
    reserve.write_bytes(bytes(160 * 1024))
    sizes = []
    while give_up_some(reserve):
        sizes.append(reserve.stat().st_size if reserve.exists() else 0)
    assert sizes == [96 * 1024, 32 * 1024, 0]
