"""Every chunk method on real files that fit it, English and Chinese, through RAGFlow's API with its own SDK."""

import pytest
from conftest import ROOT

# Method, file, least number of chunks, and what some chunk must say.
FILES = [
    ("naive", "txt/law-zh-statistics-gb18030.txt", 5, "统计"),
    ("naive", "xlsx/openchain-tooling-comparisons-en.xlsx", 5, "："),
    ("naive", "json/china-province-city-area.json", 5, "海淀区"),
    ("naive", "json/analects-zh-hant.json", 5, "子曰"),
    ("qa", "csv/qa-cdc-covid19-faq.csv", 130, "Question: "),
    ("qa", "xlsx/qa-cmrc2018-zh.xlsx", 250, "\tAnswer: "),
    ("qa", "md/qa-openchain-faq-en.md", 10, "Question: "),
    ("manual", "docx/us-trustee-handbook.docx", 50, "trustee"),
    ("manual", "md/linux-command-tar-zh.md", 5, "tar"),
    ("table", "csv/china-cities-gbk.csv", 300, "- "),
    ("table", "xls/docling-legacy_sample.xls", 1, "- "),
    ("table", "xlsx/openchain-policy-zh-hans.xlsx", 5, "- "),
    ("paper", "pdf/acl-dpr-two-column-2p.pdf", 3, "retrieval"),
    ("paper", "pdf/two-column-zh-hans.pdf", 3, ""),
    ("book", "epub/gutenberg-winter-sports-en.epub", 20, "ski"),
    ("book", "txt/war-and-peace.txt", 1000, "Prince"),
    ("laws", "docx/law-zh-vaccines.docx", 90, "第一条"),
    ("laws", "txt/us-bill-hr1010.txt", 1, "Congress"),
    ("laws", "epub/law-zh-urban-planning.epub", 10, "城乡规划"),
    ("presentation", "pptx/openchain-overview-zh-hans.pptx", 10, "OpenChain"),
    ("presentation", "ppt/docling-legacy_sample.ppt", 1, ""),
    ("presentation", "pdf/slides-openchain-tooling-overview-en.pdf", 5, "Compliance"),
    ("one", "md/law-zh-work-safety.md", 1, "安全生产"),
    ("one", "docx/law-zh-vaccines.docx", 1, "疫苗"),
    ("email", "eml/openchain-notice-zh-gbk.eml", 1, "Subject"),
    ("email", "msg/docling-msg-with-attachment.msg", 1, ""),
    ("email", "eml/raw_email_with_nested_attachment.eml", 1, "From"),
    ("tag", "csv/country-codes.csv", 1, ""),
    ("knowledge_graph", "txt/us-bill-hr1010.txt", 1, "Congress"),
]

# What RAGFlow takes at upload decides the method of these, whatever the dataset says.
BY_DOCUMENT = {"knowledge_graph"}


def one(shared, pattern):
    found = sorted((shared / "testdata").glob(pattern))
    assert found, pattern
    return found[0]


@pytest.mark.parametrize(("method", "pattern", "least", "says"), FILES, ids=[f"{m}-{p.split('/')[1]}" for m, p, *_ in FILES])
def test_a_method_cuts_a_file_that_fits_it(server, shared, method, pattern, least, says):
    from ragflow_sdk import RAGFlow

    path = one(shared, pattern)
    ragflow = RAGFlow(server.key, server.url)
    own = "naive" if method in BY_DOCUMENT else method
    dataset = ragflow.create_dataset(name=f"{method} {path.name}", chunk_method=own)
    (document,) = dataset.upload_documents([{"display_name": path.name, "blob": path.read_bytes()}])
    if method in BY_DOCUMENT:
        server.api("PUT", f"/datasets/{dataset.id}/documents/{document.id}", {"chunk_method": method})
    done = server.parse(dataset.id, [{"id": document.id}], seconds=240)[path.name]
    assert done["run"] == "DONE", done["progress_msg"]
    assert done["chunk_method"] == method
    chunks = listed(server, dataset.id, document.id)
    assert len(chunks) == done["chunk_count"] >= least, len(chunks)
    assert all(chunk["content"].strip() for chunk in chunks)
    assert any(says in chunk["content"] for chunk in chunks), chunks[0]["content"]
    assert len({chunk["id"] for chunk in chunks}) == len(chunks)
    if method == "one":
        assert len(chunks) == 1
    if method == "presentation" and path.suffix in (".pptx", ".pdf"):
        assert len({chunk["positions"][0][0] for chunk in chunks if chunk["positions"]}) <= len(chunks)
    if path.suffix == ".pdf":
        assert all(chunk["positions"] for chunk in chunks), "every chunk of a PDF knows its places"
        assert all(chunk["image_id"] for chunk in chunks)
    # What was cut is found.
    words = max(chunks, key=lambda chunk: len(chunk["content"]))["content"][:200]
    found = server.api("POST", "/retrieval", {"question": words, "dataset_ids": [dataset.id], "similarity_threshold": 0.0})
    assert found["total"] > 0


def listed(server, dataset, document):
    chunks, page = [], 1
    while True:
        path = f"/datasets/{dataset}/documents/{document}/chunks"
        got = server.api("GET", path, params={"page": page, "page_size": 1000})["chunks"]
        chunks += got
        if len(got) < 1000:
            return chunks
        page += 1


RESUME = """Jane Doe
Email: jane.doe@example.com
Phone: +44 20 7946 0958

Work experience
2019-03 – 2023-08  Acme Shipping Ltd, Senior Software Engineer
Led the team that rebuilt the booking system.

Education
2012 – 2016  University of Leeds, Bachelor of Science, Computer Science

Skills
Rust, PostgreSQL, Kubernetes
"""


def test_a_resume_is_read_by_its_fields(server):
    # RAGFlow lets nobody ask for it by name; documents that had it keep it.
    dataset = server.dataset("people", chunk_method="naive")
    (document,) = server.upload(dataset, ("jane.txt", RESUME.encode()))
    answer = server.call("PUT", f"/api/v1/datasets/{dataset}/documents/{document['id']}", json={"chunk_method": "resume"})
    assert answer.json()["message"] == "`chunk_method` resume doesn't exist"


def test_another_method_never_parses_again(server):
    """Blocks are kept: changing method or settings cuts again without a call of the parser."""
    dataset = server.dataset("methods")
    path = ROOT / "tests" / "fixtures" / "handbook" / "crane-safety.pdf"
    # Bytes that no other test has parsed on this server.
    (document,) = server.upload(dataset, (path.name, path.read_bytes() + b"\n% by another method\n"))
    parses = lambda: calls(server, "pdf")
    before = parses()
    assert server.parse(dataset, [document])[path.name]["run"] == "DONE"
    assert parses() == before + 1
    seen = set()
    for method in ("manual", "laws", "book", "paper", "presentation", "one", "qa", "naive"):
        server.api("PUT", f"/datasets/{dataset}/documents/{document['id']}", {"chunk_method": method})
        done = server.parse(dataset, [document])[path.name]
        assert (done["run"], done["chunk_method"]) == ("DONE", method), done["progress_msg"]
        seen.add(tuple(chunk["content"] for chunk in listed(server, dataset, document["id"])))
    assert len(seen) > 3, "methods differ"
    assert parses() == before + 1, "parsed once"


def calls(server, parser):
    return server.admin("GET", f"/plugins/parser/{parser}")["stats"]["calls"]
