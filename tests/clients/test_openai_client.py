"""The official OpenAI client talks to `chats_openai`, and the `openai` chat-model plugin talks to an OpenAI server."""

import json
import subprocess
import sys

import pytest
import requests
from conftest import KEY_OF_THE_MODEL, HANDBOOK, ROOT
from openai import OpenAI




def assistant(server, name, model=None):
    dataset = server.dataset(f"openai-{name}")
    documents = server.upload(dataset, HANDBOOK / "crane-safety.pdf", HANDBOOK / "canteen.txt")
    assert {d["run"] for d in server.parse(dataset, documents).values()} == {"DONE"}
    body = {"name": name, "dataset_ids": [dataset]}
    if model:
        body["llm"] = {"model_name": model}
    return server.api("POST", "/chats", body)["id"]


@pytest.fixture(scope="module")
def chat(server):
    return assistant(server, "openai-client")


def client_of(server, chat):
    return OpenAI(api_key=server.key, base_url=f"{server.url}/api/v1/chats_openai/{chat}", max_retries=0)


QUESTION = [{"role": "user", "content": "At what wind speed does work with the cranes stop?"}]


def test_a_completion(server, chat):
    answer = client_of(server, chat).chat.completions.create(model="any", messages=QUESTION, stream=False)
    assert "18 metres" in " ".join(answer.choices[0].message.content.split())
    assert answer.choices[0].finish_reason == "stop"
    assert answer.usage.total_tokens == answer.usage.prompt_tokens + answer.usage.completion_tokens > 0


def test_a_stream(server, chat):
    stream = client_of(server, chat).chat.completions.create(model="any", messages=QUESTION, stream=True)
    chunks = list(stream)
    text = "".join(c.choices[0].delta.content or "" for c in chunks)
    assert "18 metres" in " ".join(text.split())
    assert len(chunks) > 3 and chunks[-1].choices[0].finish_reason == "stop"


def test_references_when_asked_for(server, chat):
    answer = client_of(server, chat).chat.completions.create(
        model="any", messages=QUESTION, stream=False, extra_body={"extra_body": {"reference": True}}
    )
    message = answer.choices[0].message
    assert "[ID:" in message.content
    assert message.reference[0]["document_name"] == "crane-safety.pdf"


def settings(model_server, model, allow_private="true", host=None):
    host = host or model_server.removeprefix("http://")
    return f"""
[plugins.remote]
builtin = "openai"
config = {{ base_url = "{model_server}/v1", model = "{model}", max_retries = 1 }}
http = ["{host}"]
allow_private = {allow_private}
[plugins.remote.secrets.openai]
host = "{host}"
value = "{KEY_OF_THE_MODEL}"
"""


def ask(server, model="remote"):
    chat = assistant(server, "remote-chat", model)
    session = server.api("POST", f"/chats/{chat}/sessions", {"name": "s"})["id"]
    body = {"question": QUESTION[0]["content"], "session_id": session, "stream": False}
    return server.api("POST", f"/chats/{chat}/completions", body), chat, session


def test_a_remote_model_answers_and_never_sees_more_than_its_key(make_server, model_server):
    server = make_server(settings(model_server, "echo-citation")).start()
    answer, chat, session = ask(server)
    assert "[ID:0]" in answer["answer"]
    assert answer["reference"]["chunks"][0]["document_name"] == "crane-safety.pdf"
    received = requests.get(model_server + "/_requests", timeout=10).json()
    completions = [r for r in received if r["path"].endswith("/chat/completions")]
    headers = {k.lower(): v for k, v in completions[-1]["headers"].items()}
    assert headers["authorization"] == f"Bearer {KEY_OF_THE_MODEL}"
    assert "x-mortise-secret" not in headers
    body = completions[-1]["body"]
    body = json.loads(body) if isinstance(body, str) else body
    assert "18 metres" in " ".join(body["messages"][0]["content"].split()), "the passages are in the prompt"
    # Streaming goes through the same model.
    frames = server.call(
        "POST", f"/api/v1/chats/{chat}/completions", json={"question": "Again?", "session_id": session, "stream": True}
    ).text.split("\n\n")
    data = [json.loads(f.removeprefix("data:"))["data"] for f in frames if f.strip()]
    assert data[-1] is True and data[-2]["final"] is True
    assert "".join(d["answer"] for d in data[:-2]).strip()


@pytest.mark.parametrize(
    "model, words",
    [("error-401", "401"), ("error-500", "500"), ("garbage", ""), ("truncated", "")],
)
def test_a_failing_model_is_an_answer_that_says_so(make_server, model_server, model, words):
    server = make_server(settings(model_server, model)).start()
    answer, _, _ = ask(server)
    assert answer["answer"].startswith("**ERROR**: ") and words in answer["answer"], answer["answer"]
    assert "sk-secret" not in answer["answer"]


def test_a_busy_model_is_asked_again(make_server, model_server):
    server = make_server(settings(model_server, "error-429")).start()
    answer, _, _ = ask(server)
    assert not answer["answer"].startswith("**ERROR**"), answer["answer"]


@pytest.mark.parametrize(
    "arguments", [{"host": "api.example.com"}, {"allow_private": "false"}], ids=["another host granted", "private address"]
)
def test_no_grant_no_request(make_server, model_server, arguments):
    server = make_server(settings(model_server, "echo-citation", **arguments)).start()
    answer, _, _ = ask(server)
    assert answer["answer"].startswith("**ERROR**: plugin remote"), answer["answer"]
    received = requests.get(model_server + "/_requests", timeout=10).json()
    assert not [r for r in received if r["path"].endswith("/chat/completions")]
