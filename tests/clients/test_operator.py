"""The operator's half of the plugin platform: install, grant, replace and remove while the server runs."""

import hashlib
import os
import threading
import time

import pytest
import requests
from conftest import COMPONENTS, KEY_OF_THE_MODEL, another, guest

TEXT = b"One is here. Two is here. Three is here. Four is here. Five is here."


def chunks(server, dataset, document):
    return [c["content"] for c in server.api("GET", f"/datasets/{dataset}/documents/{document}/chunks")["chunks"]]


def cut(server, method, **config):
    """The chunks of one small document."""
    dataset = server.dataset(f"{method}-{time.monotonic_ns()}", chunk_method=method, parser_config=config or None)
    (document,) = server.upload(dataset, ("five.txt", TEXT))
    ended = server.parse(dataset, [document])["five.txt"]
    assert ended["run"] == "DONE", ended["progress_msg"]
    return chunks(server, dataset, document["id"])


def test_a_component_is_installed_while_the_server_runs_and_outlives_it(make_server):
    server = make_server().start()
    refused = server.call("POST", "/api/v1/datasets", json={"name": "x", "chunk_method": "sentences"}).json()
    assert refused["code"] == 101 and "'sentences'" not in refused["message"]
    installed = server.install(guest("third_party"))
    digest = "sha256:" + hashlib.sha256(guest("third_party").read_bytes()).hexdigest()
    assert (installed["role"], installed["name"], installed["digest"]) == ("chunker", "sentences", digest)
    assert installed["source"] == "installed" and installed["trust"] == {"verdict": "unsigned"}
    assert installed["config_schema"]["properties"]["sentences_per_chunk"]
    assert len(cut(server, "sentences", sentences_per_chunk=2)) == 3
    # Killed, not stopped: what was acknowledged is kept.
    server.kill()
    server.start()
    assert len(cut(server, "sentences", sentences_per_chunk=2)) == 3
    server.admin("DELETE", "/plugins/chunker/sentences", 204)
    assert server.call("POST", "/api/v1/datasets", json={"name": "y", "chunk_method": "sentences"}).json()["code"] == 101
    server.admin("GET", "/plugins/chunker/sentences", 404)


def test_generations_are_kept_and_gone_back_to(make_server):
    server = make_server().start()
    first = server.install(guest("third_party"), name="cut", config={"sentences_per_chunk": 1})
    second = server.install(another(guest("third_party"), "two"), name="cut", config={"sentences_per_chunk": 5})
    assert first["digest"] != second["digest"]
    assert [g["active"] for g in second["generations"]] == [False, True]
    assert len(cut(server, "cut")) == 1
    back = server.admin("POST", "/plugins/chunker/cut/rollback")
    assert back["digest"] == first["digest"] and [g["active"] for g in back["generations"]] == [True, False]
    assert len(cut(server, "cut")) == 5
    server.kill()
    server.start()
    assert server.admin("GET", "/plugins/chunker/cut")["digest"] == first["digest"]
    assert server.admin("POST", "/plugins/chunker/cut/rollback", 404)["error"]["code"] == "not-found"
    forward = server.admin("POST", "/plugins/chunker/cut/rollback", json={"generation": 2})
    assert forward["digest"] == second["digest"]


def test_what_does_not_fit_is_refused_by_name_and_changes_nothing(make_server):
    server = make_server().start()
    server.install(guest("third_party"), name="cut")
    before = server.admin("GET", "/plugins/chunker/cut")

    def refused(status, field, component=guest("third_party"), **spec):
        error = server.install(component, status, name="cut", **spec)["error"]
        assert error.get("field") == field, error
        return error["message"]

    assert "sentences_per_chunk" in refused(422, "config.sentences_per_chunk", config={"sentences_per_chunk": 0}) or True
    refused(422, "http", grants={"http": ["http://no-host"]})
    assert "sha256:" in refused(422, "digest", digest="sha256:" + "0" * 64)
    assert "not a WebAssembly file" in refused(422, "component", component=b"hello")
    assert "0.0.9" in refused(422, "component", component=guest("old_contract"))
    refused(422, "spec", nonsense=1)
    refused(404, None, tenant="nobody")
    assert server.admin("GET", "/plugins/chunker/cut") == before
    assert server.admin("POST", "/plugins", 422, json={"source": "/no/such/file.wasm"})["error"]["field"] == "source"


def test_the_key_of_a_tenant_opens_no_administration(make_server):
    server = make_server().start()
    for headers in ({}, {"Authorization": f"Bearer {server.key}"}, {"Authorization": "Bearer "}):
        for method, path in (("GET", "/admin/v1/plugins"), ("POST", "/admin/v1/plugins"), ("GET", "/metrics")):
            answer = requests.request(method, server.url + path, headers=headers, timeout=30)
            assert answer.status_code == 401 and answer.json()["error"]["code"] == "unauthenticated", answer.text
    assert (server.data / "admin.key").stat().st_mode & 0o077 == 0


def test_a_built_in_is_replaced_and_comes_back(make_server):
    server = make_server().start()
    assert server.admin("DELETE", "/plugins/chunker/naive", 409)["error"]["code"] == "conflict"
    server.install(guest("third_party"), name="naive", config={"sentences_per_chunk": 1})
    assert len(cut(server, "naive")) == 5
    server.admin("DELETE", "/plugins/chunker/naive", 204)
    assert len(cut(server, "naive")) == 1


def test_plugins_of_the_settings_file_are_changed_there(make_server):
    server = make_server(f'[plugins.mine]\npath = "{guest("third_party")}"\n').start()
    assert server.admin("GET", "/plugins/chunker/mine")["source"] == "settings"
    for call in (
        lambda: server.install(guest("third_party"), 409, name="mine"),
        lambda: server.admin("DELETE", "/plugins/chunker/mine", 409),
        lambda: server.admin("POST", "/plugins/chunker/mine/grant", 409, json={"http": ["a.example"]}),
    ):
        assert "settings file" in call()["error"]["message"]


def test_grants_are_given_and_taken_and_secrets_never_shown(make_server, model_server):
    address = model_server.removeprefix("http://")
    server = make_server().start()
    config = {"base_url": f"http://{address}/v1", "model": "echo-citation", "max_retries": 0}
    server.install(COMPONENTS / "mortise_chat_openai.wasm", name="gpt", config=config)

    def answer():
        body = {"model": "gpt", "messages": [{"role": "user", "content": "Say something."}], "stream": False}
        chat = server.api("POST", "/chats", {"name": f"c{time.monotonic_ns()}", "llm": {"model_name": "gpt"}})["id"]
        return server.call("POST", f"/api/v1/chats_openai/{chat}/chat/completions", json=body).text

    assert "not granted" in answer()
    secret = {"name": "openai", "host": address, "value": KEY_OF_THE_MODEL}
    granted = server.admin(
        "POST", "/plugins/chat-model/gpt/grant",
        json={"http": [address], "allow_private": True, "secrets": [secret]},
    )
    assert granted["grants"]["http"] == [address] and KEY_OF_THE_MODEL not in str(granted)
    assert "not granted" not in answer()
    assert KEY_OF_THE_MODEL not in str(server.admin("GET", "/plugins"))
    server.kill()
    server.start()
    assert "not granted" not in answer()
    revoked = server.admin("POST", "/plugins/chat-model/gpt/revoke", json={"http": [address]})
    assert revoked["grants"]["http"] == []
    assert "not granted" in answer()
    assert server.admin("GET", "/plugins/chat-model/gpt")["stats"]["faults"].get("denied", 0) >= 1


def test_replacing_and_rolling_back_under_load_fails_no_request(make_server):
    server = make_server().start()
    overlap = COMPONENTS / "mortise_reranker_overlap.wasm"
    server.install(overlap, name="rank")
    dataset = server.dataset("load")
    server.parse(dataset, server.upload(dataset, ("five.txt", TEXT)))
    stop, failed, done = threading.Event(), [], []

    def ask():
        body = {"dataset_ids": [dataset], "question": "Which is here?", "rerank_id": "rank", "similarity_threshold": 0}
        while not stop.is_set():
            answer = server.call("POST", "/api/v1/retrieval", json=body).json()
            good = answer["code"] == 0 and answer["data"]["chunks"]
            (done if good else failed).append(answer)

    def parse():
        while not stop.is_set():
            made = server.dataset(f"load-{time.monotonic_ns()}")
            (document,) = server.upload(made, ("five.txt", TEXT))
            ended = server.parse(made, [document])["five.txt"]
            (done if ended["run"] == "DONE" else failed).append(ended)

    threads = [threading.Thread(target=ask) for _ in range(3)] + [threading.Thread(target=parse)]
    for thread in threads:
        thread.start()
    for turn in range(12):
        server.install(another(overlap, f"r{turn}"), name="rank")
        server.install(another(COMPONENTS / "mortise_chunker_naive.wasm", f"c{turn}"), name="naive")
        if turn % 3 == 2:
            server.admin("POST", "/plugins/reranker/rank/rollback")
            server.admin("POST", "/plugins/chunker/naive/rollback")
    stop.set()
    for thread in threads:
        thread.join()
    print(f"\n{len(done)} requests while plugins were replaced 32 times, {len(failed)} failed")
    assert not failed and len(done) > 20, failed[:3]


def test_a_tenant_has_plugins_names_and_keys_of_its_own(make_server):
    settings = f"""
[tenants.acme]
api_key = "ragflow-acme"
[tenants.acme.plugins.mine]
path = "{guest("third_party")}"
config = {{ sentences_per_chunk = 1 }}
[tenants.acme.aliases.chat-model]
"gpt-4o@OpenAI" = "extract"
[tenants.globex]
api_key_env = "GLOBEX_KEY"
"""
    server = make_server(settings, environment={"GLOBEX_KEY": "ragflow-globex"}).start()
    keys = {"operator": server.key, "acme": "ragflow-acme", "globex": "ragflow-globex"}

    def as_(who):
        server.key = keys[who]
        return server

    assert len(cut(as_("acme"), "mine")) == 5
    acme = server.api("GET", "/datasets")[0]["id"]
    for who in ("operator", "globex"):
        answer = as_(who).call("POST", "/api/v1/datasets", json={"name": "x", "chunk_method": "mine"}).json()
        assert answer["code"] == 101 and "'mine'" not in answer["message"].split("Input should be")[-1], answer
        assert server.call("GET", f"/api/v1/datasets/{acme}/documents").json()["code"] != 0
    chat = {"name": "c", "llm": {"model_name": "gpt-4o@OpenAI"}}
    assert as_("acme").call("POST", "/api/v1/chats", json=chat).json()["code"] == 0
    assert "doesn't exist" in as_("globex").call("POST", "/api/v1/chats", json=chat).json()["message"]
    # Installed for one tenant by the operator, with settings of its own.
    server.install(guest("third_party"), name="own", tenant="globex", config={"sentences_per_chunk": 5})
    assert len(cut(as_("globex"), "own")) == 1
    assert as_("acme").call("POST", "/api/v1/datasets", json={"name": "z", "chunk_method": "own"}).json()["code"] == 101
    server.admin("GET", "/plugins/chunker/own", 404)
    assert server.admin("GET", "/plugins/chunker/own?tenant=globex")["tenant"]


def test_commands_reach_the_running_server_or_the_data(make_server):
    server = make_server().start()
    printed = server.mortise("plugin", "install", guest("third_party"), "--name", "cut")
    assert "installed chunker cut" in printed
    assert len(cut(server, "cut")) >= 1
    listed = server.mortise("plugin", "list")
    assert "cut" in listed and "installed" in listed and "unsigned" in listed
    server.stop()
    assert not (server.data / "address").exists()
    server.mortise("plugin", "install", COMPONENTS / "mortise_chat_openai.wasm", "--name", "gpt", "--http", "api.openai.com",
                   "--settings-json", '{"model": "m", "base_url": "https://api.openai.com/v1"}',
                   "--secret", "openai=api.openai.com:SOME_KEY", environment={"SOME_KEY": "sk-1"})
    listed = server.mortise("plugin", "list")
    assert "http api.openai.com" in listed and "secret openai to api.openai.com" in listed and "sk-1" not in listed
    assert "no grants" in server.mortise("plugin", "revoke", "gpt", "--http", "api.openai.com", "--secret", "openai")
    assert "removed cut" in server.mortise("plugin", "remove", "cut")
    missing = server.mortise("plugin", "remove", "cut", check=False)
    assert missing.returncode == 1 and "no plugin is called" in missing.stderr
    server.start()
    assert server.admin("GET", "/plugins/chat-model/gpt")["grants"]["http"] == []


def test_metrics_count_calls_and_faults(make_server):
    server = make_server().start()
    server.install(guest("traps"), name="traps")
    dataset = server.dataset("faults", chunk_method="traps")
    (document,) = server.upload(dataset, ("five.txt", TEXT))
    assert server.parse(dataset, [document])["five.txt"]["run"] == "FAIL"
    key = (server.data / "admin.key").read_text()
    text = requests.get(server.url + "/metrics", headers={"Authorization": f"Bearer {key}"}, timeout=30).text
    families = parse_metrics(text)
    of = {"role": "chunker", "plugin": "traps"}
    assert value(families, "mortise_plugin_faults_total", **of, kind="trapped") == 1
    assert value(families, "mortise_plugin_calls_total", **of) == 1
    assert value(families, "mortise_plugin_call_seconds_count", **of) == 1
    assert value(families, "mortise_plugin_peak_memory_bytes", **of) > 65536
    assert value(families, "mortise_plugin_calls_total", role="parser", plugin="text") == 1
    assert "no chunks from" in server.admin("GET", "/plugins/chunker/traps")["stats"]["last_fault"]["reason"]
    assert "last fault" in server.mortise("plugin", "list")
    # Installations that were refused are counted too, and what is installed goes on.
    for name, why in (("mute", "describe:trapped"), ("wrong_world", "package")):
        refused = server.install(guest(name), name=name, status=422)
        assert refused["error"]["message"], refused
        text = requests.get(server.url + "/metrics", headers={"Authorization": f"Bearer {key}"}, timeout=30).text
        assert value(parse_metrics(text), "mortise_plugin_installations_refused_total", reason=why) == 1, text


def parse_metrics(text):
    from prometheus_client.parser import text_string_to_metric_families

    return {sample.name: [] for family in text_string_to_metric_families(text) for sample in family.samples} | {
        name: samples for name, samples in _by_name(text).items()
    }


def _by_name(text):
    from prometheus_client.parser import text_string_to_metric_families

    found = {}
    for family in text_string_to_metric_families(text):
        for sample in family.samples:
            found.setdefault(sample.name, []).append(sample)
    return found


def value(families, name, **labels):
    (sample,) = [s for s in families[name] if all(s.labels.get(k) == v for k, v in labels.items())]
    return sample.value


def test_the_api_describes_itself(make_server):
    from openapi_spec_validator import validate

    server = make_server().start()
    described = requests.get(server.url + "/admin/v1/openapi.json", timeout=30).json()
    validate(described)
    assert set(described["paths"]) == {
        "/admin/v1/plugins", "/admin/v1/plugins/{role}/{name}", "/metrics",
        *(f"/admin/v1/plugins/{{role}}/{{name}}/{verb}" for verb in ("grant", "revoke", "rollback", "verify")),
    }
    for answer in (server.admin("GET", "/plugins"), {"plugins": [server.install(guest("third_party"))]}):
        for plugin in answer["plugins"]:
            required = described["components"]["schemas"]["Plugin"]["required"]
            assert set(required) <= set(plugin), set(required) - set(plugin)


@pytest.mark.parametrize(
    "settings, line, words",
    [
        ("[ingest]\nworker = 2\n", 2, ["ingest.worker", "did you mean `ingest.workers`"]),
        ('[plugins.x]\npath = "missing.wasm"\n', 2, ["plugins.x.path", "missing.wasm"]),
        ('[plugins.x]\nbuiltin = "naiv"\n', 2, ["plugins.x.builtin", "naive"]),
        ('\n[plugins.x]\nbuiltin = "openai"\nconfig = { model = "m", base_url = "https://api.example.com/v1" }\n', 2,
         ["asks for HTTP", 'http = ["api.example.com"]']),
        ('[plugins.x]\nbuiltin = "openai"\nhttp = ["a.example"]\n[plugins.x.config]\nbase_url = "https://a.example"\n'
         'model = "m"\nmodle = "n"\n', 7, ["plugins.x.config.modle", "did you mean `model`"]),
        ('[plugins.x]\nbuiltin = "naive"\nconfig.chunk_token_num = "many"\n', 3, ["plugins.x.config.chunk_token_num"]),
        ('[plugins.x]\nbuiltin = "naive"\ndigest = "sha256:00"\n', 3, ["plugins.x.digest", "sha256:"]),
        ('[plugins.x]\nbuiltin = "openai"\nhttp = ["a.example"]\nconfig = { model = "m", base_url = "https://a.example" }\n'
         '[plugins.x.secrets.key]\nhost = "a.example"\nenv = "NO_SUCH_VARIABLE"\n', 7, ["NO_SUCH_VARIABLE"]),
        ('[aliases.chunker]\nbook = "naife"\n', 2, ['alias "book"', "naive"]),
        ('[limits]\nparser_seconds = "soon"\n', 2, ["limits.parser_seconds"]),
        ("[tenants.acme.plugins.x]\nbuiltin = \"naive\"\npath = \"y\"\n", 1, ["tenants.acme.plugins.x", "give one of"]),
    ],
)
def test_settings_that_do_not_fit_are_told_with_line_and_remedy(make_server, settings, line, words):
    server = make_server(settings)
    checked = server.mortise("check", check=False)
    assert checked.returncode == 1
    assert f"{server.settings}:{line}: " in checked.stderr, checked.stderr
    for word in words:
        assert word in checked.stderr, checked.stderr
    server.start(expect_ready=False)
    assert server.process.returncode == 1 and f"{server.settings}:{line}: " in server.text(), server.text()


def test_sound_settings_pass_the_check(make_server):
    server = make_server(f'[plugins.x]\npath = "{guest("third_party")}"\nconfig = {{ sentences_per_chunk = 2 }}\n')
    assert "the settings fit: 1 plugin" in server.mortise("check")
    assert not server.data.exists() or not (server.data / "mortise.db").exists()
