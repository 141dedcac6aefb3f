"""RAGFlow's HTTP API to the letter: codes, messages, shapes and the order of checks, by plain requests.

Runs against the server of the other tests, or against `MORTISE_URL` with `MORTISE_API_KEY`. It deletes all datasets and
chats of the key.
"""

import json
import os
import time
import uuid
from concurrent.futures import ThreadPoolExecutor

import pytest
import requests

OWN = "naive book email laws manual one paper picture presentation qa table tag".split()
RAPTOR_PROMPT = (
    "Please summarize the following paragraphs. Be careful with the numbers, do not make things up. "
    "Paragraphs as following:\n      {cluster_content}\nThe above is the content you need to summarize."
)
ENTITY_TYPES = ["organization", "person", "geo", "event", "category"]
NAIVE = {
    "table_context_size": 0, "image_context_size": 0, "layout_recognize": "DeepDOC", "chunk_token_num": 512,
    "delimiter": "\n", "auto_keywords": 0, "auto_questions": 0, "html4excel": False, "topn_tags": 3,
    "raptor": {
        "use_raptor": True, "prompt": RAPTOR_PROMPT, "max_token": 256, "threshold": 0.1, "max_cluster": 64,
        "random_seed": 0,
    },
    "graphrag": {"use_graphrag": True, "entity_types": ENTITY_TYPES, "method": "light"},
}
SYSTEM = (
    "You are an intelligent assistant. Please summarize the content of the dataset to answer the question. Please list "
    "the data in the dataset and answer in detail. When all dataset content is irrelevant to the question, your answer "
    "must include the sentence \"The answer you are looking for is not found in the dataset!\" Answers need to consider "
    "chat history.\n      Here is the knowledge base:\n      {knowledge}\n      The above is the knowledge base."
)
MISSING = "0123456789abcdef0123456789abcdef"


def line(field, message, value):
    return f"Field: <{field}> - Message: <{message}> - Value: <{value}>"


class Wire:
    """Calls with a key; `code` and `message` of an answer at once."""

    def __init__(self, url, key):
        self.url, self.key = url, key

    def raw(self, method, path, **arguments):
        headers = {"Authorization": f"Bearer {self.key}"} | arguments.pop("headers", {})
        headers = {name: value for name, value in headers.items() if value is not None}
        return requests.request(method, self.url + path, headers=headers, timeout=120, **arguments)

    def call(self, method, path, body=None, **arguments):
        if body is not None:
            arguments["json"] = body
        answer = self.raw(method, "/api/v1" + path, **arguments)
        assert answer.status_code == 200, (answer.status_code, answer.text)
        return answer.json()

    def data(self, method, path, body=None, **arguments):
        answer = self.call(method, path, body, **arguments)
        assert answer["code"] == 0, answer
        assert "message" not in answer, "shape R has no message on success"
        return answer.get("data")

    def refused(self, code, message, method, path, body=None, **arguments):
        """An error of shape R (two keys), or of shape J with null data for code 100."""
        answer = self.call(method, path, body, **arguments)
        expected = {"code": code, "message": message}
        if code == 100:
            expected["data"] = None
        assert answer == expected

    def clear(self):
        self.data("DELETE", "/chats", {})
        self.data("DELETE", "/datasets", {"ids": None})

    def dataset(self, name="wire", **fields):
        return self.data("POST", "/datasets", {"name": name} | fields)

    def upload(self, dataset, *files):
        return self.data("POST", f"/datasets/{dataset}/documents", files=[("file", file) for file in files])

    def parse(self, dataset, ids):
        self.data("POST", f"/datasets/{dataset}/chunks", {"document_ids": ids})
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            documents = self.data("GET", f"/datasets/{dataset}/documents", params={"page_size": 1000})["docs"]
            if all(d["run"] in ("DONE", "FAIL") for d in documents if d["id"] in ids):
                return {d["id"]: d for d in documents}
            time.sleep(0.1)
        raise AssertionError("parsing did not end")


@pytest.fixture(scope="module")
def wire(request):
    if os.environ.get("MORTISE_URL"):
        wire = Wire(os.environ["MORTISE_URL"].rstrip("/"), os.environ["MORTISE_API_KEY"])
    else:
        server = request.getfixturevalue("server")
        wire = Wire(server.url, server.key)
    wire.clear()
    yield wire
    wire.clear()


@pytest.fixture
def dataset(wire):
    dataset = wire.dataset()
    yield dataset["id"]
    wire.call("DELETE", "/datasets", {"ids": [dataset["id"]]})


@pytest.fixture
def document(wire, dataset):
    """A text that was never parsed."""
    return wire.upload(dataset, ("fixture.txt", b"This is a fixture."))[0]["id"]


@pytest.fixture(scope="module")
def searched(wire):
    """A parsed text and four added chunks: the fixture of RAGFlow's own chunk and retrieval tests. Tests that delete all
    datasets come before the first that uses it."""
    dataset = wire.dataset("searched")["id"]
    document = wire.upload(dataset, ("ragflow_test_upload_0.txt", b"This is a test file."))[0]["id"]
    assert wire.parse(dataset, [document])[document]["run"] == "DONE"
    for number in range(4):
        wire.data("POST", f"/datasets/{dataset}/documents/{document}/chunks", {"content": f"chunk test {number}"})
    time.sleep(1)
    yield dataset, document
    wire.call("DELETE", "/datasets", {"ids": [dataset]})


@pytest.fixture
def chat(wire):
    chat = wire.data("POST", "/chats", {"name": f"chat {uuid.uuid4()}"})
    yield chat["id"]
    wire.call("DELETE", "/chats", {"ids": [chat["id"]]})


# --- conventions


KEYED = [
    ("GET", "/datasets"), ("POST", "/datasets"), ("PUT", f"/datasets/{MISSING}"), ("DELETE", "/datasets"),
    ("GET", f"/datasets/{MISSING}/documents"), ("POST", f"/datasets/{MISSING}/documents"),
    ("PUT", f"/datasets/{MISSING}/documents/x"), ("GET", f"/datasets/{MISSING}/documents/x"),
    ("DELETE", f"/datasets/{MISSING}/documents"), ("POST", f"/datasets/{MISSING}/chunks"),
    ("DELETE", f"/datasets/{MISSING}/chunks"), ("GET", f"/datasets/{MISSING}/documents/x/chunks"),
    ("POST", f"/datasets/{MISSING}/documents/x/chunks"), ("PUT", f"/datasets/{MISSING}/documents/x/chunks/y"),
    ("DELETE", f"/datasets/{MISSING}/documents/x/chunks"), ("POST", "/retrieval"), ("GET", "/chats"),
    ("POST", "/chats"), ("PUT", "/chats/x"), ("DELETE", "/chats"), ("POST", "/chats/x/sessions"),
    ("GET", "/chats/x/sessions"), ("PUT", "/chats/x/sessions/y"), ("DELETE", "/chats/x/sessions"),
    ("POST", "/chats/x/completions"), ("GET", f"/datasets/{MISSING}/knowledge_graph"),
]


@pytest.mark.parametrize("method, path", KEYED)
def test_the_key_comes_first(wire, method, path):
    for header, code, message in [
        (None, 0, "`Authorization` can't be empty"),
        ("", 0, "`Authorization` can't be empty"),
        (wire.key, 0, "Please check your authorization format."),
        ("Bearer invalid_api_token", 109, "Authentication error: API key is invalid!"),
    ]:
        answer = wire.call(method, path, data=b"not json", headers={"Authorization": header})
        assert answer == {"code": code, "message": message, "data": False}


def test_the_scheme_is_not_looked_at(wire):
    assert wire.call("GET", "/datasets", headers={"Authorization": f"Token {wire.key}"})["code"] == 0


WRONG_METHOD = {"code": 100, "message": "<MethodNotAllowed '405: Method Not Allowed'>", "data": None}


@pytest.mark.parametrize(
    "method, path",
    [
        ("GET", "/datasets//documents"), ("DELETE", "/datasets//documents"), ("POST", "/datasets//chunks"),
        ("DELETE", "/datasets//chunks"), ("POST", "/chats//sessions"), ("DELETE", "/chats//sessions"),
        ("PUT", "/chats/x/sessions/"), ("PATCH", "/datasets"),
    ],
)
def test_wrong_methods(wire, method, path):
    assert wire.call(method, path, {}) == WRONG_METHOD


def test_unknown_paths(wire):
    answer = wire.raw("GET", "/api/v1/does-not-exist")
    expected = {"code": 404, "message": "Not Found: /api/v1/does-not-exist", "data": None, "error": "Not Found"}
    assert (answer.status_code, answer.json()) == (404, expected)
    assert wire.raw("GET", "/nowhere").json()["message"] == "Not Found: /nowhere"


def test_slashes(wire):
    assert wire.call("GET", "/datasets/")["code"] == 0
    assert wire.raw("GET", "/api//v1//datasets").json()["code"] == 0


def test_cors(wire):
    headers = {
        "Origin": "http://example.org", "Access-Control-Request-Method": "PUT",
        "Access-Control-Request-Headers": "authorization,content-type",
    }
    answer = requests.options(wire.url + "/api/v1/datasets", headers=headers, timeout=10)
    assert answer.ok and answer.headers["access-control-allow-origin"] == "*"
    assert "authorization" in answer.headers["access-control-allow-headers"].lower()


def test_every_answer_has_a_request_id(wire):
    assert uuid.UUID(wire.raw("GET", "/api/v1/datasets").headers["x-request-id"]).version == 4


# --- datasets


STRICT = [("POST", "/datasets"), ("PUT", "/datasets/{id}"), ("DELETE", "/datasets")]


@pytest.mark.parametrize("method, path", STRICT)
def test_strict_bodies(wire, dataset, method, path):
    path = path.format(id=dataset)
    malformed = "Malformed JSON syntax: Missing commas/brackets or invalid encoding"
    send = lambda text, kind="application/json": wire.call(method, path, data=text, headers={"Content-Type": kind})
    assert send("{}", "text/xml") == {"code": 101, "message": "Unsupported content type: Expected application/json, got text/xml"}
    assert send("a") == {"code": 101, "message": malformed}
    assert send("") == {"code": 101, "message": malformed}
    assert send('"a"') == {"code": 101, "message": "Invalid request payload: expected object, got str"}
    assert send("[1]") == {"code": 101, "message": "Invalid request payload: expected object, got list"}
    for falsy in ("[]", "null", "0", '""', "false"):
        assert send(falsy)["message"] == send("{}")["message"]


def test_a_dataset_has_all_keys(wire, dataset):
    [shown] = wire.data("GET", "/datasets", params={"id": dataset})
    assert set(shown) == set(
        "id tenant_id created_by name avatar description language permission embedding_model chunk_method pipeline_id "
        "parser_config document_count chunk_count token_num similarity_threshold vector_similarity_weight pagerank "
        "graphrag_task_id graphrag_task_finish_at raptor_task_id raptor_task_finish_at mindmap_task_id "
        "mindmap_task_finish_at status create_time create_date update_time update_date".split()
    )
    assert uuid.UUID(shown["id"]).version == 1 and shown["id"] == uuid.UUID(shown["id"]).hex
    assert time.strftime("%a, %d %b %Y %H:%M:%S GMT", time.gmtime(shown["create_time"] // 1000)) == shown["create_date"]
    assert (shown["permission"], shown["chunk_method"], shown["status"], shown["language"]) == ("me", "naive", "1", "English")
    assert shown["parser_config"] == NAIVE | {"llm_id": shown["parser_config"]["llm_id"]}


@pytest.mark.parametrize(
    "fields, fault",
    [
        ({"name": ""}, ("name", "String should have at least 1 character", "")),
        ({"name": " "}, ("name", "String should have at least 1 character", " ")),
        ({"name": "a" * 129}, ("name", "String should have at most 128 characters", "a" * 125 + "...")),
        ({"name": 0}, ("name", "Input should be a valid string", "0")),
        ({"name": None}, ("name", "Input should be a valid string", "None")),
        ({"avatar": "a" * 65536}, ("avatar", "String should have at most 65535 characters", "a" * 125 + "...")),
        ({"avatar": "AAAA"}, ("avatar", "Missing MIME prefix. Expected format: data:<mime>;base64,<data>", "AAAA")),
        ({"avatar": "image/png;base64,A"}, ("avatar", "Invalid MIME prefix format. Must start with 'data:'", "image/png;base64,A")),
        (
            {"avatar": "data:image/gif;base64,A"},
            ("avatar", "Unsupported MIME type. Allowed: ['image/jpeg', 'image/png']", "data:image/gif;base64,A"),
        ),
        ({"description": "a" * 65536}, ("description", "String should have at most 65535 characters", "a" * 125 + "...")),
        ({"embedding_model": ""}, ("embedding_model", "Embedding model identifier must follow <model_name>@<provider> format", "")),
        ({"embedding_model": "a"}, ("embedding_model", "Embedding model identifier must follow <model_name>@<provider> format", "a")),
        ({"embedding_model": "a@"}, ("embedding_model", "Both model_name and provider must be non-empty strings", "a@")),
        ({"embedding_model": " @b"}, ("embedding_model", "Both model_name and provider must be non-empty strings", " @b")),
        ({"permission": "ME"}, ("permission", "Input should be 'me' or 'team'", "ME")),
        ({"permission": None}, ("permission", "Input should be 'me' or 'team'", "None")),
        ({"pipeline_id": "a", "parse_type": 1}, ("pipeline_id", "String should have at least 32 characters", "a")),
        ({"parse_type": 65, "pipeline_id": MISSING}, ("parse_type", "Input should be less than or equal to 64", "65")),
        ({"unknown": "field"}, ("unknown", "Extra inputs are not permitted", "field")),
        ({"parser_config": []}, ("parser_config", "Input should be a valid dictionary or instance of ParserConfig", "[]")),
        ({"parser_config": {"auto_keywords": -1}}, ("parser_config.auto_keywords", "Input should be greater than or equal to 0", "-1")),
        ({"parser_config": {"auto_keywords": 33}}, ("parser_config.auto_keywords", "Input should be less than or equal to 32", "33")),
        ({"parser_config": {"auto_questions": 3.14}}, ("parser_config.auto_questions", "Input should be a valid integer", "3.14")),
        ({"parser_config": {"chunk_token_num": 0}}, ("parser_config.chunk_token_num", "Input should be greater than or equal to 1", "0")),
        ({"parser_config": {"chunk_token_num": 2049}}, ("parser_config.chunk_token_num", "Input should be less than or equal to 2048", "2049")),
        ({"parser_config": {"delimiter": ""}}, ("parser_config.delimiter", "String should have at least 1 character", "")),
        ({"parser_config": {"html4excel": "a"}}, ("parser_config.html4excel", "Input should be a valid boolean", "a")),
        ({"parser_config": {"tag_kb_ids": "1,2"}}, ("parser_config.tag_kb_ids", "Input should be a valid list", "1,2")),
        ({"parser_config": {"tag_kb_ids": [1]}}, ("parser_config.tag_kb_ids.0", "Input should be a valid string", "1")),
        ({"parser_config": {"topn_tags": 11}}, ("parser_config.topn_tags", "Input should be less than or equal to 10", "11")),
        ({"parser_config": {"filename_embd_weight": "a"}}, ("parser_config.filename_embd_weight", "Input should be a valid number", "a")),
        ({"parser_config": {"pages": "1"}}, ("parser_config.pages", "Input should be a valid list", "1")),
        ({"parser_config": {"graphrag": {"method": "x"}}}, ("parser_config.graphrag.method", "Input should be 'light' or 'general'", "x")),
        ({"parser_config": {"graphrag": {"entity_types": ["a", 1]}}}, ("parser_config.graphrag.entity_types.1", "Input should be a valid string", "1")),
        ({"parser_config": {"raptor": {"prompt": " "}}}, ("parser_config.raptor.prompt", "String should have at least 1 character", " ")),
        ({"parser_config": {"raptor": {"threshold": 1.5}}}, ("parser_config.raptor.threshold", "Input should be less than or equal to 1", "1.5")),
        ({"parser_config": {"raptor": {"random_seed": -1}}}, ("parser_config.raptor.random_seed", "Input should be greater than or equal to 0", "-1")),
        ({"parser_config": {"invalid": 1}}, ("parser_config.invalid", "Extra inputs are not permitted", "1")),
    ],
    ids=lambda value: json.dumps(value)[:50] if isinstance(value, dict) else "",
)
@pytest.mark.parametrize("method", ["POST", "PUT"])
def test_faulty_fields_of_datasets(wire, dataset, method, fields, fault):
    if method == "POST":
        wire.refused(101, line(*fault), "POST", "/datasets", {"name": "faulty"} | fields)
    else:
        wire.refused(101, line(*fault), "PUT", f"/datasets/{dataset}", fields)


def test_chunk_methods_are_enumerated(wire):
    answer = wire.call("POST", "/datasets", {"name": "x", "chunk_method": "other"})
    own = ", ".join(f"'{method}'" for method in OWN[:-1])
    assert answer["code"] == 101
    assert answer["message"].startswith(f"Field: <chunk_method> - Message: <Input should be {own}")
    assert "'tag'" in answer["message"] and answer["message"].endswith("> - Value: <other>")


def test_faults_come_in_declaration_order(wire):
    answer = wire.call("POST", "/datasets", {"zebra": 1, "permission": "x", "name": 1})
    assert [text.split(">")[0] for text in answer["message"].split("\n")] == ["Field: <name", "Field: <permission", "Field: <zebra"]
    wire.refused(101, line("name", "Field required", "{}"), "POST", "/datasets", {})


def test_the_size_of_a_configuration(wire):
    answer = wire.call("POST", "/datasets", {"name": "x", "parser_config": {"delimiter": "a" * 65536}})
    assert answer["code"] == 101
    assert "<Parser config exceeds size limit (max 65,535 characters). Current size: 66245>" in answer["message"]


def test_rules_across_fields(wire):
    answer = wire.call("POST", "/datasets", {"name": "x", "parse_type": 1})
    assert answer["message"].startswith("Field: <> - Message: <parser_id omitted → required fields missing: pipeline_id> - ")
    body = {"name": "x", "parse_type": 1, "pipeline_id": MISSING, "chunk_method": "qa"}
    answer = wire.call("POST", "/datasets", body)
    assert "<parser_id provided → disallowed fields present: parse_type, pipeline_id>" in answer["message"]
    made = wire.dataset("by pipeline", parse_type=1, pipeline_id=MISSING.upper())
    assert (made["chunk_method"], made["pipeline_id"]) == ("", MISSING)


def test_names_of_datasets(wire):
    made = wire.dataset("  Wire name  ")
    assert made["name"] == "Wire name"
    assert wire.dataset("wire NAME")["name"] == "wire NAME(1)"
    long = "é" * 128
    wire.refused(102, "Dataset name length is 128 which is large than 128", "POST", "/datasets", {"name": long})
    wire.clear()


def test_embedding_models(wire):
    for model in ["BAAI/bge-small-en-v1.5@Builtin", None]:
        made = wire.dataset("models", embedding_model=model)
        assert made["embedding_model"] == model or model is None
    wire.refused(101, "Unsupported model: <unknown@ZHIPU-AI>", "POST", "/datasets", {"name": "x", "embedding_model": "unknown@ZHIPU-AI"})
    known = "text-embedding-3-small@OpenAI"
    wire.refused(101, f"Unauthorized model: <{known}>", "POST", "/datasets", {"name": "x", "embedding_model": known})


def test_any_configuration_fills_in_the_rest(wire):
    config = wire.dataset("filled", parser_config={"auto_keywords": 3})["parser_config"]
    assert config["auto_keywords"] == 3 and config["raptor"]["use_raptor"] is False
    assert config["graphrag"]["use_graphrag"] is False and config["delimiter"] == "\\n" and config["topn_tags"] == 1
    for empty in ({}, None):
        made = wire.dataset("empty", parser_config=empty)["parser_config"]
        assert made == NAIVE | {"llm_id": made["llm_id"]}


def test_changing_the_method_resets_the_configuration(wire, dataset):
    path = f"/datasets/{dataset}"
    changed = wire.data("PUT", path, {"chunk_method": "qa"})
    base = {"image_context_size": 0, "table_context_size": 0}
    assert changed["parser_config"] == base | {"raptor": {"use_raptor": False}, "graphrag": {"use_graphrag": False}}
    assert wire.data("PUT", path, {"chunk_method": "tag", "parser_config": None})["parser_config"] == base
    merged = wire.data("PUT", path, {"parser_config": {"topn_tags": 4}})["parser_config"]
    assert (merged["topn_tags"], merged["chunk_token_num"], merged["table_context_size"]) == (4, 512, 0)
    assert wire.data("PUT", path, {"chunk_method": "tag", "parser_config": {}})["parser_config"] == merged


def test_updates_of_datasets(wire, dataset):
    path = f"/datasets/{dataset}"
    tenant = wire.data("GET", "/datasets", params={"id": dataset})[0]["tenant_id"]
    wire.refused(101, "No properties were modified", "PUT", path, {})
    wire.refused(101, line("dataset_id", "Invalid UUID1 format", "not_uuid"), "PUT", "/datasets/not_uuid", {"name": "a"})
    gone = uuid.uuid1().hex
    wire.refused(108, f"User '{tenant}' lacks permission for dataset '{gone}'", "PUT", f"/datasets/{gone}", {"name": "a"})
    other = wire.dataset("other")
    wire.refused(102, "Dataset name 'OTHER' already exists", "PUT", path, {"name": "OTHER"})
    assert wire.data("PUT", path, {"name": "WIRE"})["name"] == "WIRE"
    changed = wire.data("PUT", path, {"description": "d", "permission": "team", "pagerank": 50, "embedding_model": None})
    assert (changed["description"], changed["permission"], changed["pagerank"]) == ("d", "team", 50)
    assert changed["embedding_model"]
    assert wire.data("PUT", path, {"description": None})["description"] is None
    wire.refused(101, line("pagerank", "Input should be less than or equal to 100", "101"), "PUT", path, {"pagerank": 101})
    wire.refused(101, line("permission", "Input should be 'me' or 'team'", "None"), "PUT", path, {"permission": None})
    wire.data("DELETE", "/datasets", {"ids": [other["id"]]})


def test_deletion_of_datasets(wire):
    wire.clear()
    one, two = wire.dataset("one"), wire.dataset("two")
    refused = lambda message, body: wire.refused(101, message, "DELETE", "/datasets", body)
    refused(line("ids", "Field required", "{}"), {})
    refused(line("ids", "Input should be a valid list", "x"), {"ids": "x"})
    refused(line("ids", "Invalid UUID1 format", "['not_uuid']"), {"ids": ["not_uuid"]})
    refused(line("ids", f"Duplicate ids: '{one['id']}'", str([one["id"]] * 2)), {"ids": [one["id"]] * 2})
    refused(line("unknown", "Extra inputs are not permitted", "1"), {"ids": [], "unknown": 1})
    gone = uuid.uuid1().hex
    message = f"User '{one['tenant_id']}' lacks permission for datasets: '{gone}'"
    wire.refused(108, message, "DELETE", "/datasets", {"ids": [one["id"], gone]})
    assert wire.call("DELETE", "/datasets", {"ids": []}) == {"code": 0}
    assert len(wire.data("GET", "/datasets")) == 2, "nothing was deleted"
    assert wire.call("DELETE", "/datasets", {"ids": [str(uuid.UUID(two["id"])).upper()]}) == {"code": 0}
    assert wire.call("DELETE", "/datasets", {"ids": None}) == {"code": 0}
    assert wire.call("DELETE", "/datasets", {"ids": None}) == {"code": 0}
    assert wire.data("GET", "/datasets") == []


def test_lists_of_datasets(wire):
    wire.clear()
    made = [wire.dataset(f"dataset_{number}") for number in range(5)]
    names = lambda **params: [d["name"] for d in wire.data("GET", "/datasets", params=params)]
    newest = [d["name"] for d in reversed(made)]
    assert names() == newest and names(desc="False") == newest[::-1]
    assert names(page=2, page_size=2) == newest[2:4] and names(page=4, page_size=2) == []
    assert names(page=" 1 ", page_size="1.0") == newest[:1]
    answer = wire.call("GET", "/datasets", params={"page_size": 2})
    assert set(answer) == {"code", "data", "total_datasets"} and answer["total_datasets"] == 5
    assert names(name="DATASET_3") == ["dataset_3"] and names(name="") == newest
    assert names(id=str(uuid.UUID(made[0]["id"]))) == ["dataset_0"]
    assert names(id=made[0]["id"], name="dataset_1") == []
    tenant, gone = made[0]["tenant_id"], uuid.uuid1().hex
    lacking = lambda what: f"User '{tenant}' lacks permission for dataset '{what}'"
    wire.refused(108, lacking(gone), "GET", "/datasets", params={"id": gone})
    wire.refused(108, lacking("unknown"), "GET", "/datasets", params={"name": "unknown"})
    wire.refused(108, lacking(gone), "GET", "/datasets", params={"id": gone, "name": "unknown"})
    for params, fault in [
        ({"id": ""}, ("id", "Invalid UUID1 format", "")),
        ({"id": "not_uuid"}, ("id", "Invalid UUID1 format", "not_uuid")),
        ({"page": 0}, ("page", "Input should be greater than or equal to 1", "0")),
        ({"page": "a"}, ("page", "Input should be a valid integer, unable to parse string as an integer", "a")),
        ({"page_size": 0}, ("page_size", "Input should be greater than or equal to 1", "0")),
        ({"orderby": "name"}, ("orderby", "Input should be 'create_time' or 'update_time'", "name")),
        ({"orderby": " create_time "}, ("orderby", "Input should be 'create_time' or 'update_time'", " create_time ")),
        ({"desc": "unknown"}, ("desc", "Input should be a valid boolean, unable to interpret input", "unknown")),
        ({"a": "b"}, ("a", "Extra inputs are not permitted", "b")),
    ]:
        wire.refused(101, line(*fault), "GET", "/datasets", params=params)
    wire.clear()


def test_many_at_once(wire):
    wire.clear()
    with ThreadPoolExecutor(5) as pool:
        made = list(pool.map(lambda n: wire.call("POST", "/datasets", {"name": f"many_{n}"}), range(100)))
    assert {answer["code"] for answer in made} == {0}
    assert wire.call("GET", "/datasets", params={"page_size": 1})["total_datasets"] == 100
    wire.clear()


def test_graphs_are_empty(wire, dataset):
    assert wire.data("GET", f"/datasets/{dataset}/knowledge_graph") == {"graph": {}, "mind_map": {}}
    assert wire.data("DELETE", f"/datasets/{dataset}/knowledge_graph") is True
    assert wire.data("GET", f"/datasets/{dataset}/trace_graphrag") == {}
    wire.refused(109, "No authorization.", "GET", f"/datasets/{MISSING}/knowledge_graph")


# --- documents


def test_uploads(wire, dataset):
    path = f"/datasets/{dataset}/documents"
    made = wire.upload(dataset, ("a.txt", b"a"), ("a.txt", b"b"), ("B.PDF", b"%PDF"), ("c.pptx", b"c"), ("d.eml", b"d"), ("e.png", b"e"), ("空.md", b""))
    assert [d["name"] for d in made] == ["a.txt", "a(1).txt", "B.PDF", "c.pptx", "d.eml", "e.png", "空.md"]
    assert [d["type"] for d in made] == ["doc", "doc", "pdf", "doc", "doc", "visual", "doc"]
    assert [d["chunk_method"] for d in made] == ["naive", "naive", "naive", "presentation", "email", "picture", "naive"]
    assert set(made[0]) == set(
        "id dataset_id name location suffix type size source_type created_by thumbnail chunk_method pipeline_id "
        "parser_config run".split()
    )
    assert (made[0]["run"], made[0]["source_type"], made[0]["thumbnail"]) == ("UNSTART", "local", "")
    assert (made[2]["suffix"], made[6]["size"]) == ("pdf", 0)
    assert "llm_id" in made[0]["parser_config"]
    wire.refused(101, "No file part!", "POST", path)
    wire.refused(101, "No file part!", "POST", path, files=[("other", ("a.txt", b"a"))])
    wire.refused(101, "No file part!", "POST", path, files=[("file", (None, b"a"))])
    wire.refused(101, "File name must be 255 bytes or less.", "POST", path, files=[("file", ("a" * 252 + ".txt", b"a"))])
    assert len(wire.upload(dataset, ("a" * 251 + ".txt", b"a"))) == 1
    assert wire.data("GET", path)["total"] == 8


def test_an_upload_without_a_name(wire, dataset):
    body = b'--b\r\nContent-Disposition: form-data; name="file"; filename=""\r\n\r\nx\r\n--b--\r\n'
    headers = {"Content-Type": "multipart/form-data; boundary=b"}
    wire.refused(101, "No file selected!", "POST", f"/datasets/{dataset}/documents", data=body, headers=headers)


def test_unknown_extensions_spoil_only_themselves(wire, dataset):
    path = f"/datasets/{dataset}/documents"
    files = [("file", ("a.txt", b"a")), ("file", ("b.exe", b"b")), ("file", ("c.zip7", b"c"))]
    unsupported = "This type of file has not been supported yet!"
    wire.refused(500, f"b.exe: {unsupported}\nc.zip7: {unsupported}", "POST", path, files=files)
    assert [d["name"] for d in wire.data("GET", path)["docs"]] == ["a.txt"]


def test_an_upload_to_nowhere(wire):
    message = f'LookupError("Can\'t find the dataset with ID {MISSING}!")'
    files = [("file", ("a.txt", b"a"))]
    wire.refused(100, message, "POST", f"/datasets/{MISSING}/documents", files=files)


def test_a_thousand_files_in_one_request(wire, dataset):
    files = [("file", (f"{n}.txt", b"x" * 10)) for n in range(1000)]
    assert len(wire.data("POST", f"/datasets/{dataset}/documents", files=files)) == 1000
    assert wire.data("GET", "/datasets", params={"id": dataset})[0]["document_count"] == 1000


def test_downloads(wire, dataset):
    blob = os.urandom(3_000_000)
    document, empty = wire.upload(dataset, ("é \"x\".txt", blob), ("empty.txt", b""))
    answer = wire.raw("GET", f"/api/v1/datasets/{dataset}/documents/{document['id']}")
    assert answer.content == blob and answer.headers["content-type"] == "application/octet-stream"
    assert answer.headers["content-disposition"].startswith("attachment; filename=")
    wire.refused(102, "This file is empty.", "GET", f"/datasets/{dataset}/documents/{empty['id']}")
    wire.refused(102, "The dataset not own the document x.", "GET", f"/datasets/{dataset}/documents/x")
    wire.refused(102, f"You do not own the dataset {MISSING}.", "GET", f"/datasets/{MISSING}/documents/{document['id']}")


def test_lists_of_documents(wire, dataset):
    path = f"/datasets/{dataset}/documents"
    made = wire.upload(dataset, *[(f"doc_{n}.txt", b"x") for n in range(5)], ("other.md", b"x"))
    names = lambda **params: [d["name"] for d in wire.data("GET", path, params=params)["docs"]]
    assert sorted(names()) == sorted(d["name"] for d in made)
    assert len(names(page_size=2)) == 2 and names(page=99) == [] and names(page_size=0) == []
    assert len(names(page=0, page_size=2)) == 2
    assert names(keywords="OTHER") == ["other.md"] and names(suffix="md") == ["other.md"]
    assert names(name="DOC_1.TXT") == ["doc_1.txt"] and names(id=made[0]["id"]) == ["doc_0.txt"]
    assert len(names(run=["UNSTART", "3"])) == 6 and names(run="DONE") == []
    assert wire.data("GET", path, params={"id": made[0]["id"], "name": "doc_1.txt"}) == {"total": 0, "docs": []}
    assert len(names(create_time_from=1, create_time_to=2)) == 0
    shown = wire.data("GET", path)["docs"][0]
    assert set(shown) == set(
        "id dataset_id name location suffix type size source_type created_by thumbnail chunk_method pipeline_id "
        "parser_config run chunk_count token_count progress progress_msg process_begin_at process_duration meta_fields "
        "status title create_time create_date update_time update_date".split()
    )
    assert (shown["title"], shown["status"], shown["run"], shown["meta_fields"]) == (None, "1", "UNSTART", {})
    refused = lambda message, **params: wire.refused(102, message, "GET", path, params=params)
    refused("You don't own the document x.", id="x")
    refused("You don't own the document x.txt.", name="x.txt")
    refused("You don't own the document x.", id="x", name="y")
    refused("metadata_condition must be valid JSON.", metadata_condition="{")
    refused("metadata_condition must be an object.", metadata_condition="[]")
    wire.refused(102, f"You don't own the dataset {MISSING}. ", "GET", f"/datasets/{MISSING}/documents")
    wire.refused(100, "ValueError(\"invalid literal for int() with base 10: 'a'\")", "GET", path, params={"page": "a"})


def test_updates_of_documents(wire, dataset):
    first, second = wire.upload(dataset, ("first.txt", b"x"), ("second.txt", b"x"))
    path = f"/datasets/{dataset}/documents/{first['id']}"
    refused = lambda code, message, body: wire.refused(code, message, "PUT", path, body)
    wire.refused(102, "You don't own the dataset.", "PUT", f"/datasets/{MISSING}/documents/{first['id']}", {})
    wire.refused(102, "The dataset doesn't own the document.", "PUT", f"/datasets/{dataset}/documents/x", {})
    for field in ("chunk_count", "token_count", "progress"):
        refused(102, f"Can't change `{field}`.", {field: 1})
        assert wire.call("PUT", path, {field: 0})["code"] == 0
    refused(102, "meta_fields must be a dictionary", {"meta_fields": 1})
    assert wire.data("PUT", path, {"meta_fields": {"a": 1}})["meta_fields"] == {"a": 1}
    refused(100, "AttributeError(\"'int' object has no attribute 'encode'\")", {"name": 0})
    refused(100, "AttributeError(\"'NoneType' object has no attribute 'encode'\")", {"name": None})
    refused(101, "The extension of file can't be changed", {"name": "first"})
    refused(101, "The extension of file can't be changed", {"name": "first.md"})
    refused(101, "File name must be 255 bytes or less.", {"name": "a" * 252 + ".txt"})
    refused(102, "Duplicated document name in the same dataset.", {"name": "second.txt"})
    assert wire.data("PUT", path, {"name": "SECOND.txt"})["name"] == "SECOND.txt"
    assert wire.data("PUT", path, {"name": "new.TXT"})["name"] == "new.TXT"
    refused(102, "`chunk_method` other doesn't exist", {"chunk_method": "other"})
    refused(102, "`chunk_method`  doesn't exist", {"chunk_method": ""})
    for method in OWN + ["knowledge_graph"]:
        assert wire.data("PUT", path, {"chunk_method": method})["chunk_method"] == method
    assert wire.data("PUT", path, {"enabled": False})["status"] == "0"
    assert wire.data("PUT", path, {"enabled": 1})["status"] == "1"
    picture = wire.upload(dataset, ("p.png", b"x"))[0]["id"]
    wire.refused(102, "Not supported yet!", "PUT", f"/datasets/{dataset}/documents/{picture}", {"chunk_method": "naive"})


def test_configurations_of_documents(wire, dataset, document):
    path = f"/datasets/{dataset}/documents/{document}"
    config = wire.data("PUT", path, {"chunk_method": "naive", "parser_config": {}})["parser_config"]
    assert config == NAIVE | {"llm_id": config["llm_id"]}
    config = wire.data("PUT", path, {"parser_config": {"raptor": {"max_token": 9}}})["parser_config"]
    assert config["raptor"] == NAIVE["raptor"] | {"max_token": 9}
    config = wire.data("PUT", path, {"parser_config": {"chunk_token_num": -7, "html4excel": {"odd": 1}}})["parser_config"]
    assert "raptor" not in config and (config["chunk_token_num"], config["html4excel"]) == (-7, {"odd": 1})
    shown = wire.data("GET", f"/datasets/{dataset}/documents")["docs"][0]
    assert shown["parser_config"] == config


def test_earlier_effects_stay_when_a_later_check_fails(wire, dataset, document):
    body = {"meta_fields": {"kept": 1}, "name": "wrong.md"}
    wire.refused(101, "The extension of file can't be changed", "PUT", f"/datasets/{dataset}/documents/{document}", body)
    assert wire.data("GET", f"/datasets/{dataset}/documents")["docs"][0]["meta_fields"] == {"kept": 1}


def test_deletion_of_documents(wire, dataset):
    path = f"/datasets/{dataset}/documents"
    ids = [d["id"] for d in wire.upload(dataset, *[(f"{n}.txt", b"x") for n in range(4)])]
    wire.refused(102, "Documents not found: ['invalid_id']", "DELETE", path, {"ids": [ids[0], "invalid_id"]})
    wire.refused(102, f"Documents not found: ['{ids[0]}']", "DELETE", path, {"ids": [ids[0]]})
    data = wire.data("DELETE", path, {"ids": [ids[1], ids[1]]})
    assert data == {"success_count": 1, "errors": [f"Duplicate document ids: {ids[1]}"]}
    wire.refused(100, "AttributeError(\"'str' object has no attribute 'get'\")", "DELETE", path, "not json")
    wire.refused(102, f"You don't own the dataset {MISSING}. ", "DELETE", f"/datasets/{MISSING}/documents", {"ids": ids})
    assert wire.data("GET", path)["total"] == 2
    assert wire.call("DELETE", path) == {"code": 0}
    assert wire.data("GET", path)["total"] == 0
    assert wire.data("GET", "/datasets", params={"id": dataset})[0]["document_count"] == 0


def test_metadata(wire, dataset):
    ids = [d["id"] for d in wire.upload(dataset, ("a.txt", b"x"), ("b.txt", b"x"))]
    for id, fields in zip(ids, [{"author": "Ada", "year": 2024, "tags": ["x", "y"]}, {"author": "Bo", "tags": ["x"]}]):
        wire.data("PUT", f"/datasets/{dataset}/documents/{id}", {"meta_fields": fields})
    summary = wire.data("GET", f"/datasets/{dataset}/metadata/summary")["summary"]
    assert summary["author"] == {"type": "string", "values": [["Ada", 1], ["Bo", 1]]}
    assert summary["tags"] == {"type": "list", "values": [["x", 2], ["y", 1]]}
    assert summary["year"] == {"type": "number", "values": [["2024", 1]]}
    condition = {"conditions": [{"name": "author", "comparison_operator": "is", "value": "ada"}]}
    listed = wire.data("GET", f"/datasets/{dataset}/documents", params={"metadata_condition": json.dumps(condition)})
    assert [d["name"] for d in listed["docs"]] == ["a.txt"]
    body = {"selector": {"metadata_condition": condition}, "updates": [{"key": "author", "value": "Ada L."}], "deletes": [{"key": "tags", "value": "y"}]}
    assert wire.data("POST", f"/datasets/{dataset}/metadata/update", body) == {"updated": 1, "matched_docs": 1}
    fields = wire.data("GET", f"/datasets/{dataset}/documents", params={"id": ids[0]})["docs"][0]["meta_fields"]
    assert fields == {"author": "Ada L.", "year": 2024, "tags": ["x"]}
    wire.refused(102, "updates and deletes must be lists.", "POST", f"/datasets/{dataset}/metadata/update", {"updates": 1})


# --- parsing


def test_parsing(wire, dataset):
    ids = [d["id"] for d in wire.upload(dataset, *[(f"{n}.txt", b"Some words.") for n in range(3)])]
    path = f"/datasets/{dataset}/chunks"
    wire.refused(102, f"You don't own the dataset {MISSING}.", "POST", f"/datasets/{MISSING}/chunks", {"document_ids": ids})
    for body in ({}, {"document_ids": []}):
        wire.refused(102, "`document_ids` is required", "POST", path, body)
        wire.refused(102, "`document_ids` is required", "DELETE", path, body)
    wire.refused(100, "AttributeError(\"'str' object has no attribute 'get'\")", "POST", path, "x")
    wire.refused(102, "Documents not found: ['x']", "POST", path, {"document_ids": [ids[0], "x"]})
    wire.refused(102, "You don't own the document x.", "DELETE", path, {"document_ids": ["x"]})
    data = wire.data("POST", path, {"document_ids": [ids[1], ids[1]]})
    assert data == {"success_count": 1, "errors": [f"Duplicate document ids: {ids[1]}"]}
    assert wire.call("POST", path, {"document_ids": [ids[2]]}) == {"code": 0}
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        documents = wire.data("GET", f"/datasets/{dataset}/documents")["docs"]
        if all(d["run"] == "DONE" for d in documents):
            break
        time.sleep(0.1)
    for document in documents:
        assert document["run"] == "DONE" and document["progress"] == 1, document
        assert "Task done" in document["progress_msg"] and document["process_duration"] > 0
        assert document["process_begin_at"].endswith("GMT") and document["chunk_count"] == 1
    message = "Can't stop parsing document with progress at 0 or 1"
    wire.refused(102, message, "DELETE", path, {"document_ids": [ids[0]]})


# --- chunks


def test_adding_chunks(wire, dataset, document):
    path = f"/datasets/{dataset}/documents/{document}/chunks"
    refused = lambda code, message, body: wire.refused(code, message, "POST", path, body)
    plus = "TypeError(\"unsupported operand type(s) for +: '{}' and 'str'\")"
    item = "TypeError('sequence item 0: expected str instance, int found')"
    for content in ("", " ", "\n"):
        refused(102, "`content` is required", {"content": content})
    refused(102, "`content` is required", {})
    refused(100, plus.format("NoneType"), {"content": None})
    refused(100, plus.format("int"), {"content": 1})
    for field in ("important_keywords", "questions"):
        refused(102, f"`{field}` is required to be a list", {"content": "a", field: "abc"})
        refused(102, f"`{field}` is required to be a list", {"content": "a", field: 123})
        refused(100, item, {"content": "a", field: [1]})
    wire.refused(102, f"You don't own the dataset {MISSING}.", "POST", f"/datasets/{MISSING}/documents/{document}/chunks", {"content": "a"})
    wire.refused(102, "You don't own the document x.", "POST", f"/datasets/{dataset}/documents/x/chunks", {"content": "a"})

    body = {"content": "Mortise and tenon.", "important_keywords": ["joint"], "questions": [" What holds? ", " "]}
    chunk = wire.data("POST", path, body)["chunk"]
    assert set(chunk) == set(
        "id content document_id dataset_id important_keywords questions create_time create_timestamp".split()
    )
    assert len(chunk["id"]) == 16 and chunk["questions"] == ["What holds?"] and chunk["important_keywords"] == ["joint"]
    stamp = time.strftime("%Y-%m-%d %H:%M:%S", time.gmtime(chunk["create_timestamp"]))
    assert chunk["create_time"] == stamp and isinstance(chunk["create_timestamp"], float)
    assert wire.data("POST", path, body)["chunk"]["id"] == chunk["id"]
    listed = wire.data("GET", path)
    assert (listed["total"], listed["doc"]["chunk_count"]) == (1, 2), "the count grows with every call"
    assert wire.data("GET", "/datasets", params={"id": dataset})[0]["chunk_count"] == 2
    assert "title" not in listed["doc"]
    assert set(listed["chunks"][0]) == set(
        "id content document_id docnm_kwd dataset_id important_keywords questions image_id available positions".split()
    )


@pytest.mark.parametrize("keywords, hits", [(None, 5), ("", 5), ("1", 1), ("chunk", 4), ("ragflow", 1), ("unknown", 0)])
def test_searching_chunks_of_a_document(wire, searched, keywords, hits):
    dataset, document = searched
    params = {} if keywords is None else {"keywords": keywords}
    data = wire.data("GET", f"/datasets/{dataset}/documents/{document}/chunks", params=params)
    assert len(data["chunks"]) == hits
    if keywords == "chunk":
        assert all("<em>chunk</em>" in chunk["content"] for chunk in data["chunks"])


def test_lists_of_chunks(wire, searched):
    dataset, document = searched
    path = f"/datasets/{dataset}/documents/{document}/chunks"
    chunks = lambda **params: wire.data("GET", path, params=params)["chunks"]
    assert [len(chunks(page=page, page_size=2)) for page in (1, 2, 3, 4)] == [2, 2, 1, 0]
    assert len(chunks(page_size=0)) == 5 and len(chunks(page_size=100)) == 5 and len(chunks(id="")) == 5
    first = chunks()[0]
    assert [chunk["id"] for chunk in chunks(id=first["id"])] == [first["id"]]
    wire.refused(404, f"Chunk not found: {dataset}/unknown", "GET", path, params={"id": "unknown"})
    wire.refused(102, f"You don't own the dataset {MISSING}.", "GET", f"/datasets/{MISSING}/documents/{document}/chunks")
    wire.refused(102, "You don't own the document x.", "GET", f"/datasets/{dataset}/documents/x/chunks")


def test_updating_chunks(wire, dataset, document):
    base = f"/datasets/{dataset}/documents/{document}/chunks"
    chunk = wire.data("POST", base, {"content": "before"})["chunk"]["id"]
    path = f"{base}/{chunk}"
    refused = lambda code, message, body: wire.refused(code, message, "PUT", path, body)
    item = "TypeError('sequence item 0: expected str instance, int found')"
    for field in ("important_keywords", "questions"):
        refused(102, f"`{field}` should be a list", {field: "abc"})
        refused(100, item, {field: [1]})
    refused(102, "`positions` should be a list", {"positions": 1})
    for body in ({"content": None}, {"content": "after"}, {"important_keywords": ["k"]}, {"questions": ["q?"]}, {"available": False}, {"available": 1}):
        assert wire.call("PUT", path, body) == {"code": 0}
    shown = wire.data("GET", base, params={"id": chunk})["chunks"][0]
    assert (shown["content"], shown["important_keywords"], shown["questions"], shown["available"]) == ("after", ["k"], ["q?"], True)
    assert wire.call("PUT", path, {"content": ""}) == {"code": 0}
    wire.refused(102, f"You don't own the dataset {MISSING}.", "PUT", f"/datasets/{MISSING}/documents/{document}/chunks/{chunk}", {})
    wire.refused(102, "You don't own the document x.", "PUT", f"/datasets/{dataset}/documents/x/chunks/{chunk}", {})
    wire.refused(102, "Can't find this chunk x", "PUT", f"{base}/x", {"content": "a"})
    with ThreadPoolExecutor(5) as pool:
        codes = list(pool.map(lambda n: wire.call("PUT", path, {"content": f"update {n}"})["code"], range(50)))
    assert set(codes) == {0}


def test_deleting_chunks(wire, dataset, document):
    path = f"/datasets/{dataset}/documents/{document}/chunks"
    add = lambda n: wire.data("POST", path, {"content": f"chunk {n}"})["chunk"]["id"]
    ids = [add(n) for n in range(5)]
    wire.refused(102, "rm_chunk deleted chunks 1, expect 2", "DELETE", path, {"chunk_ids": [ids[0], "x"]})
    wire.refused(102, "rm_chunk deleted chunks 0, expect 1", "DELETE", path, {"chunk_ids": [ids[0]]})
    data = wire.data("DELETE", path, {"chunk_ids": [ids[1], ids[1]]})
    assert data == {"success_count": 1, "errors": [f"Duplicate chunk ids: {ids[1]}"]}
    assert wire.data("GET", path)["total"] == 3
    for body in ({}, {"chunk_ids": None}, {"chunk_ids": []}, None):
        add("again")
        assert wire.call("DELETE", path, body) == {"code": 0}
        assert wire.data("GET", path)["total"] == 0
    lookup = 'LookupError("Can\'t find the document with ID x!")'
    wire.refused(100, lookup, "DELETE", f"/datasets/{dataset}/documents/x/chunks", {"chunk_ids": []})
    wire.refused(102, f"You don't own the dataset {MISSING}.", "DELETE", f"/datasets/{MISSING}/documents/{document}/chunks", {})
    wire.refused(100, "AttributeError(\"'str' object has no attribute 'get'\")", "DELETE", path, "x")


def test_the_embedder_stays_once_there_are_chunks(wire, searched):
    dataset, _ = searched
    [shown] = wire.data("GET", "/datasets", params={"id": dataset})
    message = f"When chunk_num ({shown['chunk_count']}) > 0, embedding_model must remain {shown['embedding_model']}"
    wire.refused(102, message, "PUT", f"/datasets/{dataset}", {"embedding_model": "BAAI/bge-m3@Builtin"})


# --- retrieval


def test_refused_retrievals(wire, searched):
    dataset, document = searched
    refused = lambda code, message, body: wire.refused(code, message, "POST", "/retrieval", body)
    for body in ({}, {"dataset_ids": []}, {"question": "chunk"}):
        refused(102, "`dataset_ids` is required.", body)
    refused(102, "`dataset_ids` should be a list", {"dataset_ids": "x", "question": "chunk"})
    refused(102, "You don't own the dataset x.", {"dataset_ids": ["x"], "question": "chunk"})
    refused(102, "`question` is required.", {"dataset_ids": [dataset]})
    refused(102, "`documents` should be a list", {"dataset_ids": [dataset], "question": "chunk", "document_ids": "x"})
    refused(102, "The datasets don't own the document x", {"dataset_ids": [dataset], "question": "chunk", "document_ids": [document, "x"]})
    answer = wire.call("POST", "/retrieval", {"dataset_ids": [dataset], "question": "chunk", "top_k": -1})
    assert answer["code"] == 100 and "must be greater than 0" in answer["message"]
    answer = wire.call("POST", "/retrieval", {"dataset_ids": [dataset], "question": "chunk", "rerank_id": "unknown"})
    assert answer["code"] == 100 and "unknown" in answer["message"] and "not authorized" in answer["message"]


@pytest.mark.parametrize(
    "options, count",
    [
        ({}, 4), ({"vector_similarity_weight": 0}, 4), ({"vector_similarity_weight": 0.5}, 4),
        ({"vector_similarity_weight": 10}, 4), ({"top_k": 1}, 4), ({"page": 1, "page_size": 2}, 2),
        ({"page": 2, "page_size": 2}, 2), ({"page": 3, "page_size": 2}, 0), ({"page": "2", "page_size": "2"}, 2),
        ({"page_size": 1}, 1), ({"question": ""}, 0), ({"similarity_threshold": 0.99999}, 0),
    ],
)
def test_retrieval(wire, searched, options, count):
    dataset, _ = searched
    data = wire.data("POST", "/retrieval", {"dataset_ids": [dataset], "question": "chunk"} | options)
    assert len(data["chunks"]) == count
    assert isinstance(data["doc_aggs"], list)


def test_shapes_of_retrieval(wire, searched):
    dataset, document = searched
    ask = lambda **options: wire.data("POST", "/retrieval", {"dataset_ids": [dataset], "question": "chunk"} | options)
    data = ask(document_ids=[document])
    assert data["total"] == 4
    assert data["doc_aggs"] == [{"doc_name": "ragflow_test_upload_0.txt", "doc_id": document, "count": 4}]
    assert set(data["chunks"][0]) == set(
        "id content content_ltks document_id document_keyword dataset_id image_id important_keywords positions similarity "
        "term_similarity vector_similarity highlight doc_type_kwd mom_id".split()
    )
    scores = [chunk["similarity"] for chunk in data["chunks"]]
    assert scores == sorted(scores, reverse=True)
    for shown in (True, False, None, "True"):
        assert all("<em>chunk</em>" in chunk["highlight"] for chunk in ask(highlight=shown)["chunks"])
    for hidden in ("False", "false"):
        assert all("highlight" not in chunk for chunk in ask(highlight=hidden)["chunks"])
    condition = {"conditions": [{"name": "author", "comparison_operator": "is", "value": "nobody"}]}
    assert ask(metadata_condition=condition) == {"total": 0, "chunks": [], "doc_aggs": {}}


def test_words_are_split_at_underscores(wire, dataset, document):
    content = "ALPHA_BETA_GAMMA_3_12520"
    wire.data("POST", f"/datasets/{dataset}/documents/{document}/chunks", {"content": content})
    time.sleep(1)
    for question in ("ALPHA_BETA_GAMMA", "alpha beta gamma"):
        data = wire.data("POST", "/retrieval", {"dataset_ids": [dataset], "question": question})
        assert [chunk["content"] for chunk in data["chunks"]] == [content]


# --- chats


def test_a_chat_with_defaults(wire, searched):
    dataset, _ = searched
    made = wire.data("POST", "/chats", {"name": "defaults", "dataset_ids": [dataset]})
    model = made["llm"]["model_name"]
    sampling = {"temperature": 0.1, "top_p": 0.3, "frequency_penalty": 0.7, "presence_penalty": 0.4, "max_tokens": 512}
    assert made["llm"] == {"model_name": model} | sampling
    assert made["prompt"] == {
        "prompt": SYSTEM, "opener": "Hi! I'm your assistant. What can I do for you?",
        "variables": [{"key": "knowledge", "optional": False}],
        "empty_response": "Sorry! No relevant content was found in the knowledge base!", "show_quote": True, "tts": False,
        "refine_multiturn": True, "similarity_threshold": 0.2, "keywords_similarity_weight": 0.7, "top_n": 6,
        "rerank_model": "",
    }
    assert made["dataset_ids"] == [dataset] and "datasets" not in made
    assert (made["description"], made["avatar"], made["language"]) == ("A helpful Assistant", "", "English")
    assert (made["prompt_type"], made["do_refer"], made["meta_data_filter"], made["status"]) == ("simple", "1", {}, "1")
    [listed] = wire.data("GET", "/chats", params={"id": made["id"]})
    assert "dataset_ids" not in listed and listed["prompt"]["top_k"] == 1024
    [row] = listed["datasets"]
    assert (row["id"], row["parser_id"], row["chunk_num"]) == (dataset, "naive", 5) and "embd_id" in row and "doc_num" in row
    wire.data("DELETE", "/chats", {"ids": [made["id"]]})


@pytest.mark.parametrize(
    "fields, code, message",
    [
        ({"name": ""}, 102, "`name` is required."),
        ({"name": None}, 102, "`name` is required."),
        ({"tenant_id": "x"}, 102, "`tenant_id` must not be provided."),
        ({"dataset_ids": ["x"]}, 102, "You don't own the dataset x"),
        ({"dataset_ids": "invalid_dataset_id"}, 102, "You don't own the dataset i"),
        ({"llm": {"model_name": "unknown"}}, 102, "`model_name` unknown doesn't exist"),
        ({"prompt": {"rerank_model": "unknown"}}, 102, "`rerank_model` unknown doesn't exist"),
        ({"prompt": {"prompt": "Hello World"}}, 102, "Parameter 'knowledge' is not used"),
    ],
)
def test_refused_chats(wire, fields, code, message):
    wire.refused(code, message, "POST", "/chats", {"name": "refused"} | fields)


def test_a_chat_wants_parsed_datasets_of_one_embedder(wire, dataset, searched):
    message = f"The dataset {dataset} doesn't own parsed file"
    wire.refused(102, message, "POST", "/chats", {"name": "empty", "dataset_ids": [dataset]})


def test_names_of_chats(wire, chat):
    made = wire.data("POST", "/chats", {"name": "Twice"})
    wire.refused(102, "Duplicated chat name in creating chat.", "POST", "/chats", {"name": "tWICE"})
    wire.refused(102, "Duplicated chat name in updating chat.", "PUT", f"/chats/{chat}", {"name": "TWICE"})
    assert wire.call("PUT", f"/chats/{made['id']}", {"name": "TWICE"}) == {"code": 0}
    wire.data("DELETE", "/chats", {"ids": [made["id"]]})
    wire.data("DELETE", "/chats", {"ids": [wire.data("POST", "/chats", {"name": "twice"})["id"]]})


def test_settings_of_chats(wire):
    for body, shown in [
        ({"llm": {"temperature": 0.5, "odd": 1}}, ("llm", {"temperature": 0.5, "odd": 1})),
        ({"prompt": {"similarity_threshold": 1, "top_n": 0}}, ("prompt", {"similarity_threshold": 1, "top_n": 0})),
        ({"prompt": {"keywords_similarity_weight": 0}}, ("prompt", {"keywords_similarity_weight": 1})),
        ({"prompt": {"keywords_similarity_weight": 1}}, ("prompt", {"keywords_similarity_weight": 0})),
        ({"prompt": {"keywords_similarity_weight": 0.7}}, ("prompt", {"keywords_similarity_weight": 1 - 0.7})),
        ({"prompt": {"prompt": "x", "variables": []}}, ("prompt", {"prompt": "x", "variables": []})),
        ({"prompt": {"prompt": None, "empty_response": ""}}, ("prompt", {"prompt": SYSTEM, "empty_response": ""})),
        ({"prompt": {"opener": "Hello", "show_quote": False}}, ("prompt", {"opener": "Hello", "show_quote": False})),
        ({"prompt_config": {"system": "s", "parameters": []}, "top_n": 3}, ("prompt", {"prompt": "s", "top_n": 3})),
    ]:
        made = wire.data("POST", "/chats", {"name": "settings"} | body)
        assert {key: made[shown[0]][key] for key in shown[1]} == shown[1]
        if "llm" in body:
            assert set(made["llm"]) == {"model_name", "temperature", "odd"}
        wire.data("DELETE", "/chats", {"ids": [made["id"]]})


def test_updates_of_chats(wire, searched):
    dataset, _ = searched
    chat = wire.data("POST", "/chats", {"name": "updated", "dataset_ids": [dataset]})["id"]
    path = f"/chats/{chat}"
    shown = lambda: wire.data("GET", "/chats", params={"id": chat})[0]
    body = {"name": "Renamed", "dataset_ids": [dataset], "llm": {"temperature": 0.9}, "prompt": {"top_n": 2}, "avatar": "a", "description": "d"}
    assert wire.call("PUT", path, body) == {"code": 0}
    now = shown()
    assert (now["name"], now["avatar"], now["description"]) == ("Renamed", "a", "d")
    assert (now["llm"]["temperature"], now["llm"]["max_tokens"], now["prompt"]["top_n"]) == (0.9, 512, 2)
    assert now["prompt"]["prompt"] == SYSTEM and len(now["datasets"]) == 1
    assert wire.call("PUT", path, {"name": "Renamed"}) == {"code": 0}
    assert shown()["datasets"] == [], "a missing list clears"
    wire.refused(102, "You do not own the chat", "PUT", "/chats/x", {"name": "a"})
    wire.refused(102, "`name` cannot be empty.", "PUT", path, {"name": ""})
    wire.refused(102, "You don't own the dataset x", "PUT", path, {"dataset_ids": ["x"]})
    wire.refused(102, "`model_name` unknown doesn't exist", "PUT", path, {"llm": {"model_name": "unknown"}})
    wire.refused(102, "Parameter 'knowledge' is not used", "PUT", path, {"prompt": {"prompt": "x"}})
    wire.refused(102, "`rerank_model` x doesn't exist", "PUT", path, {"prompt": {"rerank_model": "x"}})
    for empty in ({"llm": {}}, {"prompt": {}}, {"unknown": 1}):
        answer = wire.call("PUT", path, empty)
        assert answer["code"] == 100 and answer["message"].startswith("ValueError")
    wire.data("DELETE", "/chats", {"ids": [chat]})


def test_lists_and_deletion_of_chats(wire):
    wire.data("DELETE", "/chats", {})
    assert wire.call("GET", "/chats") == {"code": 0, "data": []}
    ids = [wire.data("POST", "/chats", {"name": f"chat_{n}"})["id"] for n in range(5)]
    names = lambda **params: [chat["name"] for chat in wire.data("GET", "/chats", params=params)]
    assert names() == [f"chat_{n}" for n in reversed(range(5))]
    assert names(desc="False") == names(desc="false") == [f"chat_{n}" for n in range(5)]
    assert names(desc="FALSE") == names()
    assert names(page=2, page_size=2) == ["chat_2", "chat_1"] and names(page_size=0) == [] and names(page=9) == []
    assert names(name="CHAT_1") == ["chat_1"] and names(id="", name="") == names()
    for params in ({"id": "x"}, {"name": "x"}, {"id": ids[0], "name": "chat_1"}):
        wire.refused(102, "The chat doesn't exist", "GET", "/chats", params=params)

    data = wire.data("DELETE", "/chats", {"ids": [ids[0], "x"]})
    assert data == {"success_count": 1, "errors": ["Assistant(x) not found."]}
    wire.refused(102, f"Assistant({ids[0]}) not found.", "DELETE", "/chats", {"ids": [ids[0]]})
    data = wire.data("DELETE", "/chats", {"ids": [ids[1], ids[1]]})
    assert data == {"success_count": 1, "errors": [f"Duplicate assistant ids: {ids[1]}"]}
    assert wire.call("DELETE", "/chats", {"ids": [ids[2]]}) == {"code": 0}
    wire.refused(100, "AttributeError(\"'str' object has no attribute 'get'\")", "DELETE", "/chats", "x")
    assert wire.call("DELETE", "/chats") == {"code": 0}
    assert names() == []


def test_a_chat_survives_its_dataset(wire):
    dataset = wire.dataset("short-lived")["id"]
    document = wire.upload(dataset, ("a.txt", b"x"))[0]["id"]
    wire.data("POST", f"/datasets/{dataset}/documents/{document}/chunks", {"content": "chunk"})
    chat = wire.data("POST", "/chats", {"name": "survivor", "dataset_ids": [dataset]})["id"]
    wire.data("DELETE", "/datasets", {"ids": [dataset]})
    assert wire.data("GET", "/chats", params={"id": chat})[0]["datasets"] == []
    wire.data("DELETE", "/chats", {"ids": [chat]})


# --- sessions


def test_sessions(wire, chat):
    path = f"/chats/{chat}/sessions"
    made = wire.data("POST", path, {"name": "first", "user_id": "u"})
    assert set(made) == set("id chat_id name user_id messages create_time create_date update_time update_date".split())
    opener = {"role": "assistant", "content": "Hi! I'm your assistant. What can I do for you?"}
    assert (made["chat_id"], made["messages"], made["user_id"]) == (chat, [opener], "u")
    assert wire.data("POST", path, {})["name"] == "New session"
    assert wire.data("POST", path, {"name": "FIRST"})["name"] == "FIRST"
    assert len(wire.data("POST", path, {"name": "a" * 255})["name"]) == 255
    wire.refused(102, "`name` can not be empty.", "POST", path, {"name": ""})
    wire.refused(102, "You do not own the assistant.", "POST", "/chats/x/sessions", {"name": "a"})

    listed = wire.data("GET", path)
    assert len(listed) == 4 and listed[-1]["id"] == made["id"]
    assert listed[-1]["messages"] == [opener | {"reference": []}]
    find = lambda **params: [session["name"] for session in wire.data("GET", path, params=params)]
    assert find(name="first") == ["first"] and find(id=made["id"]) == ["first"] and find(user_id="u") == ["first"]
    assert find(id="x") == find(name="x") == find(id=made["id"], name="FIRST") == []
    assert find(page=2, page_size=3) == ["first"] and find(page_size=0) == []
    assert find(desc="false")[0] == "first"
    wire.refused(102, "You don't own the assistant x.", "GET", "/chats/x/sessions")


def test_updates_of_sessions(wire, chat):
    session = wire.data("POST", f"/chats/{chat}/sessions", {"name": "a"})["id"]
    path = f"/chats/{chat}/sessions/{session}"
    assert wire.call("PUT", path, {"name": "b", "user_id": "u"}) == {"code": 0}
    assert wire.data("GET", f"/chats/{chat}/sessions")[0]["name"] == "b"
    wire.refused(102, "Session does not exist", "PUT", f"/chats/{chat}/sessions/x", {"name": "b"})
    wire.refused(102, "Session does not exist", "PUT", f"/chats/invalid_chat_assistant_id/sessions/{session}", {"name": "b"})
    wire.refused(102, "`message` can not be change", "PUT", path, {"messages": []})
    wire.refused(102, "`message` can not be change", "PUT", path, {"message": []})
    wire.refused(102, "`reference` can not be change", "PUT", path, {"reference": []})
    wire.refused(102, "`name` can not be empty.", "PUT", path, {"name": ""})
    answer = wire.call("PUT", path, {"unknown": 1})
    assert answer["code"] == 100 and answer["message"].startswith("ValueError")


def test_deletion_of_sessions(wire, chat):
    path = f"/chats/{chat}/sessions"
    ids = [wire.data("POST", path, {"name": str(n)})["id"] for n in range(5)]
    foreign = "The chat doesn't own the session {}".format
    data = wire.data("DELETE", path, {"ids": [ids[0], "x"]})
    assert data == {"success_count": 1, "errors": [foreign("x")]}
    wire.refused(102, f"{foreign('x')}; {foreign('y')}", "DELETE", path, {"ids": ["x", "y"]})
    data = wire.data("DELETE", path, {"ids": [ids[1], ids[1]]})
    assert data == {"success_count": 1, "errors": [f"Duplicate session ids: {ids[1]}"]}
    wire.refused(102, "You don't own the chat", "DELETE", "/chats/x/sessions", {"ids": ids})
    wire.refused(100, "AttributeError(\"'str' object has no attribute 'get'\")", "DELETE", path, "x")
    assert wire.call("DELETE", path, {"ids": None}) == {"code": 0}
    assert wire.data("GET", path) == []


def test_sessions_of_a_deleted_chat(wire):
    chat = wire.data("POST", "/chats", {"name": "deleted"})["id"]
    session = wire.data("POST", f"/chats/{chat}/sessions", {})["id"]
    wire.data("DELETE", "/chats", {"ids": [chat]})
    wire.refused(102, "You do not own the assistant.", "POST", f"/chats/{chat}/sessions", {})
    wire.refused(102, f"You don't own the assistant {chat}.", "GET", f"/chats/{chat}/sessions")
    wire.refused(102, "You do not own the session", "PUT", f"/chats/{chat}/sessions/{session}", {"name": "a"})
    wire.refused(102, "You don't own the chat", "DELETE", f"/chats/{chat}/sessions", {"ids": [session]})


# --- completions


def frames(answer):
    assert answer.headers["content-type"] == "text/event-stream; charset=utf-8"
    parts = answer.content.decode().split("\n\n")
    assert parts[-1] == ""
    assert all(part.startswith("data:") and not part.startswith("data: ") for part in parts[:-1])
    return [part[5:] for part in parts[:-1]]


@pytest.fixture
def asked(wire, searched):
    """A chat over the searched dataset with a session."""
    dataset, _ = searched
    chat = wire.data("POST", "/chats", {"name": f"asked {uuid.uuid4()}", "dataset_ids": [dataset]})["id"]
    yield chat, wire.data("POST", f"/chats/{chat}/sessions", {})["id"]
    wire.call("DELETE", "/chats", {"ids": [chat]})


def test_a_question_without_a_session_is_not_answered(wire, asked):
    chat, _ = asked
    path = f"/chats/{chat}/completions"
    data = wire.data("POST", path, {"question": "q", "stream": False})
    session = data.pop("session_id")
    opener = "Hi! I'm your assistant. What can I do for you?"
    assert data == {"answer": opener, "reference": {}, "audio_binary": None, "id": None}
    assert wire.data("GET", f"/chats/{chat}/sessions", params={"id": session})[0]["name"] == "New session"
    first, last = frames(wire.raw("POST", "/api/v1" + path, json={"question": "q"}))
    assert json.loads(first)["data"]["answer"] == opener and json.loads(first)["message"] == ""
    assert json.loads(last) == {"code": 0, "message": "", "data": True}


def test_refused_questions(wire, asked):
    chat, session = asked
    path = f"/chats/{chat}/completions"
    wire.refused(102, "You don't own the chat x", "POST", "/chats/x/completions", {"question": "q"})
    wire.refused(102, "You don't own the session x", "POST", path, {"question": "q", "session_id": "x"})
    body = {"question": "q", "session_id": session, "metadata_condition": "x"}
    wire.refused(102, "metadata_condition must be an object.", "POST", path, body)
    answer = wire.call("POST", path, {"session_id": session, "stream": False})
    assert answer["code"] == 100 and answer["message"].startswith("TypeError")


def test_answers(wire, asked):
    chat, session = asked
    body = {"question": "chunk test 1", "session_id": session, "stream": False}
    data = wire.data("POST", f"/chats/{chat}/completions", body)
    assert set(data) == set("answer reference prompt created_at audio_binary id session_id".split())
    assert data["session_id"] == session and data["answer"] and uuid.UUID(data["id"]).version == 4
    assert set(data["reference"]) == {"total", "chunks", "doc_aggs"}
    assert set(data["reference"]["chunks"][0]) == set(
        "id content document_id document_name dataset_id image_id positions url similarity vector_similarity "
        "term_similarity doc_type".split()
    )
    [listed] = wire.data("GET", f"/chats/{chat}/sessions")
    opener, question, answer = listed["messages"]
    assert (question["role"], question["content"], question["id"]) == ("user", "chunk test 1", data["id"])
    assert (answer["role"], answer["id"]) == ("assistant", data["id"])
    assert set(answer["reference"][0]) == set("id content document_id document_name dataset_id image_id positions".split())


def test_delta_streams(wire, asked):
    chat, session = asked
    body = {"question": "chunk test 1", "session_id": session, "legacy": False}
    parts = [json.loads(f) for f in frames(wire.raw("POST", f"/api/v1/chats/{chat}/completions", json=body))]
    *deltas, final, end = parts
    assert end == {"code": 0, "data": True}
    assert all("message" not in part for part in parts)
    assert deltas and all(d["data"]["final"] is False and d["data"]["reference"] == {"chunks": []} for d in deltas)
    assert final["data"]["final"] is True and final["data"]["answer"] == "" and final["data"]["reference"]["chunks"]
    assert "".join(d["data"]["answer"] for d in deltas)


def test_cumulative_streams(wire, asked):
    chat, session = asked
    body = {"question": "chunk test 1", "session_id": session, "legacy": True}
    parts = [json.loads(f) for f in frames(wire.raw("POST", f"/api/v1/chats/{chat}/completions", json=body))]
    *texts, end = parts
    assert end == {"code": 0, "message": "", "data": True}
    answers = [part["data"]["answer"] for part in texts]
    assert all(later.startswith(earlier) for earlier, later in zip(answers[:-2], answers[1:-1]))
    assert texts[-1]["data"]["reference"]["chunks"] and texts[0]["data"]["chat_id"] == chat


def test_nothing_found(wire, asked):
    chat, session = asked
    body = {"question": "zyzzyva quokka", "session_id": session}
    parts = [json.loads(f) for f in frames(wire.raw("POST", f"/api/v1/chats/{chat}/completions", json=body))]
    assert parts[-2]["data"]["final"] is True
    assert parts[-2]["data"]["answer"] == "Sorry! No relevant content was found in the knowledge base!"


# --- the OpenAI-like route


def test_openai_like_refusals(wire, asked):
    chat, _ = asked
    path = f"/chats_openai/{chat}/chat/completions"
    question = [{"role": "user", "content": "q"}]
    missing = {"code": 101, "message": "required argument are missing: model,messages; ", "data": None}
    assert wire.call("POST", path, {}, headers={"Authorization": None}) == missing, "before the key"
    answer = wire.call("POST", path, {"model": "m", "messages": question}, headers={"Authorization": "Bearer x"})
    assert answer["code"] == 109
    refused = lambda message, **body: wire.refused(102, message, "POST", path, {"model": "m", "messages": question} | body)
    refused("extra_body must be an object.", extra_body="x")
    refused("You have to provide messages.", messages=[])
    refused("The last content of this conversation is not from user.", messages=[{"role": "assistant", "content": "a"}])
    refused("metadata_condition must be an object.", extra_body={"metadata_condition": "x"})
    wire.refused(102, "You don't own the chat x", "POST", "/chats_openai/x/chat/completions", {"model": "m", "messages": question})


def test_openai_like_answers(wire, asked):
    chat, _ = asked
    body = {"model": "any", "messages": [{"role": "user", "content": "chunk test 1"}], "stream": False}
    answer = wire.raw("POST", f"/api/v1/chats_openai/{chat}/chat/completions", json=body).json()
    assert (answer["object"], answer["model"], answer["id"]) == ("chat.completion", "any", f"chatcmpl-{chat}")
    [choice] = answer["choices"]
    assert choice["finish_reason"] == "stop" and set(choice["message"]) == {"role", "content"}
    usage = answer["usage"]
    assert usage["prompt_tokens"] > 0 and usage["completion_tokens"] > 0
    assert usage["total_tokens"] == usage["prompt_tokens"] + usage["completion_tokens"]
    answer = wire.raw("POST", f"/api/v1/chats_openai/{chat}/chat/completions", json=body | {"extra_body": {"reference": True}}).json()
    assert answer["choices"][0]["message"]["reference"][0]["document_name"] == "ragflow_test_upload_0.txt"


def test_openai_like_streams(wire, asked):
    chat, _ = asked
    body = {"model": "any", "messages": [{"role": "user", "content": "chunk test 1"}], "extra_body": {"reference": True}}
    *chunks, done = frames(wire.raw("POST", f"/api/v1/chats_openai/{chat}/chat/completions", json=body))
    assert done == "[DONE]"
    chunks = [json.loads(chunk) for chunk in chunks]
    assert {chunk["model"] for chunk in chunks} == {"model"}
    last = chunks[-1]["choices"][0]
    assert last["finish_reason"] == "stop" and last["delta"]["content"] is None and last["delta"]["reference"]
    text = "".join(chunk["choices"][0]["delta"]["content"] or "" for chunk in chunks)
    assert text and last["delta"]["final_content"]
    assert chunks[-1]["usage"]["total_tokens"] > 0 and chunks[0]["usage"] is None
