"""`kill -9` in the middle: what was acknowledged is there, what was started ends, nothing is there twice."""

import random
import time

from conftest import HANDBOOK

WORDS = (HANDBOOK / "canteen.txt").read_text().split()


def text(seed, words=6000):
    pick = random.Random(seed)
    lines = (" ".join(pick.choice(WORDS) for _ in range(12)) + f" marker marker{seed}x{n}." for n in range(words // 12))
    return "\n".join(lines).encode()


def test_fifty_documents_survive_kills(make_server):
    server = make_server("[ingest]\nlease_seconds = 5\n").start()
    dataset = server.dataset("crash", parser_config={"chunk_token_num": 64})
    names = [f"doc{n:02}.txt" for n in range(50)]
    documents = []
    for n, name in enumerate(names):
        documents += server.upload(dataset, (name, text(n)))
    ids = [d["id"] for d in documents]
    server.api("POST", f"/datasets/{dataset}/chunks", {"document_ids": ids})
    for round in range(3):
        time.sleep(0.4 + 0.7 * round)
        server.kill()
        server.start()
        listed = server.api("GET", f"/datasets/{dataset}/documents", params={"page_size": 100})
        assert {d["id"] for d in listed["docs"]} == set(ids), "every acknowledged upload is there"
        assert all(d["run"] in ("RUNNING", "DONE") for d in listed["docs"]), [d["run"] for d in listed["docs"]]
    ended = server.wait(dataset, ids, 240)
    assert {d["run"] for d in ended.values()} == {"DONE"}, {n: d["progress_msg"] for n, d in ended.items() if d["run"] != "DONE"}
    total = 0
    for n, name in enumerate(names):
        document = ended[name]
        chunks = server.api("GET", f"/datasets/{dataset}/documents/{document['id']}/chunks", params={"page_size": 0})
        contents = [c["content"] for c in chunks["chunks"]]
        assert len(contents) == len(set(contents)) == document["chunk_count"] > 10
        joined = " ".join(contents)
        assert all(f"marker{n}x{line}." in joined for line in range(500)), "no text is lost"
        total += len(contents)
        # The index equals the store: a word of every chunk finds every chunk once, and the document's own marker is
        # found in it.
        path = f"/datasets/{dataset}/documents/{document['id']}/chunks"
        indexed = server.api("GET", path, params={"keywords": "marker", "page_size": 0})
        assert indexed["total"] == len(contents) and len({c["id"] for c in indexed["chunks"]}) == len(contents)
        found = server.api("POST", "/retrieval", {"dataset_ids": [dataset], "question": f"marker{n}x7", "page_size": 5})
        assert [c["document_id"] for c in found["chunks"]][:1] == [document["id"]]
    assert server.api("GET", "/datasets", params={"id": dataset})[0]["chunk_count"] == total
    assert server.stop() == 0

    import os
    import subprocess

    command = [os.environ.get("TEST_BINARY", "target/debug/mortise"), "reindex", "--data-dir", str(server.data)]
    printed = subprocess.run(command, capture_output=True, text=True, timeout=300)
    assert printed.returncode == 0 and f"{total} chunks indexed" in printed.stdout, printed
    server.start()
    found = server.api("POST", "/retrieval", {"dataset_ids": [dataset], "question": "marker7x7", "page_size": 1})
    assert found["chunks"][0]["document_id"] == ended["doc07.txt"]["id"]


def test_a_polite_stop_loses_nothing_either(make_server):
    server = make_server().start()
    dataset = server.dataset("polite", parser_config={"chunk_token_num": 64})
    documents = server.upload(dataset, *[(f"p{n}.txt", text(n, 24000)) for n in range(8)])
    ids = [d["id"] for d in documents]
    server.api("POST", f"/datasets/{dataset}/chunks", {"document_ids": ids})
    time.sleep(0.3)
    assert server.stop() == 0
    server.start()
    assert {d["run"] for d in server.wait(dataset, ids).values()} == {"DONE"}
