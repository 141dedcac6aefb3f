"""Input that is empty, damaged, disguised or malicious: a clear error or a failed document with its reason, and the
documents beside it are untouched."""

import io
import zipfile

import pytest
from conftest import HANDBOOK, Server

PDF = (HANDBOOK / "crane-safety.pdf").read_bytes()
DOCX = (HANDBOOK / "travel-expenses.docx").read_bytes()
PNG = b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 40


def zip_bomb():
    """A DOCX whose document.xml unpacks to 2 GiB."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        with zipfile.ZipFile(io.BytesIO(DOCX)) as real:
            for name in real.namelist():
                if name != "word/document.xml":
                    archive.writestr(name, real.read(name))
        with archive.open("word/document.xml", "w", force_zip64=True) as entry:
            entry.write(b'<?xml version="1.0"?><w:document xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"><w:body><w:p><w:r><w:t>')
            block = b"a" * (1 << 20)
            for _ in range(2048):
                entry.write(block)
    return out.getvalue()


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    server = Server(tmp_path_factory.mktemp("bad") / "data").start()
    yield server
    assert server.stop() == 0, server.text()


def ingest(server, name, blob, seconds=120):
    """Parses one file beside a good one, which must not notice."""
    dataset = server.dataset(f"bad {name}")
    documents = server.upload(dataset, (name, blob), ("good.txt", b"The quick brown fox."))
    ended = server.parse(dataset, documents, seconds)
    assert ended["good.txt"]["run"] == "DONE" and ended["good.txt"]["chunk_count"] == 1
    found = server.api("POST", "/retrieval", {"dataset_ids": [dataset], "question": "quick fox"})
    assert "good.txt" in [c["document_keyword"] for c in found["chunks"]]
    return dataset, ended[name]


@pytest.mark.parametrize(
    "name, blob, reason",
    [
        ("empty.txt", b"", "empty"),
        ("empty.pdf", b"", "empty"),
        ("picture.txt", PNG, "not a text file"),
        ("picture.pdf", PNG, "PDF"),
        ("picture.docx", PNG, ""),
        ("header-only.pdf", b"%PDF-1.7\n", ""),
        ("truncated.docx", DOCX[: len(DOCX) // 2], ""),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_unreadable_files_fail_with_their_reason(server, name, blob, reason):
    _, document = ingest(server, name, blob)
    assert document["run"] == "FAIL" and document["progress"] == -1, document
    last = document["progress_msg"].strip().splitlines()[-1]
    assert "[ERROR]" in last and reason in last and len(last) > 25, last
    assert "wasm" not in last and "panicked" not in last, last


def test_a_truncated_pdf_gives_what_is_left_or_its_reason(server):
    _, document = ingest(server, "half.pdf", PDF[: int(len(PDF) * 0.6)])
    assert document["run"] in ("DONE", "FAIL")
    if document["run"] == "FAIL":
        assert "[ERROR]" in document["progress_msg"]
        assert "trapped" not in document["progress_msg"]


def test_an_encrypted_pdf_asks_for_its_password(server, shared):
    blob = (shared / "testdata/hostile/encrypted-aes256-user-password.pdf").read_bytes()
    _, document = ingest(server, "secret.pdf", blob)
    assert document["run"] == "FAIL" and "password" in document["progress_msg"], document["progress_msg"]


def test_a_zip_bomb_is_refused(server):
    _, document = ingest(server, "bomb.docx", zip_bomb())
    assert document["run"] == "FAIL", document
    assert "trapped" not in document["progress_msg"], document["progress_msg"]


def test_invalid_utf8_is_read_with_a_warning(server):
    dataset, document = ingest(server, "broken.txt", b"Good words before. \xff\xfe\xfa broken \xc3( good words after.\n" * 3)
    assert document["run"] == "DONE" and document["chunk_count"] >= 1, document
    chunks = server.api("GET", f"/datasets/{dataset}/documents/{document['id']}/chunks")["chunks"]
    assert "good words after" in chunks[0]["content"]


def test_two_hundred_megabytes_of_text(server):
    """Either it is read, or it fails with its reason; the server stays within bounds."""
    line = b"All work and no play makes a dull document, said the inspector of very long files.\n"
    blob = line * (200 * 1024 * 1024 // len(line))
    dataset = server.dataset("huge")
    documents = server.upload(dataset, ("huge.txt", blob), ("good.txt", b"The quick brown fox."))
    ids = [d["id"] for d in documents]
    assert server.api("GET", f"/datasets/{dataset}/documents", params={"id": ids[0]})["docs"][0]["size"] == len(blob)
    server.api("POST", f"/datasets/{dataset}/chunks", {"document_ids": ids})
    assert server.wait(dataset, ids[1:], 120)["good.txt"]["run"] == "DONE"
    server.api("DELETE", f"/datasets/{dataset}/chunks", {"document_ids": ids[:1]})
    state = server.api("GET", f"/datasets/{dataset}/documents", params={"id": ids[0]})["docs"][0]["run"]
    assert state in ("CANCEL", "DONE", "FAIL")
    server.api("DELETE", "/datasets", {"ids": [dataset]})


def test_an_unknown_extension_is_refused_at_upload(server):
    dataset = server.dataset("extensions")
    answer = server.call("POST", f"/api/v1/datasets/{dataset}/documents", files=[("file", ("a.xyz", b"x"))]).json()
    assert answer["code"] == 500 and answer["message"] == "a.xyz: This type of file has not been supported yet!"


def test_hostile_files_of_all_kinds_end(server, shared):
    """Every hostile file that an installed parser reads ends in time, and the server goes on."""
    files = [p for p in sorted((shared / "testdata/hostile").iterdir()) if p.suffix in (".pdf", ".docx", ".html", ".md", ".txt")]
    dataset = server.dataset("hostile files")
    documents = server.upload(dataset, *files)
    ended = server.parse(dataset, documents, seconds=400)
    assert len(ended) == len(files)
    for name, document in ended.items():
        print(name, document["run"], document["chunk_count"], document["progress_msg"].strip().splitlines()[-1][:150])
        assert document["run"] in ("DONE", "FAIL")
        assert "trapped" not in document["progress_msg"], (name, document["progress_msg"])
    assert server.process.poll() is None


@pytest.mark.parametrize("body", [b"{", b"[1", b"\xff\xff", b'{"name": '])
def test_bodies_that_are_no_json(server, body):
    answer = server.call("POST", "/api/v1/datasets", data=body, headers={"Content-Type": "application/json"})
    assert answer.status_code == 200 and answer.json()["code"] == 101
    assert answer.json()["message"] == "Malformed JSON syntax: Missing commas/brackets or invalid encoding"
