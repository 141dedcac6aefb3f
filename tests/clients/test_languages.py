"""A chunk method in every language that has a template: made, built, tested against the contract, and served.

Toolchains that are not here are skipped, and the note says what to install. What registries give (componentize-py,
componentize-js) is installed once, under `target/tmp`.
"""

import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from conftest import ROOT

BINARY = Path(os.environ.get("TEST_BINARY", ROOT / "target" / "debug" / "mortise"))
TOOLS = Path(os.environ.get("TEST_TOOLS", ROOT / "target" / "tmp" / "languages"))

TEXT = """# Joints

One is here, e.g. now. Two is here. Three is here. Four is here.

榫头是一种接合方式。它不需要钉子！

## Woods

| wood | weight |
|---|---|
| oak | 720 |

After the table.
"""
CHUNKS = [
    "Joints\nOne is here, e.g. now. Two is here.",
    "Three is here. Four is here.",
    "榫头是一种接合方式。它不需要钉子！",
    "Woods",
    "wood\tweight\noak\t720",
    "After the table.",
]
# Families of emoji, flags and letters with marks, in a run that must be cut.
WHOLE = ["👩‍👩‍👧‍👦", "🇩🇪", "q\u0307\u0323"]


def run(*command, cwd=None, env=None):
    """Runs a command that must succeed; gives its standard output."""
    words = [str(word) for word in command]
    done = subprocess.run(words, cwd=cwd, env=environment(env), capture_output=True, text=True, timeout=1200)
    assert done.returncode == 0, f"{' '.join(words)}\n{done.stdout}\n{done.stderr}"
    return done.stdout.strip()


def environment(more=None):
    mine = {name: value for name, value in os.environ.items() if not name.startswith("MORTISE_")}
    return mine | {"MORTISE": str(BINARY), "PYTHONDONTWRITEBYTECODE": "1"} | (more or {})


def missing(what):
    print(f"skipped: {what}")
    pytest.skip(what)


def installed(pinned, install):
    """The folder of tools that a file with pinned versions names; installed when it is not there."""
    digest = hashlib.sha256(pinned.read_bytes()).hexdigest()[:16]
    folder = TOOLS / f"{pinned.name}-{digest}"
    if not folder.exists():
        unfinished = folder.with_suffix(".unfinished")
        shutil.rmtree(unfinished, ignore_errors=True)
        unfinished.mkdir(parents=True)
        shutil.copy(pinned, unfinished)
        done = subprocess.run(install(unfinished), cwd=unfinished, capture_output=True, text=True, timeout=900)
        if done.returncode != 0:
            missing(f"{' '.join(map(str, install(unfinished)))} failed: {done.stderr[-500:]}")
        unfinished.rename(folder)
    return folder


def python(folder):
    """Without a virtual environment: nothing in it would survive being moved to where it belongs."""
    pinned = folder / "requirements.txt"
    tools = installed(
        pinned, lambda target: [sys.executable, "-m", "pip", "install", "-q", "--target", target / "packages", "-r", pinned]
    )
    return {"COMPONENTIZE_PY": str(tools / "packages" / "bin" / "componentize-py"), "PYTHONPATH": str(tools / "packages")}


def javascript(folder):
    if not (shutil.which("node") and shutil.which("npm")):
        missing("JavaScript needs Node.js 20 with npm")
    pinned = folder / "package.json"
    # Its name is the plugin's, which is no reason to install the tools once more for another.
    pinned = shutil.copy(pinned, folder.parent / "package.json")
    command = ["npm", "install", "--silent", "--no-package-lock", "--no-audit", "--no-fund"]
    tools = installed(Path(pinned), lambda _: command)
    (folder / "node_modules").symlink_to(tools / "node_modules")
    return {}


def c(_folder):
    for clang in ["clang", *(f"clang-{version}" for version in range(21, 13, -1))]:
        command = [clang, "--target=wasm32-wasi", "-mexec-model=reactor", "-x", "c", "-", "-o", os.devnull]
        if shutil.which(clang):
            program = "#include <stdlib.h>\nvoid *f(void) { return malloc(1); }\n"
            if subprocess.run(command, input=program, text=True, capture_output=True).returncode == 0:
                return {"CLANG": clang}
    return missing("C needs clang, lld, wasi-libc and libclang-rt-…-dev-wasm32")


@pytest.mark.parametrize("prepare", [python, javascript, c], ids=lambda prepare: prepare.__name__)
def test_a_chunker_is_made_built_tested_and_served(prepare, make_server, tmp_path):
    language, name = prepare.__name__, f"sentences-in-{prepare.__name__}"
    run(BINARY, "plugin", "new", "--role", "chunker", "--lang", language, name, cwd=tmp_path)
    folder = tmp_path / name
    env = prepare(folder)
    component = folder / run(BINARY, "plugin", "build", folder, env=env).splitlines()[-1]
    assert component.is_file()
    # The contract, and the template's own case.
    run(BINARY, "plugin", "test", folder, env=env)

    server = make_server(f'[plugins.{name}]\npath = "{component}"\n').start()
    dataset = server.dataset("in-" + language, chunk_method=name, parser_config={"sentences_per_chunk": 2})

    def chunks(file, text):
        documents = server.upload(dataset, (file, text.encode()))
        ended = server.parse(dataset, documents)[file]
        assert ended["run"] == "DONE", ended["progress_msg"]
        found = server.api("GET", f"/datasets/{dataset}/documents/{ended['id']}/chunks", params={"page_size": 1000})
        return [chunk["content"] for chunk in found["chunks"]]

    assert chunks("joints.md", TEXT) == CHUNKS
    server.api("PUT", f"/datasets/{dataset}", {"parser_config": {"chunk_token_num": 24}})
    for number, one in enumerate(WHOLE):
        cut = chunks(f"run-{number}.txt", one * 60)
        assert len(cut) > 1 and "".join(cut) == one * 60
        assert all(len(piece) % len(one) == 0 for piece in cut), cut
    answer = server.call("PUT", f"/api/v1/datasets/{dataset}", json={"parser_config": {"chunk_token_num": 0}}).json()
    assert answer["code"] == 101 and "chunk_token_num" in answer["message"], answer
