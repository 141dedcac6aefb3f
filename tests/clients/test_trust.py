"""Signatures: who vouches for a component, and what happens when nobody does."""

import re

import pytest
from conftest import guest


@pytest.fixture
def signed(make_server, tmp_path):
    """A component with a signature beside it, the key's public half, and a way to run commands."""
    server = make_server()
    component = tmp_path / "sentences.wasm"
    component.write_bytes(guest("third_party").read_bytes())
    printed = server.mortise_bare("plugin", "keygen", tmp_path / "release.key")
    public = printed.strip().splitlines()[-1]
    assert re.fullmatch(r"[A-Za-z0-9+/]{43}=", public), printed
    assert (tmp_path / "release.key").stat().st_mode & 0o077 == 0
    server.mortise_bare("plugin", "sign", component, "--key", tmp_path / "release.key")
    return server, component, public


def policy(unsigned, **keys):
    lines = "\n".join(f'{name} = "{key}"' for name, key in keys.items())
    return f'[trust]\nunsigned = "{unsigned}"\n[trust.keys]\n{lines}\n'


def test_a_trusted_signature_is_told_and_a_broken_one_refused(signed):
    server, component, public = signed
    server.settings.write_text(policy("deny", release=public))
    assert "is signed by release" in server.mortise_bare("plugin", "verify", component, "--config", server.settings)
    server.start()
    signature = (component.parent / "sentences.wasm.sig").read_bytes()
    installed = server.install(component, signatures=[signature])
    assert installed["trust"] == {"verdict": "signed", "by": ["release"]}
    assert "signed by release" in server.mortise("plugin", "list")
    assert server.admin("GET", "/plugins/chunker/sentences/verify") == {"verdict": "signed", "by": ["release"]}
    # Other bytes under the same signature; no signature; somebody else's garbage.
    changed = component.read_bytes() + bytes([0, 2, 1, 120])
    assert server.install(changed, 403, signatures=[signature])["error"]["code"] == "denied"
    assert server.install(component, 403)["error"]["code"] == "denied"
    assert server.install(component, 403, signatures=[b"garbage"])["error"]["code"] == "denied"
    assert server.admin("GET", "/plugins/chunker/sentences")["digest"] == installed["digest"]


def test_the_command_sends_the_signature_along(signed):
    server, component, public = signed
    server.settings.write_text(policy("deny", release=public))
    server.start()
    server.mortise("plugin", "install", component)
    assert server.admin("GET", "/plugins/chunker/sentences")["trust"]["verdict"] == "signed"


def test_an_unknown_key_counts_as_no_signature(signed):
    server, component, public = signed
    verified = server.mortise_bare("plugin", "verify", component, check=False)
    assert verified.returncode == 1 and "does not name" in verified.stderr
    server.settings.write_text(policy("warn"))
    server.start()
    signature = (component.parent / "sentences.wasm.sig").read_bytes()
    assert server.install(component, signatures=[signature])["trust"]["verdict"] == "unknown-key"
    assert server.stop() == 0
    server.settings.write_text(policy("deny"))
    server.start()
    assert server.install(component, 403, signatures=[signature])["error"]["code"] == "denied"


def test_the_settings_file_is_under_the_same_policy(signed):
    server, component, public = signed
    named = f'[plugins.mine]\npath = "{component}"\n'
    server.settings.write_text(named + policy("deny", release=public))
    server.start()
    assert server.admin("GET", "/plugins/chunker/mine")["trust"]["verdict"] == "signed"
    server.stop()
    (component.parent / "sentences.wasm.sig").unlink()
    server.start(expect_ready=False)
    assert server.process.returncode == 1
    assert f"{server.settings}:2: `plugins.mine.path`" in server.text() and "trust" in server.text(), server.text()


def test_a_key_is_never_written_over(make_server, tmp_path):
    server = make_server()
    server.mortise_bare("plugin", "keygen", tmp_path / "k")
    before = (tmp_path / "k").read_bytes()
    assert server.mortise_bare("plugin", "keygen", tmp_path / "k", check=False).returncode == 1
    assert (tmp_path / "k").read_bytes() == before
