"""The server under test: the real binary on a free port over a folder of its own."""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
import requests

ROOT = Path(__file__).resolve().parents[2]
HANDBOOK = ROOT / "tests" / "fixtures" / "handbook"
SHARED = ROOT.parent / "shared"
GUESTS = Path(os.environ.get("TEST_GUESTS", ROOT / "target" / "guests" / "wasm32-wasip2" / "component"))
COMPONENTS = Path(os.environ.get("TEST_COMPONENTS", ROOT / "target" / "components" / "wasm32-wasip2" / "component"))
KEY_OF_THE_MODEL = "sk-secret-of-the-operator"
KEY = "ragflow-test-key-of-the-operator"


class Server:
    """One `mortise serve`. Restarts keep the data folder."""

    def __init__(self, data, settings="", key=KEY, environment=None):
        self.data, self.key = Path(data), key
        self.settings = self.data.parent / f"{self.data.name}.toml"
        self.settings.write_text(settings)
        self.environment = environment or {}
        self.process = None
        self.url = None
        self.printed, self.log = [], []

    def start(self, expect_ready=True):
        command = [os.environ.get("TEST_BINARY", ROOT / "target" / "debug" / "mortise"), "serve", "--listen", "127.0.0.1:0"]
        command += ["--data-dir", self.data, "--config", self.settings]
        environment = {k: v for k, v in os.environ.items() if not k.startswith("MORTISE_")}
        cache = os.environ.get("TEST_PLUGIN_CACHE", ROOT / "target" / "tmp" / "plugin-cache")
        environment["MORTISE_PLUGIN_CACHE"] = str(cache)
        if self.key:
            environment["MORTISE_API_KEY"] = self.key
        environment.update(self.environment)
        self.process = subprocess.Popen(
            [str(part) for part in command], env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
        self.printed, self.log = [], []
        threading.Thread(target=self._collect, args=(self.process.stderr, self.log), daemon=True).start()
        for line in self.process.stdout:
            self.printed.append(line.rstrip("\n"))
            found = re.match(r"mortise listens on (http://\S+)", line)
            if found:
                self.url = found.group(1)
                threading.Thread(target=self._collect, args=(self.process.stdout, self.printed), daemon=True).start()
                return self
        self.process.wait(30)
        if expect_ready:
            raise AssertionError("the server did not start:\n" + self.text())
        return self

    @staticmethod
    def _collect(stream, lines):
        for line in stream:
            lines.append(line.rstrip("\n"))

    def text(self):
        time.sleep(0.1)
        return "\n".join(self.printed + self.log)

    def stop(self):
        """SIGTERM; gives the exit code."""
        if self.process and self.process.poll() is None:
            self.process.terminate()
            return self.process.wait(60)
        return self.process.returncode if self.process else None

    def kill(self):
        """SIGKILL: no goodbye."""
        self.process.send_signal(signal.SIGKILL)
        self.process.wait(30)

    def call(self, method, path, **arguments):
        headers = {"Authorization": f"Bearer {self.key}"} | arguments.pop("headers", {})
        arguments.setdefault("timeout", 120)
        return requests.request(method, self.url + path, headers=headers, **arguments)

    def api(self, method, path, json=None, **arguments):
        """A RAGFlow call that must succeed; gives its `data`."""
        answer = self.call(method, "/api/v1" + path, json=json, **arguments).json()
        assert answer["code"] == 0, answer
        return answer.get("data")

    def admin(self, method, path, status=200, **arguments):
        """A call of the administration API; gives its JSON."""
        key = (self.data / "admin.key").read_text()
        headers = {"Authorization": f"Bearer {key}"}
        answer = requests.request(method, self.url + "/admin/v1" + path, headers=headers, timeout=120, **arguments)
        assert answer.status_code == status, (answer.status_code, answer.text)
        return answer.json() if answer.content else None

    def install(self, component, status=201, signatures=(), **spec):
        """Installs a component (bytes or a path) through the administration API."""
        bytes_ = component if isinstance(component, bytes) else Path(component).read_bytes()
        parts = [("component", ("component.wasm", bytes_)), ("spec", (None, json.dumps(spec)))]
        parts += [("signature", ("component.wasm.sig", signature)) for signature in signatures]
        return self.admin("POST", "/plugins", status, files=parts)

    def mortise(self, *arguments, **options):
        """Runs a command of the binary on this server's settings; gives what it printed."""
        return self.mortise_bare(*arguments, "--data-dir", self.data, "--config", self.settings, **options)

    @staticmethod
    def mortise_bare(*arguments, environment=None, check=True, **options):
        """Runs a command of the binary; gives what it printed."""
        binary = os.environ.get("TEST_BINARY", ROOT / "target" / "debug" / "mortise")
        command = [binary, *arguments]
        own = {k: v for k, v in os.environ.items() if not k.startswith("MORTISE_")} | (environment or {})
        cache = os.environ.get("TEST_PLUGIN_CACHE", ROOT / "target" / "tmp" / "plugin-cache")
        own["MORTISE_PLUGIN_CACHE"] = str(cache)
        done = subprocess.run([str(part) for part in command], env=own, capture_output=True, text=True, timeout=300, **options)
        if check:
            assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout if check else done

    def dataset(self, name, **fields):
        return self.api("POST", "/datasets", {"name": name} | fields)["id"]

    def upload(self, dataset, *files):
        """`files`: paths, or pairs of name and bytes. Gives the documents."""
        parts = []
        for file in files:
            name, blob = (file.name, file.read_bytes()) if isinstance(file, Path) else file
            parts.append(("file", (name, blob)))
        return self.api("POST", f"/datasets/{dataset}/documents", files=parts)

    def parse(self, dataset, documents, seconds=120):
        """Starts parsing and waits until every document has ended; gives them by name."""
        ids = [document["id"] for document in documents]
        self.api("POST", f"/datasets/{dataset}/chunks", {"document_ids": ids})
        return self.wait(dataset, ids, seconds)

    def wait(self, dataset, ids, seconds=120):
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            docs = self.api("GET", f"/datasets/{dataset}/documents", params={"page_size": 1000})["docs"]
            mine = [doc for doc in docs if doc["id"] in ids]
            if len(mine) == len(ids) and all(doc["run"] in ("DONE", "FAIL", "CANCEL") for doc in mine):
                return {doc["name"]: doc for doc in mine}
            time.sleep(0.1)
        raise AssertionError(f"not ended in {seconds} s: {[(d['name'], d['run'], d['progress_msg']) for d in mine]}\n{self.text()}")


def another(component, note):
    """The same component with other bytes: a custom section more, and so another digest."""
    section = bytes([4]) + b"note" + note.encode()
    return Path(component).read_bytes() + bytes([0, len(section)]) + section


@pytest.fixture
def model_server():
    """The scripted OpenAI server."""
    script = ROOT / "tests" / "support" / "llm_server.py"
    process = subprocess.Popen([sys.executable, str(script), "--port", "0", "--key", KEY_OF_THE_MODEL], stdout=subprocess.PIPE, text=True)
    port = int(process.stdout.readline())
    yield f"http://127.0.0.1:{port}"
    process.kill()


@pytest.fixture
def make_server(tmp_path):
    """Makes servers that are stopped at the end of the test."""
    servers = []

    def make(settings="", name="data", **arguments):
        server = Server(tmp_path / name, settings, **arguments)
        servers.append(server)
        return server

    yield make
    for server in servers:
        server.stop()


@pytest.fixture(scope="session")
def server(tmp_path_factory):
    """One server with the default settings for tests that only need some server."""
    folder = tmp_path_factory.mktemp("server")
    server = Server(folder / "data").start()
    yield server
    code = server.stop()
    shutil.rmtree(folder, ignore_errors=True)
    assert code == 0, server.text()


@pytest.fixture
def shared():
    """The shared test data, or a skip."""
    if not (SHARED / "testdata").is_dir():
        pytest.skip("the shared test data is not here")
    return SHARED


def guest(name):
    """The path of a test guest's component."""
    for candidate in (GUESTS / f"{name}.wasm", GUESTS / "examples" / f"{name}.wasm"):
        if candidate.exists():
            return candidate
    raise AssertionError(f"no guest {name} in {GUESTS}")
