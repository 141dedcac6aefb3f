"""A chunker from outside the workspace, installed by configuration, is a chunk method like any other."""

import pytest
from conftest import guest
from ragflow_sdk import DataSet, RAGFlow

TEXT = b"One is here. Two is here. Three is here. Four is here. Five is here."


def settings():
    return f'[plugins.sentences]\npath = "{guest("third_party")}"\n'


def test_it_is_used_as_chunk_method_through_the_sdk(make_server):
    server = make_server(settings()).start()
    client = RAGFlow(server.key, server.url)
    dataset = client.create_dataset(name="third-party", chunk_method="sentences")
    assert dataset.chunk_method == "sentences"
    config = DataSet.ParserConfig(client, {"sentences_per_chunk": 2})
    dataset.update({"parser_config": config.to_json()})
    documents = dataset.upload_documents([{"display_name": "five.txt", "blob": TEXT}])
    ended = dataset.parse_documents([d.id for d in documents])
    assert [state for _, state, _, _ in ended] == ["DONE"], dataset.list_documents()[0].progress_msg
    chunks = [c.content for c in dataset.list_documents()[0].list_chunks()]
    assert chunks == ["One is here. Two is here.", "Three is here. Four is here.", "Five is here."]
    client.delete_datasets([dataset.id])


def test_its_settings_are_checked_by_its_own_schema(make_server):
    server = make_server(settings()).start()
    dataset = server.dataset("strict", chunk_method="sentences")
    answer = server.call("PUT", f"/api/v1/datasets/{dataset}", json={"parser_config": {"sentences_per_chunk": 0}}).json()
    assert answer["code"] == 101 and "sentences_per_chunk" in answer["message"], answer


def test_an_unknown_method_is_refused_and_the_installed_ones_are_named(make_server):
    server = make_server(settings()).start()
    answer = server.call("POST", "/api/v1/datasets", json={"name": "x", "chunk_method": "sentence"}).json()
    assert answer["code"] == 101
    assert "sentences" in answer["message"] and "naive" in answer["message"]


def test_a_component_that_is_no_plugin_is_refused_at_start(make_server):
    server = make_server(f'[plugins.broken]\npath = "{guest("wrong_world")}"\n').start(expect_ready=False)
    assert server.process.returncode == 1
    assert "plugins.broken" in server.text() and "mortise:plugin" in server.text(), server.text()


def test_a_component_of_another_contract_is_told_both_versions(make_server):
    server = make_server(f'[plugins.old]\npath = "{guest("old_contract")}"\n').start(expect_ready=False)
    assert server.process.returncode == 1
    assert "0.0.9" in server.text() and "0.1.0" in server.text(), server.text()


def test_a_text_file_is_no_component(make_server, tmp_path):
    path = tmp_path / "not.wasm"
    path.write_text("hello")
    server = make_server(f'[plugins.text]\npath = "{path}"\n').start(expect_ready=False)
    assert server.process.returncode == 1 and "plugins.text" in server.text()


@pytest.mark.parametrize("field", ["path", "builtin"])
def test_a_missing_component_is_named(make_server, field):
    server = make_server(f'[plugins.gone]\n{field} = "nowhere"\n').start(expect_ready=False)
    assert server.process.returncode == 1 and "nowhere" in server.text()
