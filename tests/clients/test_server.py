"""Starting, stopping, settings, keys, health."""

import os
import re
import stat
import subprocess

import requests
from conftest import ROOT, Server


def mortise(*arguments, **environment):
    binary = os.environ.get("TEST_BINARY", ROOT / "target" / "debug" / "mortise")
    clean = {k: v for k, v in os.environ.items() if not k.startswith("MORTISE_")} | environment
    return subprocess.run([str(binary), *map(str, arguments)], capture_output=True, text=True, env=clean, timeout=120)


def test_health_and_version(server):
    assert requests.get(server.url + "/livez", timeout=10).status_code == 200
    assert requests.get(server.url + "/readyz", timeout=10).status_code == 200
    assert re.fullmatch(r"\d+\.\d+\.\d+", requests.get(server.url + "/version", timeout=10).json()["version"])


def test_the_first_start_prints_a_key_once(make_server):
    server = make_server(key=None).start()
    found = [re.search(r"ragflow-[A-Za-z0-9_-]{43}$", line) for line in server.printed]
    keys = [f.group(0) for f in found if f]
    assert len(keys) == 1
    server.key = keys[0]
    assert server.api("GET", "/datasets") == []
    assert server.stop() == 0
    server.key = None
    server.start()
    assert not any("ragflow-" in line for line in server.printed)
    server.key = keys[0]
    assert server.api("GET", "/datasets") == []
    stored = b"".join(p.read_bytes() for p in server.data.rglob("mortise.db*"))
    assert keys[0].encode() not in stored, "keys are stored hashed"


def test_beyond_loopback_only_with_a_key_of_the_operator(tmp_path):
    refused = mortise("serve", "--listen", "0.0.0.0:0", "--data-dir", tmp_path / "d")
    assert refused.returncode == 1 and "MORTISE_API_KEY" in refused.stderr


def test_settings_and_their_origins(tmp_path):
    file = tmp_path / "m.toml"
    file.write_text('listen = "127.0.0.1:1"\n[ingest]\nworkers = 7\n')
    printed = mortise("config", "--config", file, "--listen", "127.0.0.1:3", MORTISE_DATA_DIR="elsewhere", MORTISE_API_KEY="ragflow-x")
    assert printed.returncode == 0, printed.stderr
    assert 'listen = "127.0.0.1:3"  # command line' in printed.stdout
    assert 'data_dir = "elsewhere"  # MORTISE_DATA_DIR' in printed.stdout
    assert f"ingest.workers = 7  # {file}" in printed.stdout
    assert "ragflow-x" not in printed.stdout
    file.write_text("[ingest]\nworker = 7\n")
    wrong = mortise("config", "--config", file)
    assert wrong.returncode == 1 and "ingest.worker" in wrong.stderr and str(file) in wrong.stderr
    assert mortise("config", MORTISE_NONSENSE="1").returncode == 1


def test_two_servers_never_share_a_folder(make_server):
    server = make_server().start()
    other = Server(server.data, key=server.key).start(expect_ready=False)
    assert other.process.returncode == 1 and str(server.data) in other.text(), other.text()


def test_default_models_follow_the_settings(make_server):
    server = make_server().start()
    assert server.api("POST", "/chats", {"name": "before"})["llm"]["model_name"] == "extract@Builtin"
    assert server.stop() == 0
    server.settings.write_text('[models]\nchat = "other"\n[plugins.other]\nbuiltin = "extract"\n')
    server.start()
    assert server.api("POST", "/chats", {"name": "after"})["llm"]["model_name"] == "other"
    assert {c["name"] for c in server.api("GET", "/chats")} == {"before", "after"}


def test_compiled_plugins_are_private(make_server, tmp_path):
    cache = tmp_path / "plugins"
    make_server(environment={"MORTISE_PLUGIN_CACHE": str(cache)}).start()
    assert stat.S_IMODE(cache.stat().st_mode) == 0o700


def test_installed_plugins_are_listed(tmp_path):
    printed = mortise("plugin", "list", "--data-dir", tmp_path / "d", MORTISE_PLUGIN_CACHE=os.environ.get("TEST_PLUGIN_CACHE", str(tmp_path / "c")))
    assert printed.returncode == 0, printed.stderr
    for name in ("text", "markdown", "html", "pdf", "docx", "naive", "hashed", "overlap", "extract", "openai"):
        assert re.search(rf"^\S+\s+{name}\s", printed.stdout, re.M), name


def test_ask_answers_from_a_folder_with_sources():
    cache = os.environ.get("TEST_PLUGIN_CACHE")
    settings = {"MORTISE_PLUGIN_CACHE": cache} if cache else {}
    folder = ROOT / "tests" / "fixtures" / "handbook"
    answer = mortise("ask", folder, "How many broken wires may a rope have?", **settings)
    assert answer.returncode == 0, answer.stderr
    assert "six broken wires" in answer.stdout and "[1]" in answer.stdout
    assert re.search(r"\[1\] crane-safety\.pdf, page 2", answer.stdout), answer.stdout
    for question, words, source in [
        ("What is the daily allowance abroad?", "74 euros", "travel-expenses.docx"),
        ("When is the canteen open?", "6:30", "canteen.txt"),
        ("How long does parental leave last?", "14 months", "leave.md"),
        ("On which extension is a lost telephone reported?", "4711", "it-security.html"),
    ]:
        answer = mortise("ask", folder, question, **settings)
        assert words in answer.stdout and source in answer.stdout, answer.stdout
