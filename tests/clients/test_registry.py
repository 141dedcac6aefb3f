"""Components from a registry, and whose signatures count: a real registry, filled by hand in the layout of the wasm-pkg tools,
and keys and signatures made by openssl. Nothing here uses Mortise's own code to publish or to sign."""

import base64
import hashlib
import json
import re
import shutil
import subprocess
import threading

import pytest
import requests
from conftest import another, guest

TEXT = b"One is here. Two is here. Three is here. Four is here. Five is here."
MANIFEST = "application/vnd.oci.image.manifest.v1+json"
SIGNATURES = "mortise.plugin.signatures"


def sha256(blob):
    return "sha256:" + hashlib.sha256(blob).hexdigest()


class Registry:
    """One `docker-registry` on loopback."""

    def __init__(self, folder):
        settings = folder / "registry.yml"
        storage = f"storage:\n  filesystem:\n    rootdirectory: {folder / 'data'}\n  delete:\n    enabled: true\n"
        settings.write_text(f"version: 0.1\n{storage}http:\n  addr: 127.0.0.1:0\n")
        self.process = subprocess.Popen(
            ["docker-registry", "serve", str(settings)], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
        )
        for line in self.process.stderr:
            found = re.search(r"listening on (127\.0\.0\.1:\d+)", line)
            if found:
                self.host = found.group(1)
                break
        threading.Thread(target=lambda: [None for _ in self.process.stderr], daemon=True).start()

    def put(self, method, path, status, **arguments):
        answer = requests.request(method, f"http://{self.host}/v2/{path}", timeout=30, **arguments)
        assert answer.status_code == status, answer.text
        return answer

    def blob(self, repository, media_type, blob):
        place = self.put("POST", f"{repository}/blobs/uploads/", 202).headers["Location"]
        answer = requests.put(place, params={"digest": sha256(blob)}, data=blob, timeout=30)
        assert answer.status_code == 201, answer.text
        return {"mediaType": media_type, "digest": sha256(blob), "size": len(blob)}

    def publish(self, place, component, signature=None):
        """Publishes as `wkg oci push` does; gives the manifest's digest."""
        repository, tag = place.split(":")
        digests = {"layerDigests": [sha256(component)], "component": {"exports": [], "imports": [], "target": None}}
        config = {"created": "2026-01-01T00:00:00Z", "author": None, "architecture": "wasm", "os": "wasip2"} | digests
        manifest = {
            "schemaVersion": 2,
            "mediaType": MANIFEST,
            "config": self.blob(repository, "application/vnd.wasm.config.v0+json", json.dumps(config).encode()),
            "layers": [self.blob(repository, "application/wasm", component)],
        }
        if signature:
            manifest["annotations"] = {SIGNATURES: signature}
        body = json.dumps(manifest).encode()
        self.put("PUT", f"{repository}/manifests/{tag}", 201, data=body, headers={"Content-Type": MANIFEST})
        return sha256(body)

    def stop(self):
        self.process.kill()
        self.process.wait(30)


@pytest.fixture
def registry(tmp_path):
    if not shutil.which("docker-registry"):
        pytest.skip("docker-registry is not here: apt-get install docker-registry")
    registry = Registry(tmp_path)
    yield registry
    registry.stop()


class Key:
    """An ed25519 key of openssl's making."""

    def __init__(self, folder, name):
        self.pem, self.folder = folder / f"{name}.pem", folder
        self.run("genpkey", "-algorithm", "ed25519", "-out", self.pem)
        raw = self.run("pkey", "-in", self.pem, "-pubout", "-outform", "DER")[-32:]
        self.public, self.id = base64.b64encode(raw).decode(), hashlib.sha256(raw).hexdigest()[:16]

    @staticmethod
    def run(*arguments):
        return subprocess.run(["openssl", *map(str, arguments)], capture_output=True, check=True).stdout

    def sign(self, component):
        """The line that a `.sig` file holds."""
        message = self.folder / "message"
        message.write_bytes(b"mortise-plugin-v1\n" + hashlib.sha256(component).hexdigest().encode())
        signature = self.run("pkeyutl", "-sign", "-rawin", "-inkey", self.pem, "-in", message)
        line = {"version": 1, "algorithm": "ed25519", "key": self.id, "signature": base64.b64encode(signature).decode()}
        return json.dumps(line) + "\n"


@pytest.fixture
def key(tmp_path):
    if not shutil.which("openssl"):
        pytest.skip("openssl is not here")
    return lambda name: Key(tmp_path, name)


def install(server, source, status=201, **spec):
    return server.admin("POST", "/plugins", status, json={"source": source} | spec)


def refusal(server, source, **spec):
    """The message with which an installation is refused; nothing is installed then."""
    key = (server.data / "admin.key").read_text()
    answer = requests.post(
        server.url + "/admin/v1/plugins", json={"source": source} | spec, headers={"Authorization": f"Bearer {key}"}, timeout=60
    )
    assert 400 <= answer.status_code < 500, answer.text
    server.admin("GET", "/plugins/chunker/sentences", 404)
    return answer.json()["error"]["message"]


def chunks(server):
    dataset = server.dataset("five", chunk_method="sentences", parser_config={"sentences_per_chunk": 2})
    (document,) = server.upload(dataset, ("five.txt", TEXT))
    ended = server.parse(dataset, [document])["five.txt"]
    assert ended["run"] == "DONE", ended["progress_msg"]
    return len(server.api("GET", f"/datasets/{dataset}/documents/{document['id']}/chunks")["chunks"])


def trust(unsigned, **keys):
    lines = [f'{name} = "{key.public}"' for name, key in keys.items()]
    return f'[trust]\nunsigned = "{unsigned}"\n[trust.keys]\n' + "\n".join(lines) + "\n"


def test_a_component_from_a_registry_works(make_server, registry):
    component = guest("third_party").read_bytes()
    manifest = registry.publish("acme/sentences:1.0.0", component)
    server = make_server().start()
    installed = install(server, f"oci://{registry.host}/acme/sentences:1.0.0")
    assert (installed["name"], installed["digest"]) == ("sentences", sha256(component))
    assert installed["trust"]["verdict"] == "unsigned"
    assert manifest in json.dumps(installed), "its origin names the manifest that was taken"
    # What is installed is the server's own: it outlives the registry.
    registry.stop()
    server.kill()
    server.start()
    assert chunks(server) == 3


def test_what_is_not_there_or_not_a_component_is_refused(make_server, registry):
    registry.publish("acme/sentences:1", b"hello")
    server = make_server().start()
    assert "is not there" in refusal(server, f"oci://{registry.host}/acme/sentences:2")
    assert "not a component" in refusal(server, f"oci://{registry.host}/acme/sentences:1")
    assert "oci://registry/repository:tag" in refusal(server, "oci://registry")
    assert "cannot be reached" in refusal(server, "oci://127.0.0.1:1/acme/sentences:1")


def test_a_digest_that_is_asked_for_is_kept(make_server, registry):
    component = guest("third_party").read_bytes()
    other = another(guest("third_party"), "moved")
    first = registry.publish("acme/sentences:1", component)
    registry.publish("acme/sentences:1", other)
    server = make_server().start()
    moved = refusal(server, f"oci://{registry.host}/acme/sentences:1", digest=sha256(component))
    assert sha256(component).removeprefix("sha256:")[:12] in moved
    assert "digest" in refusal(server, f"oci://{registry.host}/acme/sentences:1#{sha256(component)}")
    installed = install(server, f"oci://{registry.host}/acme/sentences:1@{first}")
    assert installed["digest"] == sha256(component)


def test_only_signed_components_where_only_signed_ones_are_wanted(make_server, registry, key):
    acme, stranger = key("acme"), key("stranger")
    component, other = guest("third_party").read_bytes(), another(guest("third_party"), "other")
    registry.publish("acme/sentences:unsigned", component)
    registry.publish("acme/sentences:strange", component, stranger.sign(component))
    registry.publish("acme/sentences:signed", component, stranger.sign(component) + acme.sign(component))
    server = make_server(trust("deny", acme=acme)).start()
    place = f"oci://{registry.host}/acme/sentences"
    assert "not signed" in refusal(server, f"{place}:unsigned")
    assert stranger.id in refusal(server, f"{place}:strange")
    installed = install(server, f"{place}:signed")
    assert installed["trust"] == {"verdict": "signed", "by": ["acme"]}
    assert chunks(server) == 3
    # A signature that came with a file counts as well.
    server.admin("DELETE", "/plugins/chunker/sentences", 204)
    uploaded = server.install(other, signatures=[acme.sign(other).encode()])
    assert uploaded["trust"] == {"verdict": "signed", "by": ["acme"]}


@pytest.mark.parametrize("unsigned", ["allow", "deny"])
def test_a_signature_that_does_not_fit_is_refused_always(make_server, registry, key, unsigned):
    acme = key("acme")
    component, other = guest("third_party").read_bytes(), another(guest("third_party"), "other")
    damaged = json.loads(acme.sign(component))
    damaged["signature"] = base64.b64encode(bytes(64)).decode()
    registry.publish("acme/sentences:replayed", component, acme.sign(other))
    registry.publish("acme/sentences:damaged", component, json.dumps(damaged))
    registry.publish("acme/sentences:garbage", component, "signed, sealed, delivered")
    server = make_server(trust(unsigned, acme=acme)).start()
    for tag in ("replayed", "damaged", "garbage"):
        assert "sign" in refusal(server, f"oci://{registry.host}/acme/sentences:{tag}"), tag
    if unsigned == "allow":
        registry.publish("acme/sentences:unsigned", component)
        assert install(server, f"oci://{registry.host}/acme/sentences:unsigned")["trust"] == {"verdict": "unsigned"}


def test_settings_name_a_component_of_a_registry_and_a_start_needs_no_network(make_server, registry, tmp_path):
    # Bytes that no other test has kept.
    component = another(guest("third_party"), str(tmp_path))
    registry.publish("acme/sentences:1", component)
    source = f'[plugins.sentences]\noci = "oci://{registry.host}/acme/sentences:1"\ndigest = "{sha256(component)}"\n'
    server = make_server(source).start()
    assert server.admin("GET", "/plugins/chunker/sentences")["digest"] == sha256(component)
    assert chunks(server) == 3
    assert server.stop() == 0
    registry.stop()
    server.start()
    assert server.admin("GET", "/plugins/chunker/sentences")["digest"] == sha256(component)


def test_settings_with_a_wrong_digest_do_not_start(make_server, registry):
    registry.publish("acme/sentences:1", guest("third_party").read_bytes())
    source = f'[plugins.sentences]\noci = "oci://{registry.host}/acme/sentences:1"\ndigest = "{sha256(b"other")}"\n'
    server = make_server(source).start(expect_ready=False)
    assert server.process.returncode == 1 and "sentences" in server.text() and "digest" in server.text()
