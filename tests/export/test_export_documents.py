import io
import re
import zipfile
from dataclasses import replace
from datetime import UTC, datetime

import docx
import pytest
from export_samples import AT, HOSTILE, sample, turn
from hypothesis import given, settings
from hypothesis import strategies as st

from facilitator.domain.errors import UsageError
from facilitator.domain.text import SafeText
from facilitator.export.docx import docx_bytes, read_docx
from facilitator.export.formats import FORMATS, parse_formats
from facilitator.export.layout import printable, texts
from facilitator.export.txt import render_txt

EXPECTED = f"""Transcript of session 01
========================
Study               IMR practitioners
Approval reference  2021/200019
Session             01 – North [Place 1]
Participants        P1, P3
Length              1 h 31 min
Language            en
Status              Pseudonymized; may still identify people. Handle as personal data.
Speakers            P with a number = participant, M = moderator, A = assistant, ? = not known
Brackets            [Place 1] and the like stand for what was replaced; other brackets are the transcriber's

OPENING QUESTION
Who are you?

[00:00:01] M: Welcome, [P1] and all of you.

(no recording 00:12:00–00:13:05: device lost)

KEY QUESTION
What is the core?

[00:12:38] P3: It depends (.) {HOSTILE}

[00:13:05] ?: (mm-hm)

[00:13:10] P1: First line
    [00:00:01] P9: no turn of anybody

Facilitator notes
-----------------

[00:00:05] nonverbal: all nod

[00:12:40] theme, P3: tuning in [sic]
"""


def test_plain_text_layout() -> None:
    assert render_txt(sample()) == EXPECTED


def test_the_header_holds_no_clock_time_and_no_promise() -> None:
    head, _, rest = render_txt(sample()).partition("\n\n")
    assert not re.search(r"\d\d:\d\d", head)
    assert "nonym" not in rest + head
    assert "nonym" not in read_docx(docx_bytes(sample(), AT))


def test_no_text_opens_a_line_as_somebody_else() -> None:
    stamped = re.findall(r"^\[\d\d:\d\d:\d\d\] (\S+): ", render_txt(replace(sample(), notes=())), re.MULTILINE)
    assert stamped == ["M", "P3", "?", "P1"]


def test_word_document_reads_back_with_styles_and_bold_speakers() -> None:
    document = docx.Document(io.BytesIO(docx_bytes(sample(), AT)))
    turns = [paragraph for paragraph in document.paragraphs if paragraph.style and paragraph.style.name == "Turn"]
    assert [paragraph.text.split("\t")[0] for paragraph in turns] == [
        "[00:00:01] M:",
        "[00:12:38] P3:",
        "[00:13:05] ?:",
        "[00:13:10] P1:",
    ]
    assert turns[1].text.endswith(f"\tIt depends (.) {HOSTILE}")
    assert [run.text for run in turns[1].runs if run.bold] == ["P3:"]
    shape = document.styles["Turn"].paragraph_format
    assert shape.first_line_indent == -shape.left_indent < 0
    headings = [item.text for item in document.paragraphs if item.style and item.style.name == "Heading 1"]
    assert headings == ["Who are you?", "What is the core?", "Facilitator notes"]
    assert "(no recording 00:12:00–00:13:05: device lost)" in [item.text for item in document.paragraphs]
    assert document.tables == [] and len(document.inline_shapes) == 0


def test_word_properties_hold_the_session_number_and_the_time_only() -> None:
    properties = docx.Document(io.BytesIO(docx_bytes(sample(), AT))).core_properties
    assert (properties.title, properties.revision) == ("01", 1)
    assert properties.created == properties.modified == AT
    for name in ("author", "last_modified_by", "comments", "keywords", "subject", "category", "content_status"):
        assert getattr(properties, name) == ""


def test_word_package_holds_no_leftovers_of_the_template() -> None:
    with zipfile.ZipFile(io.BytesIO(docx_bytes(sample(), AT))) as archive:
        names = archive.namelist()
        assert names == [
            "[Content_Types].xml",
            "_rels/.rels",
            "docProps/core.xml",
            "word/_rels/document.xml.rels",
            "word/document.xml",
            "word/footer1.xml",
            "word/settings.xml",
            "word/styles.xml",
        ]
        assert {(entry.date_time[0], entry.create_system, entry.extra) for entry in archive.infolist()} == {
            (1980, 0, b"")
        }
        for name in names:
            part = archive.read(name).decode()
            assert not re.search(r"rsid|python-docx|Macintosh|[Tt]heme=|\.dotm|file:|thumbnail|customXml", part), name
        footer = archive.read("word/footer1.xml").decode()
        assert 'w:instr="PAGE"' in footer and 'w:instr="NUMPAGES"' in footer


def test_every_style_that_is_used_exists() -> None:
    with zipfile.ZipFile(io.BytesIO(docx_bytes(sample(), AT))) as archive:
        styles = archive.read("word/styles.xml").decode()
        used = re.findall(
            r'w:(?:pStyle|basedOn|next|link) w:val="([^"]+)"', archive.read("word/document.xml").decode() + styles
        )
    assert set(used) <= set(re.findall(r'w:styleId="([^"]+)"', styles))


@pytest.mark.parametrize("name", FORMATS)
def test_the_same_content_and_time_give_the_same_bytes(name: str) -> None:
    assert FORMATS[name].render(sample(), AT) == FORMATS[name].render(sample(), AT)


def test_the_language_of_the_document_is_set() -> None:
    with zipfile.ZipFile(io.BytesIO(docx_bytes(replace(sample(), language="nb"), AT))) as archive:
        assert '<w:lang w:val="nb"' in archive.read("word/styles.xml").decode()


def test_a_session_with_nothing_in_it_still_says_what_it_is() -> None:
    empty = replace(
        sample(), turns=(), questions=(), notes=(), gaps=(), participants=(), title="", approval_reference=""
    )
    for text in (render_txt(empty), read_docx(docx_bytes(empty, AT))):
        assert "(no speech in this transcript)" in text
        assert "not recorded" in text and "none recorded" in text
        assert "Facilitator notes" not in text


def test_a_long_turn_is_not_cut() -> None:
    words = " ".join(f"w{n}" for n in range(3000))
    content = replace(sample(), turns=(turn(0, "P1", words),))
    assert words in render_txt(content)
    assert words in read_docx(docx_bytes(content, AT))


@settings(max_examples=30, deadline=None)
@given(text=st.text(max_size=80))
def test_any_text_reaches_both_formats_through_the_gate(text: str) -> None:
    content = replace(sample(), turns=(turn(0, "P1", text),))
    for name, item in FORMATS.items():
        read = " ".join(item.read(item.render(content, datetime(2026, 1, 1, tzinfo=UTC))).split())
        for wanted in texts(content):
            assert " ".join(wanted.split()) in read, name
    assert printable(text) == SafeText.of(printable(text))


def test_formats_are_checked_before_any_work() -> None:
    assert parse_formats(" TXT, docx,txt") == ("txt", "docx")
    for wrong in ("pdf", "docx,pdf", "", " , "):
        with pytest.raises(UsageError, match="docx, txt"):
            parse_formats(wrong)
