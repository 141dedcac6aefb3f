"""Guests written to misbehave: each costs one document, which says who failed and why; the server goes on."""

import pytest
from conftest import guest

CASES = {
    "loops": "timed out",
    "hoards": "out of memory",
    "recurses": "trapped",
    "traps": "trapped",
    "lies": "invalid output",
    "floods": "too much output",
}

LIMITS = "memory_mb = 64\nseconds = 3\n"


def settings():
    more = {"floods": "config = { chunks = 300000 }\nmemory_mb = 256\nseconds = 30\n"}
    names = "".join(f'[plugins.{name}]\npath = "{guest(name)}"\n{more.get(name, LIMITS)}' for name in CASES)
    return f'{names}[plugins.reaches]\npath = "{guest("reaches")}"\nhttp = []\n{LIMITS}'


@pytest.fixture(scope="module")
def hostile(tmp_path_factory):
    from conftest import Server

    server = Server(tmp_path_factory.mktemp("hostile") / "data", settings()).start()
    yield server
    assert server.stop() == 0, server.text()


def works(server):
    """An ordinary document goes through."""
    dataset = server.dataset("ordinary")
    documents = server.upload(dataset, ("plain.txt", b"The quick brown fox."))
    ended = server.parse(dataset, documents, seconds=30)
    assert ended["plain.txt"]["run"] == "DONE", ended
    data = server.api("POST", "/retrieval", {"dataset_ids": [dataset], "question": "quick fox"})
    assert data["total"] == 1
    server.api("DELETE", "/datasets", {"ids": [dataset]})


@pytest.mark.parametrize("name", CASES)
def test_a_hostile_chunker_costs_one_document(hostile, name):
    dataset = hostile.dataset(f"hostile-{name}", chunk_method=name)
    documents = hostile.upload(dataset, ("victim.txt", b"Some words.\nMore words.\n"))
    ended = hostile.parse(dataset, documents, seconds=60)["victim.txt"]
    assert ended["run"] == "FAIL" and ended["progress"] == -1
    message = ended["progress_msg"]
    assert f"plugin {name}" in message and CASES[name] in message, message
    assert hostile.process.poll() is None
    works(hostile)


def test_hostile_and_ordinary_documents_side_by_side(hostile):
    bad = hostile.dataset("side-loops", chunk_method="loops")
    bad_documents = hostile.upload(bad, ("a.txt", b"x"), ("b.txt", b"y"))
    hostile.api("POST", f"/datasets/{bad}/chunks", {"document_ids": [d["id"] for d in bad_documents]})
    assert hostile.call("GET", "/livez").status_code == 200
    works(hostile)
    ended = hostile.wait(bad, [d["id"] for d in bad_documents], 60)
    assert {d["run"] for d in ended.values()} == {"FAIL"}


def test_a_running_guest_is_stopped_and_stays_cancelled(hostile):
    import time

    dataset = hostile.dataset("cancel", chunk_method="loops")
    documents = hostile.upload(dataset, ("c.txt", b"x"))
    ids = [d["id"] for d in documents]
    hostile.api("POST", f"/datasets/{dataset}/chunks", {"document_ids": ids})
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        document = hostile.api("GET", f"/datasets/{dataset}/documents", params={"id": ids[0]})["docs"][0]
        if "Parsed" in document["progress_msg"]:
            break
        time.sleep(0.05)
    hostile.api("DELETE", f"/datasets/{dataset}/chunks", {"document_ids": ids})
    document = hostile.api("GET", f"/datasets/{dataset}/documents", params={"id": ids[0]})["docs"][0]
    assert document["run"] == "CANCEL"
    works(hostile)
    time.sleep(3.5)  # past the guest's own deadline: a late worker must not overwrite the state
    document = hostile.api("GET", f"/datasets/{dataset}/documents", params={"id": ids[0]})["docs"][0]
    assert document["run"] == "CANCEL" and document["chunk_count"] == 0


def test_a_forbidden_host_is_not_reached(hostile):
    dataset = hostile.dataset("reaches")
    documents = hostile.upload(dataset, ("plain.txt", b"The quick brown fox."))
    assert hostile.parse(dataset, documents)["plain.txt"]["run"] == "DONE"
    chat = hostile.api("POST", "/chats", {"name": "reaches", "dataset_ids": [dataset], "llm": {"model_name": "reaches"}})
    session = hostile.api("POST", f"/chats/{chat['id']}/sessions", {"name": "s"})["id"]
    body = {"question": "quick fox", "session_id": session, "stream": False}
    answer = hostile.api("POST", f"/chats/{chat['id']}/completions", body)["answer"]
    assert answer.startswith("**ERROR**: plugin reaches") and "not granted" in answer.lower(), answer
    works(hostile)
