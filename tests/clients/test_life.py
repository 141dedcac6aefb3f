"""The official RAGFlow SDK lives a whole life: nothing in here knows that the server is not RAGFlow."""

import pytest
from conftest import HANDBOOK
from ragflow_sdk import RAGFlow


@pytest.fixture
def client(server):
    client = RAGFlow(server.key, server.url)
    yield client
    client.delete_chats()
    client.delete_datasets()


@pytest.fixture
def handbook(client):
    """A parsed dataset: PDF, DOCX, Markdown, HTML and text."""
    dataset = client.create_dataset(name="handbook")
    files = [{"display_name": p.name, "blob": p.read_bytes()} for p in sorted(HANDBOOK.iterdir())]
    documents = dataset.upload_documents(files)
    assert [d.name for d in documents] == [p.name for p in sorted(HANDBOOK.iterdir())]
    assert {d.run for d in documents} == {"UNSTART"}
    ended = dataset.parse_documents([d.id for d in documents])
    assert {state for _, state, _, _ in ended} == {"DONE"}, [d.progress_msg for d in dataset.list_documents()]
    return dataset


def test_datasets_are_made_listed_changed_and_deleted(client):
    made = client.create_dataset(name="contracts", description="what we signed", chunk_method="naive")
    assert client.get_dataset("contracts").id == made.id
    again = client.create_dataset(name="contracts")
    assert again.name == "contracts(1)"
    made.update({"name": "agreements"})
    assert {d.name for d in client.list_datasets()} == {"agreements", "contracts(1)"}
    client.delete_datasets([made.id])
    assert [d.name for d in client.list_datasets()] == ["contracts(1)"]
    with pytest.raises(Exception, match="lacks permission"):
        client.get_dataset("agreements")


def test_a_wrong_key_opens_nothing(server):
    with pytest.raises(Exception, match="API key is invalid"):
        RAGFlow("ragflow-wrong", server.url).list_datasets()


def test_documents_of_five_formats_become_chunks(handbook):
    documents = {d.name: d for d in handbook.list_documents()}
    for name, words in {
        "crane-safety.pdf": "42 tonnes",
        "travel-expenses.docx": "58 euros",
        "leave.md": "30 days",
        "it-security.html": "fourteen characters",
        "canteen.txt": "green board",
    }.items():
        document = documents[name]
        assert document.run == "DONE" and document.progress == 1.0
        assert "Task done" in document.progress_msg and document.process_duration > 0
        chunks = document.list_chunks()
        assert len(chunks) == document.chunk_count > 0
        assert words in " ".join(" ".join(c.content.split()) for c in chunks), name
        assert document.token_count > 0
    pages = {p[0] for c in documents["crane-safety.pdf"].list_chunks() for p in c.positions}
    assert pages == {1, 2}
    assert not documents["crane-safety.pdf"].download() == b""
    assert documents["leave.md"].download() == (HANDBOOK / "leave.md").read_bytes()


def test_chunks_are_added_edited_found_and_deleted(client, handbook):
    document = next(d for d in handbook.list_documents() if d.name == "canteen.txt")
    before = document.chunk_count
    added = document.add_chunk(content="The vending machine xylograph sells tea.", important_keywords=["beverage"])
    assert added.important_keywords == ["beverage"]

    def found(question):
        hits = client.retrieve(dataset_ids=[handbook.id], question=question)
        return [h.id for h in hits]

    assert added.id in found("xylograph")
    assert added.id in found("beverage")
    added.update({"content": "The vending machine sells quixotic soup."})
    assert added.id in found("quixotic") and added.id not in found("xylograph")
    added.update({"available": False})
    assert added.id not in found("quixotic")
    added.update({"available": True})
    assert added.id in found("quixotic")
    document.delete_chunks([added.id])
    assert added.id not in found("quixotic")
    assert next(d for d in handbook.list_documents() if d.name == "canteen.txt").chunk_count == before


@pytest.mark.parametrize(
    "question, words, name",
    [
        ("How much can the gantry cranes lift?", "42 tonnes", "crane-safety.pdf"),
        ("What is the daily allowance abroad?", "74 euros", "travel-expenses.docx"),
        ("How many days of annual leave does an employee have?", "30 days", "leave.md"),
        ("Within what time must a lost telephone be reported?", "within one hour", "it-security.html"),
        ("What does lunch cost in the canteen?", "7 euros", "canteen.txt"),
    ],
)
def test_the_right_passage_comes_first(client, handbook, question, words, name):
    hits = client.retrieve(dataset_ids=[handbook.id], question=question)
    assert any(words in " ".join(h.content.split()) for h in hits[:3]), [h.content for h in hits[:3]]
    first = hits[0]
    assert 0 <= first.similarity <= 1 and first.term_similarity > 0
    documents = {d.id: d.name for d in handbook.list_documents()}
    assert name in [documents[h.document_id] for h in hits[:3]]


def test_an_assistant_answers_with_references(client, handbook):
    chat = client.create_chat("helpdesk", dataset_ids=[handbook.id])
    session = chat.create_session("first")
    assert session.messages[0]["role"] == "assistant"
    question = "How many broken wires may a rope have before it is replaced?"
    answer = next(session.ask(question))
    assert "six broken wires" in " ".join(answer.content.split())
    assert "[ID:" in answer.content
    cited = answer.reference[int(answer.content.split("[ID:")[1].split("]")[0])]
    assert cited["document_name"] == "crane-safety.pdf"
    assert 2 in [p[0] for p in cited["positions"]], "the passage is on page 2"
    assert all(key in cited for key in ("id", "content", "document_id", "dataset_id", "similarity"))

    pieces = [m for m in session.ask(question, stream=True)]
    streamed = "".join(p.content for p in pieces)
    assert streamed == answer.content
    assert pieces[-1].reference[0]["document_name"]

    stored = chat.list_sessions(id=session.id)[0].messages
    assert [m["role"] for m in stored] == ["assistant", "user", "assistant", "user", "assistant"]
    assert stored[2]["content"] == answer.content and stored[2]["reference"]


def test_nothing_found_is_said(client, handbook):
    chat = client.create_chat("careful", dataset_ids=[handbook.id])
    session = chat.create_session()
    answer = next(session.ask("zzyzx qwortle plimp?"))
    assert "not found" in answer.content.lower() or "no relevant content" in answer.content.lower()


def test_everything_can_be_deleted(client, handbook):
    chat = client.create_chat("brief", dataset_ids=[handbook.id])
    session = chat.create_session("only")
    chat.delete_sessions([session.id])
    assert chat.list_sessions() == []
    client.delete_chats([chat.id])
    assert client.list_chats() == []
    handbook.delete_documents([d.id for d in handbook.list_documents()])
    assert handbook.list_documents() == []
    assert client.retrieve(dataset_ids=[handbook.id], question="crane rope wires") == []
    client.delete_datasets([handbook.id])
    assert client.list_datasets() == []
