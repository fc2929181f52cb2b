"""The transcript as a Word document that carries nothing but the transcript.

python-docx's template comes with a thumbnail, a bibliography part, revision ids and program properties; they are left
out. No tables and no images, because f4 refuses them.
"""

import io
import re
import zipfile
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from facilitator.domain.release import ReleaseContent
from facilitator.export import layout

if TYPE_CHECKING:
    from docx.document import Document
    from docx.text.paragraph import Paragraph

_KEPT_STYLES: Final = frozenset(
    {"Normal", "DefaultParagraphFont", "TableNormal", "NoList", "Title", "Heading1", "Footer"}
)
_KEPT_RELATIONS: Final = frozenset({"officeDocument", "core-properties", "styles", "settings", "footer"})
_KEPT_SETTINGS: Final = frozenset(
    {"defaultTabStop", "characterSpacingControl", "compat", "decimalSymbol", "listSeparator"}
)
_ZIP_TIME: Final = (1980, 1, 1, 0, 0, 0)
_LANGUAGE: Final = re.compile(r"[a-z]{2,3}(-[A-Za-z0-9]{2,8})?")
_FONT: Final = "Calibri"
_TURN_INDENT_CM: Final = 3.4


def docx_bytes(content: ReleaseContent, exported_at: datetime) -> bytes:
    """The document as the bytes of a file; the same content and time give the same bytes."""
    import docx  # local: python-docx and lxml cost 150 ms that `facilitator --help` must not pay

    document = docx.Document()
    _strip_template(document)
    _make_styles(document, content.language)
    _set_properties(document, content.session_id, exported_at)
    _set_page(document, layout.flat(content.session_id))
    _write_head(document, content)
    for block in layout.body(content):
        _write_block(document, block)
    if not content.turns:
        document.add_paragraph(layout.NO_TURNS, style="Gap")
    if content.notes:
        document.add_paragraph(layout.NOTES_TITLE, style="Heading 1")
    for what, text in layout.notes(content):
        paragraph = document.add_paragraph(style="Note")
        paragraph.add_run(f"{what}: ").bold = True
        paragraph.add_run(text)
    return _packed(document)


def read_docx(data: bytes) -> str:
    """The text of the body of a file written by `docx_bytes`, a line a paragraph."""
    import docx  # local, as above

    return "\n".join(paragraph.text for paragraph in docx.Document(io.BytesIO(data)).paragraphs)


def _strip_template(document: "Document") -> None:
    for relations in (document.part.package.rels, document.part.rels):
        for key in [key for key, item in relations.items() if item.reltype.rpartition("/")[2] not in _KEPT_RELATIONS]:
            del relations[key]
    for setting in list(document.settings.element):
        if _local(setting.tag) not in _KEPT_SETTINGS:
            document.settings.element.remove(setting)
    styles = document.styles.element
    for style in list(styles):
        identity = next((value for name, value in style.attrib.items() if _local(name) == "styleId"), None)
        if _local(style.tag) == "latentStyles" or (_local(style.tag) == "style" and identity not in _KEPT_STYLES):
            styles.remove(style)
    for root in (styles, document.element):
        for element in list(root.iter()):
            if _local(element.tag) in ("rsid", "link"):  # links lead to styles that are gone
                element.getparent().remove(element)
            for name in [name for name in element.attrib if re.search(r"rsid|theme", _local(name), re.IGNORECASE)]:
                del element.attrib[name]


def _local(name: object) -> str:
    return str(name).rpartition("}")[2]


def _make_styles(document: "Document", language: str) -> None:
    from docx.enum.style import WD_STYLE_TYPE
    from docx.oxml.ns import qn
    from docx.shared import Cm, Pt, RGBColor

    for language_mark in document.styles.element.iter(qn("w:lang")):
        if _LANGUAGE.fullmatch(language):
            language_mark.set(qn("w:val"), language)
    sizes = {"Normal": 11.0, "Title": 18.0, "Heading 1": 13.0, "Footer": 9.0}
    sizes |= {"Facts": 10.0, "Question Type": 9.0, "Turn": 11.0, "Gap": 10.0, "Note": 10.0}
    for name, size in sizes.items():
        if name not in document.styles:
            document.styles.add_style(name, WD_STYLE_TYPE.PARAGRAPH).base_style = document.styles["Normal"]
        style = document.styles[name]
        style.font.name, style.font.size, style.font.color.rgb = _FONT, Pt(size), RGBColor(0, 0, 0)
        style.paragraph_format.space_before, style.paragraph_format.space_after = Pt(0), Pt(6)
    for name, indent in (("Turn", _TURN_INDENT_CM), ("Facts", 4.0), ("Note", 1.0)):
        shape = document.styles[name].paragraph_format
        shape.left_indent, shape.first_line_indent = Cm(indent), Cm(-indent)
        shape.tab_stops.add_tab_stop(Cm(indent))
    document.styles["Facts"].paragraph_format.space_after = Pt(2)
    document.styles["Gap"].font.italic = True
    eyebrow, heading = document.styles["Question Type"], document.styles["Heading 1"].paragraph_format
    eyebrow.font.all_caps, eyebrow.paragraph_format.keep_with_next = True, True
    eyebrow.paragraph_format.space_before, eyebrow.paragraph_format.space_after = Pt(14), Pt(0)
    heading.keep_with_next = True


def _set_properties(document: "Document", session_id: str, exported_at: datetime) -> None:
    properties = document.core_properties
    for name in ("author", "last_modified_by", "comments", "keywords", "subject", "category", "content_status"):
        setattr(properties, name, "")
    properties.title = layout.flat(session_id)
    at = exported_at.astimezone(UTC).replace(microsecond=0, tzinfo=None)
    properties.created = properties.modified = at
    properties.revision = 1


def _set_page(document: "Document", session_id: str) -> None:
    from docx.oxml.ns import qn
    from docx.oxml.parser import OxmlElement
    from docx.shared import Cm

    section = document.sections[0]
    section.page_width, section.page_height = Cm(21.0), Cm(29.7)
    section.left_margin = section.right_margin = section.top_margin = section.bottom_margin = Cm(2.5)
    footer = section.footer.paragraphs[0]
    footer.add_run(f"Session {session_id} · {layout.STATEMENT} · Page ")
    for instruction, follow in (("PAGE", " of "), ("NUMPAGES", "")):
        field = OxmlElement("w:fldSimple", attrs={qn("w:instr"): instruction})
        shown = OxmlElement("w:r")
        shown.append(OxmlElement("w:t"))
        shown[0].text = "1"  # until the word processor counts
        field.append(shown)
        footer._p.append(field)
        footer.add_run(follow)


def _write_head(document: "Document", content: ReleaseContent) -> None:
    document.add_paragraph(layout.document_title(content), style="Title")
    for what, value in layout.facts(content):
        paragraph = document.add_paragraph(style="Facts")
        paragraph.add_run(what).bold = True
        paragraph.add_run(f"\t{value}")


def _write_block(document: "Document", block: layout.Block) -> "Paragraph":
    match block:
        case layout.QuestionBlock(label, text):
            document.add_paragraph(label, style="Question Type")
            return document.add_paragraph(text, style="Heading 1")
        case layout.GapBlock(text):
            return document.add_paragraph(text, style="Gap")
        case layout.TurnBlock(start, label, text):
            paragraph = document.add_paragraph(style="Turn")
            paragraph.add_run(f"[{start}] ")
            paragraph.add_run(f"{label}:").bold = True
            paragraph.add_run(f"\t{text.strip()}")
            return paragraph


def _packed(document: "Document") -> bytes:
    """The package with neutral dates and attributes on every part, in an order that does not depend on the day."""
    saved, packed = io.BytesIO(), io.BytesIO()
    document.save(saved)
    with zipfile.ZipFile(saved) as source, zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as target:
        for name in sorted(source.namelist(), key=lambda name: (name != "[Content_Types].xml", name)):
            entry = zipfile.ZipInfo(name, _ZIP_TIME)
            entry.compress_type, entry.create_system = zipfile.ZIP_DEFLATED, 0
            target.writestr(entry, source.read(name))
    return packed.getvalue()
