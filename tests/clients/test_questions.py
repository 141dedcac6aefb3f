"""Questions over real documents whose answers are known: the right passage is among the first three hits."""

FILES = [
    "pdf/bitcoin-en.pdf",
    "pdf/two-column-de-netzwerke.pdf",
    "html/wikipedia-duck-en.html",
    "md/law-de-grundgesetz.md",
    "md/qa-openchain-faq-en.md",
    "docx/law-zh-vaccines.docx",
    "docx/us-trustee-handbook.docx",
    "txt/us-bill-hr1010.txt",
    "txt/udhr-zh-gb2312.txt",
]

QUESTIONS = [
    ("What solution to the double-spending problem is proposed?", "peer-to-peer", "bitcoin-en.pdf"),
    ("How does the timestamp server work with a hash of a block of items?", "widely publishing the hash", "bitcoin-en.pdf"),
    ("How many bytes has a block header without transactions?", "80 bytes", "bitcoin-en.pdf"),
    ("To which biological order do ducks belong?", "Anseriformes", "wikipedia-duck-en.html"),
    ("What is the eclipse plumage of drakes?", "eclipse", "wikipedia-duck-en.html"),
    ("Ist die Todesstrafe abgeschafft?", "Die Todesstrafe ist abgeschafft", "law-de-grundgesetz.md"),
    ("Which ISO standard is for open source license compliance?", "ISO/IEC 5230", "qa-openchain-faq-en.md"),
    ("政府向居民免费提供什么疫苗？", "政府免费向居民提供免疫规划疫苗", "law-zh-vaccines.docx"),
    ("Who introduced bill HR 1010 on short-term limited duration insurance?", "Castor of Florida", "us-bill-hr1010.txt"),
    ("谁有权享有生命、自由和人身安全？", "人人有权享有生命", "udhr-zh-gb2312.txt"),
]


def test_eight_of_ten_right_passages_are_among_the_first_three(server, shared):
    dataset = server.dataset("questions")
    documents = server.upload(dataset, *[shared / "testdata" / name for name in FILES])
    ended = server.parse(dataset, documents, seconds=300)
    assert {d["run"] for d in ended.values()} == {"DONE"}, {n: d["progress_msg"] for n, d in ended.items()}
    right, misses = 0, []
    for question, words, name in QUESTIONS:
        data = server.api("POST", "/retrieval", {"dataset_ids": [dataset], "question": question, "page_size": 3})
        hits = [(c["document_keyword"], "".join(c["content"].split())) for c in data["chunks"]]
        if any(document == name and "".join(words.split()) in content for document, content in hits):
            right += 1
        else:
            misses.append((question, [(d, c[:80]) for d, c in hits]))
    print(f"right passages: {right} of {len(QUESTIONS)}")
    assert right >= 8, misses
