#!/usr/bin/env python3
"""Reads the documents of the set with the tools that people use for them, and tells how long it took.

    peers.py TRUTH LIST OUT    writes OUT/<tool>/<file>.txt, and OUT/times.json: {tool: {format: {seconds, pages}}}
"""

import collections
import email
import email.policy
import json
import sys
import time
from pathlib import Path


def rows(table):
    """A table as lines of cells."""
    return "\n".join("\t".join("" if cell is None else str(cell).replace("\n", " ") for cell in row) for row in table)


def pymupdf(path):
    import fitz

    with fitz.open(path) as pdf:
        texts = []
        for page in pdf:
            # With positions, as a caller that needs them asks for.
            blocks = page.get_text("dict", flags=fitz.TEXTFLAGS_TEXT)["blocks"]
            texts += ["".join(span["text"] for span in line["spans"]) for b in blocks for line in b.get("lines", [])]
        return "\n".join(texts), len(pdf)


def pymupdf4llm(path):
    import fitz
    import pymupdf4llm as tool

    with fitz.open(path) as pdf:
        pages = len(pdf)
    return tool.to_markdown(str(path), show_progress=False), pages


def pypdf(path):
    from pypdf import PdfReader

    pages = PdfReader(path).pages
    return "\n".join(page.extract_text() for page in pages), len(pages)


def pdfplumber(path):
    import pdfplumber as tool

    with tool.open(path) as pdf:
        texts = []
        for page in pdf.pages:
            texts.append(page.extract_text() or "")
            texts += [rows(table) for table in page.extract_tables()]
        return "\n".join(texts), len(pdf.pages)


def docx(path):
    from docx import Document
    from docx.table import Table

    parts = [rows([[cell.text for cell in row.cells] for row in part.rows]) if isinstance(part, Table) else part.text
             for part in Document(str(path)).iter_inner_content()]
    return "\n".join(parts), 1


def openpyxl(path):
    from openpyxl import load_workbook

    book = load_workbook(path, read_only=True, data_only=True)
    return "\n".join(rows(sheet.iter_rows(values_only=True)) for sheet in book), 1


def pptx(path):
    from pptx import Presentation

    slides = Presentation(str(path)).slides
    texts = []
    for slide in slides:
        for shape in slide.shapes:
            if shape.has_text_frame:
                texts.append(shape.text_frame.text)
            if shape.has_table:
                texts.append(rows([[cell.text for cell in row.cells] for row in shape.table.rows]))
    return "\n".join(texts), len(slides)


def beautifulsoup(path):
    from bs4 import BeautifulSoup

    return BeautifulSoup(path.read_bytes(), "html.parser").get_text("\n"), 1


def python_email(path):
    mail = email.message_from_bytes(path.read_bytes(), policy=email.policy.default)
    body = mail.get_body(preferencelist=("plain", "html"))
    return f"{mail['subject']}\n{body.get_content() if body else ''}", 1


def extract_msg(path):
    import extract_msg as tool

    with tool.openMsg(str(path)) as mail:
        return f"{mail.subject}\n{mail.body}", 1


def python_csv(path):
    import csv

    text = path.read_bytes().decode("utf-8", "replace")
    return rows(csv.reader(text.splitlines())), 1


def as_utf8(path):
    return path.read_bytes().decode("utf-8", "replace"), 1


PEERS = {
    "pdf": [pymupdf, pymupdf4llm, pypdf, pdfplumber],
    "docx": [docx],
    "xlsx": [openpyxl],
    "pptx": [pptx],
    "html": [beautifulsoup],
    "eml": [python_email],
    "msg": [extract_msg],
    "csv": [python_csv],
    "txt": [as_utf8],
    "md": [as_utf8],
}


def main():
    truth, wanted, out = Path(sys.argv[1]), Path(sys.argv[2]).read_text().split("\n"), Path(sys.argv[3])
    formats = {entry["file"]: entry["format"] for entry in json.loads((truth / "MANIFEST.json").read_text())["files"]}
    told = collections.defaultdict(lambda: collections.defaultdict(lambda: {"seconds": 0.0, "pages": 0}))
    for file in filter(None, wanted):
        if file.startswith("hostile/"):
            continue
        for peer in PEERS.get(formats[file], []):
            began = time.perf_counter()
            try:
                text, pages = peer(truth / file)
            except Exception as error:  # a tool that cannot read a file has read nothing
                print(f"{peer.__name__} on {file}: {error}", file=sys.stderr)
                text, pages = "", 1
            time_of = told[peer.__name__][formats[file]]
            time_of["seconds"] += time.perf_counter() - began
            time_of["pages"] += max(pages, 1)
            target = out / peer.__name__ / (file.replace("/", "__") + ".txt")
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(text, encoding="utf-8", errors="replace")
    (out / "times.json").write_text(json.dumps(told))


if __name__ == "__main__":
    main()
