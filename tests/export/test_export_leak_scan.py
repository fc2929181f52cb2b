import io
import zipfile
from dataclasses import replace
from pathlib import Path

import docx
import pytest
from export_samples import AT, contains, sample, turn

from facilitator.domain.errors import Damaged
from facilitator.export import leak_scan
from facilitator.export.docx import docx_bytes
from facilitator.export.leak_scan import Leak, known_pieces, scan

NAMES = ["Kristin", "Berg Hansen"]


def packed(parts: dict[str, bytes], comment: bytes = b"") -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.comment = comment
        for name, data in parts.items():
            archive.writestr(name, data)
    return buffer.getvalue()


def parts_of(data: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def scanned(folder: Path, data: bytes, name: str = "session-01.docx") -> list[Leak]:
    path = folder / name
    path.write_bytes(data)
    return scan(path, NAMES, contains)


def planted(old: str, new: str, part: str = "word/document.xml") -> bytes:
    parts = parts_of(docx_bytes(sample(), AT))
    text = parts[part].decode()
    assert old in text
    parts[part] = text.replace(old, new, 1).encode()
    return packed(parts)


def test_a_clean_document_has_no_leak(tmp_path: Path) -> None:
    assert scanned(tmp_path, docx_bytes(sample(), AT)) == []


SPLIT = "</w:t></w:r><w:r><w:rPr><w:b/></w:rPr><w:t>"
PLACES = {
    "text": ("(mm-hm)", "(kristin)", "word/document.xml"),
    "split over runs": ("(mm-hm)", f"ask Kri{SPLIT}st{SPLIT}in then", "word/document.xml"),
    "two words over a break": ("(mm-hm)", f"Berg{SPLIT} Hansen", "word/document.xml"),
    "a tab between": ("(mm-hm)", "Berg</w:t><w:tab/><w:t>Hansen", "word/document.xml"),
    "a run glued to others": ("(mm-hm)", f"x{SPLIT}Kristin{SPLIT}y", "word/document.xml"),
    "character entities": ("(mm-hm)", "&#75;r&#x69;stin", "word/document.xml"),
    "cdata": ("(mm-hm)", "<![CDATA[Kristin]]>", "word/document.xml"),
    "hidden deleted text": ("(mm-hm)", "</w:t><w:delText>Kristin</w:delText><w:t>", "word/document.xml"),
    "an xml comment": ("<w:body>", "<w:body><!-- Kristin -->", "word/document.xml"),
    "a processing instruction": ("<w:body>", "<w:body><?x Kristin?>", "word/document.xml"),
    "an attribute": ("<w:body>", '<w:body w:author="Kristin">', "word/document.xml"),
    "a note": ("all nod", "all nod at Kristin", "word/document.xml"),
    "the footer": ("Page ", "Page by Kristin ", "word/footer1.xml"),
    "the author": ("<dc:creator></dc:creator>", "<dc:creator>Kristin</dc:creator>", "docProps/core.xml"),
    "a property": ("<cp:keywords>", "<cp:keywords>Berg Hansen", "docProps/core.xml"),
    "a style": ('w:val="Facts"', 'w:val="Kristin"', "word/styles.xml"),
    "a relationship": ('Target="styles.xml"', 'Target="/home/kristin/styles.xml"', "word/_rels/document.xml.rels"),
    "settings": ("<w:compat>", '<w:attachedTemplate r:id="Kristin"/><w:compat>', "word/settings.xml"),
}


@pytest.mark.parametrize("place", PLACES)
def test_a_planted_name_is_found_wherever_it_stands(place: str, tmp_path: Path) -> None:
    old, new, part = PLACES[place]
    leaks = scanned(tmp_path, planted(old, new, part))
    assert leaks == [Leak("session-01.docx", part)]


def test_python_docx_cannot_hide_a_name_either(tmp_path: Path) -> None:
    document = docx.Document(io.BytesIO(docx_bytes(sample(), AT)))
    document.core_properties.last_modified_by = "Kristin"
    document.add_table(1, 1).cell(0, 0).text = "Kristin"
    document.sections[0].header.paragraphs[0].text = "Berg Hansen"
    document.save(str(tmp_path / "x.docx"))
    found = {leak.part for leak in scan(tmp_path / "x.docx", NAMES, contains)}
    assert found == {"docProps/core.xml", "word/document.xml", "word/header1.xml"}


def test_part_names_archive_comments_and_file_names_are_read_but_not_repeated(tmp_path: Path) -> None:
    parts = parts_of(docx_bytes(sample(), AT))
    leaks = scanned(tmp_path, packed(parts | {"word/kristin.xml": b"<a>Kristin</a>"}))
    assert leaks == [Leak("session-01.docx", "the name of a part"), Leak("session-01.docx", "a part")]
    assert scanned(tmp_path, packed(parts, b"by Kristin")) == [Leak("session-01.docx", "archive comments")]
    assert scanned(tmp_path, packed(parts), "01_KRISTIN_x.docx") == [Leak("a file of this export", "its file name")]


def test_plain_text(tmp_path: Path) -> None:
    assert scanned(tmp_path, "… so kristin said".encode(), "x.txt") == [Leak("x.txt", "text")]
    assert scanned(tmp_path, b"nobody", "x.txt") == []
    with pytest.raises(Damaged):
        scanned(tmp_path, b"\xff\xfe", "x.txt")


def test_stamps_and_digests_are_not_taken_for_ages_and_years(tmp_path: Path) -> None:
    path = tmp_path / "x.txt"
    path.write_text(f"[00:51:10] P1: x\n2021-01-02T03:04:05Z\n{'ab' * 32}\n")
    assert scan(path, ["51", "2021", "ab" * 32], contains) == []
    path.write_text("[00:51:10] P1: I am 51")
    assert scan(path, ["51"], contains) == [Leak("x.txt", "text")]


def test_a_name_that_is_also_a_word_of_the_format_stops_only_what_people_said(tmp_path: Path) -> None:
    path = tmp_path / "session-01.docx"
    clean = replace(sample(), notes=(), questions=())
    known = known_pieces(path.name, docx_bytes(replace(clean, turns=(turn(0, None, ""),)), AT))
    path.write_bytes(docx_bytes(clean, AT))
    assert scan(path, ["Normal", "Calibri"], contains, known=known) == []
    assert scan(path, ["Normal"], contains) != []
    path.write_bytes(docx_bytes(replace(clean, turns=(turn(0, "P1", "Normal"),)), AT))
    assert scan(path, ["Normal"], contains, known=known) == [Leak("session-01.docx", "word/document.xml")]


@pytest.mark.parametrize(
    "data",
    [
        b"no archive",
        packed({"word/document.xml": b"<a>"}),
        packed({"word/document.xml": b'<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>'}),
        packed({"word/media/image1.png": b"\x89PNG"}),
        packed({"a.xml": b"<a/>", "A.xml": b"<a/>"}),
        packed({f"{n}.xml": b"<a/>" for n in range(501)}),
        packed({"a.xml": b"<a>" + b" " * 3_000_000 + b"</a>"}),
    ],
)
def test_what_cannot_be_checked_is_damaged(data: bytes, tmp_path: Path) -> None:
    with pytest.raises(Damaged):
        scanned(tmp_path, data)


def test_limits_count_what_was_inflated(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(leak_scan, "MAX_TOTAL_BYTES", 5_000)
    with pytest.raises(Damaged):
        scanned(tmp_path, docx_bytes(sample(), AT))
