"""What an author of plugins does: a folder for every role, and the SDK's tutorial, run from its very text."""

import json
import os
import queue
import re
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
from conftest import ROOT

README = ROOT / "sdk-guest" / "README.md"
ROLES = ["parser", "chunker", "embedder", "reranker", "chat-model"]
# One folder of built dependencies for all plugins: they are the same, and building them takes a minute.
SCRATCH = Path(os.environ.get("TEST_PLUGIN_CACHE", ROOT / "target" / "tmp" / "plugin-cache")).parent / "author"


def binary():
    return Path(os.environ.get("TEST_BINARY", ROOT / "target" / "debug" / "mortise")).resolve()


def environment(**more):
    """As an author's shell has it: without what the cargo of these tests set, with `mortise` and this Python at hand."""
    mine = ("CARGO_", "RUSTC", "RUSTFLAGS", "RUSTDOC", "MORTISE_", "NO_COLOR", "VIRTUAL_ENV")
    clean = {k: v for k, v in os.environ.items() if not k.startswith(mine) or k == "CARGO_HOME"}
    paths = [str(binary().parent), str(Path(sys.executable).parent), clean.get("PATH", "")]
    return clean | {"PATH": os.pathsep.join(paths), "XDG_CACHE_HOME": str(SCRATCH / "cache")} | more


def mortise(*arguments, cwd, code=0, **more):
    command = [str(binary()), "plugin", *map(str, arguments)]
    done = subprocess.run(command, cwd=cwd, env=environment(**more), capture_output=True, text=True, timeout=900)
    assert done.returncode == code, f"{command} ended with {done.returncode}:\n{done.stdout}\n{done.stderr}"
    return done


def share_target(folder):
    """What one plugin built the next one need not."""
    shared = SCRATCH / "target"
    shared.mkdir(parents=True, exist_ok=True)
    (folder / "target").symlink_to(shared, target_is_directory=True)


@pytest.fixture(scope="module", params=ROLES)
def plugin(request, tmp_path_factory):
    """A new plugin's folder, built."""
    parent = tmp_path_factory.mktemp("author")
    role = request.param
    name = f"my-{role}"
    said = mortise("new", "--role", role, name, cwd=parent).stdout
    assert name in said and role in said
    folder = parent / name
    share_target(folder)
    built = mortise("build", cwd=folder).stdout.strip()
    assert (folder / built).is_file(), built
    yield role, folder
    shutil.rmtree(folder)


def test_a_new_plugin_passes_its_tests_natively(plugin):
    _, folder = plugin
    done = subprocess.run(["cargo", "test", "--quiet", "--target-dir", "target"], cwd=folder, env=environment(),
                          capture_output=True, text=True, timeout=900)
    assert done.returncode == 0, done.stdout + done.stderr
    assert re.search(r"test result: ok\. [1-9]", done.stdout), done.stdout


def test_a_new_plugin_passes_the_contract_and_its_case(plugin):
    role, folder = plugin
    said = mortise("test", cwd=folder).stdout
    assert re.search(r"passed\s+case ", said) and "FAILED" not in said, said
    verdict = json.loads(mortise("test", "--json", cwd=folder).stdout)
    assert verdict["passed"] and verdict["conformance"]["passed"], verdict
    assert [case["status"] for case in verdict["cases"]] == ["passed"]


def test_a_wrong_expectation_is_shown_and_can_be_blessed(plugin):
    _, folder = plugin
    [expected] = folder.glob("cases/*/expected.json")
    before = expected.read_text()
    case = expected.parent.name
    expected.write_text(json.dumps({"surprise": [1, 2]}))
    said = mortise("test", "--only", case, cwd=folder, code=1).stdout
    assert re.search(r"FAILED\s+case", said) and '-   "surprise": [1, 2]' in said and "--bless" in said, said
    expected.unlink()
    said = mortise("test", "--only", case, cwd=folder, code=1).stdout
    assert "expected.json" in said and "--bless" in said, said
    mortise("test", "--bless", cwd=folder)
    assert json.loads(expected.read_text()) == json.loads(before)
    assert expected.read_text() == before, "what is blessed again does not change"


SHOWN = {
    "parser": (r"#0\s+note\s+opening hours", r"#1\s+heading\s+canteen", r"7 blocks"),
    "chunker": (r"#1 · \d+ tokens?\n│ Joints", r"chunks, \d+ tokens"),
    "embedder": (r"512 dimensions, normalised", r"3\s+1\.000.*sugar", r"cosine\s+1\s+2\s+3"),
    "reranker": (r"1\. 0\.8000 █+\s+The mast is thirty", r"3\. "),
    "chat-model": (r"Parental leave lasts 14 months.*\[ID:1\]", r"stop, \d+ \+ \d+ tokens"),
}


def test_a_new_plugin_runs_on_a_file(plugin):
    role, folder = plugin
    [given] = folder.glob("cases/*/input.*")
    said = mortise("run", given.relative_to(folder), cwd=folder).stdout
    for shown in SHOWN[role]:
        assert re.search(shown, said), f"{shown} is not in\n{said}"
    assert "\x1b" not in said, "no colours in a pipe"
    [expected] = folder.glob("cases/*/expected.json")
    config = folder / given.parent / "config.json"
    settings = ["--config", config.read_text()] if config.exists() else []
    given = json.loads(mortise("run", ".", given, "--json", *settings, cwd=folder).stdout)
    for key, value in json.loads(expected.read_text()).items():
        if key == "chunks":
            assert [chunk["text"] for chunk in given[key]] == [chunk["text"] for chunk in value]
            assert all(chunk["tokens"] > 0 for chunk in given[key])
        elif key != "vectors":
            assert given[key] == value


def test_a_new_plugin_is_measured(plugin):
    role, folder = plugin
    [given] = folder.glob("cases/*/input.*")
    figures = json.loads(mortise("bench", ".", given, "--json", cwd=folder).stdout)
    assert figures["role"] == role and figures["component_bytes"] > 10_000 and figures["runs"] >= 3
    assert figures["call_ms"] > 0 and figures["ms_per_mb"] > 0 and figures["start_ms"] > 0
    assert figures["input_bytes"] > 0 and figures["fuel"] > 0 and figures["peak_memory_bytes"] > 65_536
    if role == "chat-model":
        assert figures["first_piece_ms"] > 0


def test_a_new_plugin_is_inspected(plugin):
    role, folder = plugin
    said = mortise("inspect", cwd=folder).stdout
    assert re.search(rf"role\s+{role}\n", said) and "mortise:plugin@0.1.0" in said and "wasi:cli@" in said, said
    sheet = json.loads(mortise("inspect", "--json", cwd=folder).stdout)
    [component] = (folder / "target" / "wasm32-wasip2" / "release").glob(f"my_{role.replace('-', '_')}.wasm")
    of_file = json.loads(mortise("inspect", component, "--json", cwd=folder.parent).stdout)
    assert sheet == of_file
    assert sheet["name"] == f"my-{role}" and sheet["size"] == component.stat().st_size and sheet["requests"] == []
    assert f"mortise:plugin/{role}@0.1.0" in sheet["exports"]
    if role == "chunker":
        assert re.search(r"chunk_token_num\s+integer 1\.\.8192\s+512\s+Most tokens of a chunk\.", said), said


@pytest.mark.parametrize("plugin", ["chunker"], indirect=True)
def test_faults_and_wrong_settings_are_told_in_the_hosts_words(plugin):
    _, folder = plugin
    wrong = mortise("run", "cases/joints/input.md", "--config", '{"chunk_token_num": 0}', cwd=folder, code=1)
    assert "my-chunker 0.1.0" in wrong.stderr and "chunk_token_num" in wrong.stderr, wrong.stderr
    nothing = mortise("run", "nowhere.md", cwd=folder, code=1)
    assert "nowhere.md" in nothing.stderr
    unknown = mortise("test", "--only", "no-such-check", cwd=folder, code=1)
    assert "no-such-check" in unknown.stdout + unknown.stderr


def test_what_is_refused_at_the_start(tmp_path):
    for name in ["Upper", "a--b", "../up", "match"]:
        assert "lower-case" in mortise("new", "--role", "parser", name, cwd=tmp_path, code=2).stderr
    assert "chat-model" in mortise("new", "--role", "poet", "x", cwd=tmp_path, code=2).stderr
    (tmp_path / "taken").mkdir()
    assert "exists" in mortise("new", "--role", "parser", "taken", cwd=tmp_path, code=1).stderr
    assert "rust" in mortise("new", "--role", "parser", "x", "--lang", "cobol", cwd=tmp_path, code=1).stderr
    assert "mortise plugin new" in mortise("inspect", cwd=tmp_path, code=1).stderr
    (tmp_path / "text.wasm").write_text("hello")
    assert "WebAssembly" in mortise("inspect", "text.wasm", cwd=tmp_path, code=1).stderr
    folder = tmp_path / "broken"
    mortise("new", "--role", "chunker", "broken", cwd=tmp_path)
    share_target(folder)
    (folder / "src" / "lib.rs").write_text("this is not Rust")
    failed = mortise("build", "broken", cwd=tmp_path, code=1)
    assert "cargo build" in failed.stderr and failed.stdout == "", failed.stderr


# The tutorial


def blocks():
    """The fenced blocks of the tutorial: language and lines."""
    text = README.read_text()
    tutorial = text.split("\n## ")[1]
    assert tutorial.startswith("Five minutes")
    found = re.findall(r"^```(\w+)\n(.*?)^```$", tutorial, re.M | re.S)
    assert len(found) > 8
    return [(language, body.splitlines()) for language, body in found]


def written(lines):
    """The file that a block says it is, if it does."""
    marker = re.fullmatch(r"(?://|#|<!--) file: (\S+?)(?: -->)?", lines[0])
    return marker and marker.group(1)


def test_the_tutorial_takes_forty_lines_of_ones_own():
    files = {written(lines): lines[1:] for _, lines in blocks() if written(lines)}
    own = {path: lines for path, lines in files.items() if not path.startswith("cases/")}
    assert {"src/lib.rs", "mortise.toml", "client.py"} == set(own)
    code = [line for lines in own.values() for line in lines if line.strip()]
    assert len(code) <= 40, f"{len(code)} lines"


class Shell:
    """One bash, as somebody would type into it."""

    def __init__(self, folder, variables):
        self.process = subprocess.Popen(
            ["bash", "--noprofile", "--norc"], cwd=folder, env=variables, text=True, start_new_session=True,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        )
        self.lines = queue.Queue()
        threading.Thread(target=lambda: [self.lines.put(line) for line in self.process.stdout], daemon=True).start()

    def type(self, command, shown=(), seconds=900):
        """Runs a command, and gives what it printed; of one in the background, until it has printed what is shown."""
        self.process.stdin.write(f"{command}\necho \"=== $?\"\n")
        self.process.stdin.flush()
        said, code, deadline = "", None, time.monotonic() + seconds
        while code is None or (command.endswith("&") and missing(shown, said)):
            try:
                line = self.lines.get(timeout=max(0.1, deadline - time.monotonic()))
            except queue.Empty:
                raise AssertionError(f"`{command}` took too long:\n{said}") from None
            ended = re.fullmatch(r"=== (\d+)\n", line)
            if ended and code is None:
                code = int(ended.group(1))
            else:
                said += line
        assert code == 0, f"`{command}` ended with {code}:\n{said}"
        return said

    def folder(self):
        return Path(self.type("pwd").strip().splitlines()[-1])

    def close(self):
        if self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait(30)


def missing(shown, said):
    """The first of the shown lines that was not printed, in order. Numbers and blanks may differ; `…` is anything."""
    at = 0
    for line in filter(str.strip, shown):
        parts = [re.escape(part) for part in line.strip().split("…")]
        pattern = re.sub(r"(\\ )+", r"\\s+", re.sub(r"\d+", r"\\d+", ".*".join(parts)))
        found = re.search(pattern, said[at:])
        if not found:
            return line
        at += found.end()
    return None


def free_port():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return str(taken.getsockname()[1])


def test_the_tutorial_does_what_it_says(tmp_path):
    port = free_port()
    cache = os.environ.get("TEST_PLUGIN_CACHE", str(SCRATCH / "cache"))
    shell = Shell(tmp_path, environment(MORTISE_LISTEN=f"127.0.0.1:{port}", MORTISE_PLUGIN_CACHE=cache))
    commands = 0
    try:
        for language, lines in blocks():
            # The tutorial's port may be in use where the tests run.
            lines = [line.replace("9380", port) for line in lines]
            if language != "console":
                path = written(lines)
                assert path, f"a block of {language} says no file"
                path = shell.folder() / path
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text("\n".join(lines[1:]) + "\n")
                continue
            while lines:
                command = lines.pop(0)
                assert command.startswith("$ "), command
                ends = next((n for n, line in enumerate(lines) if line.startswith("$ ")), len(lines))
                shown, lines = lines[:ends], lines[ends:]
                said = shell.type(command[2:], shown)
                assert missing(shown, said) is None, f"`{command}` did not print `{missing(shown, said)}` but\n{said}"
                if command.startswith("$ mortise plugin new"):
                    share_target(shell.folder() / command.split()[-1])
                commands += 1
        assert commands > 8
    finally:
        shell.close()
