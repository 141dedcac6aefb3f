"""Pictures, pages without text, and speech: read by whoever is configured, and never silently left out."""

import io
import struct
import wave
import zlib

import pytest
import requests
from conftest import KEY_OF_THE_MODEL

VISION = """
[pictures]
vision = "eyes"

[plugins.eyes]
builtin = "openai"
config = {{ model = "eyes", base_url = "{url}/v1", max_retries = 0 }}
http = ["{host}"]
allow_private = true
secrets.openai = {{ host = "{host}", value = "{key}" }}

[plugins.transcribe]
builtin = "transcribe"
config = {{ model = "whisper-1", base_url = "{url}/v1", timestamps = true }}
http = ["{host}"]
allow_private = true
secrets.openai = {{ host = "{host}", value = "{key}" }}
"""


@pytest.fixture
def seeing(make_server, model_server):
    """A server with a vision model and a transcription service, and the address of both."""
    settings = VISION.format(url=model_server, host=model_server.removeprefix("http://"), key=KEY_OF_THE_MODEL)
    return make_server(settings).start(), model_server


def png(width=40, height=30, grey=200):
    """A plain picture."""
    chunk = lambda kind, data: struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
    rows = b"".join(b"\0" + bytes([grey]) * width for _ in range(height))
    head = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")


def scan(pages):
    """A PDF whose pages hold nothing but a picture, each of its own grey."""
    kids = " ".join(f"{3 + 3 * n} 0 R" for n in range(pages))
    objects = [b"<</Type/Catalog/Pages 2 0 R>>", f"<</Type/Pages/Count {pages}/Kids[{kids}]>>".encode()]
    for n in range(pages):
        page = 3 + 3 * n
        pixels = zlib.compress(bytes([60 + 20 * n]) * 100)
        objects.append(
            f"<</Type/Page/Parent 2 0 R/MediaBox[0 0 200 300]/Resources<</XObject<</I {page + 2} 0 R>>>>"
            f"/Contents {page + 1} 0 R>>".encode()
        )
        content = b"q 200 0 0 300 0 0 cm /I Do Q"
        objects.append(b"<</Length %d>>stream\n%s\nendstream" % (len(content), content))
        image = b"<</Type/XObject/Subtype/Image/Width 10/Height 10/ColorSpace/DeviceGray/BitsPerComponent 8"
        objects.append(image + b"/Filter/FlateDecode/Length %d>>stream\n%s\nendstream" % (len(pixels), pixels))
    out, offsets = io.BytesIO(), []
    out.write(b"%PDF-1.7\n")
    for number, body in enumerate(objects, 1):
        offsets.append(out.tell())
        out.write(b"%d 0 obj\n%s\nendobj\n" % (number, body))
    start = out.tell()
    out.write(b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1))
    out.writelines(b"%010d 00000 n \n" % offset for offset in offsets)
    out.write(b"trailer<</Size %d/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF" % (len(objects) + 1, start))
    return out.getvalue()


def script(models, **answers):
    requests.put(models + "/_script", json=answers, timeout=10).raise_for_status()


def asked(models):
    """How often the model was asked so far."""
    return len([r for r in requests.get(models + "/_requests", timeout=10).json() if "completions" in r["path"]])


def texts(server, dataset, document):
    chunks = server.api("GET", f"/datasets/{dataset}/documents/{document}/chunks", params={"page_size": 100})["chunks"]
    return [chunk["content"] for chunk in chunks], chunks


def test_a_scan_is_written_down_by_the_vision_model_and_never_twice(seeing):
    server, models = seeing
    page = "# Tide tables\n\nHigh water is at six.\n\n| Port | Height |\n|---|---|\n| Tern | 4.2 |\n"
    script(models, eyes=[{"text": f"```markdown\n{page}```"}])
    dataset = server.dataset("scans")
    (document,) = server.upload(dataset, ("scan.pdf", scan(2)))
    done = server.parse(dataset, [document])["scan.pdf"]
    assert done["run"] == "DONE", done["progress_msg"]
    found, chunks = texts(server, dataset, document["id"])
    assert any("High water is at six." in text for text in found), found
    assert any("<td>4.2</td>" in text for text in found), "a table of the page is a table"
    assert {position[0] for chunk in chunks for position in chunk["positions"]} == {1, 2}
    assert asked(models) == 2
    sent = [r for r in requests.get(models + "/_requests", timeout=10).json() if "completions" in r["path"]][0]
    (picture,) = [p for p in sent["body"]["messages"][-1]["content"] if p["type"] == "image_url"]
    assert picture["image_url"]["url"].startswith(("data:image/png;base64,", "data:image/jpeg;base64,"))

    # Parsed again, and in another document: the model is not asked again.
    server.parse(dataset, [document])
    (copy,) = server.upload(dataset, ("copy.pdf", scan(2)))
    assert server.parse(dataset, [copy])["copy.pdf"]["run"] == "DONE"
    assert asked(models) == 2


def test_a_page_that_the_model_does_not_read_is_told_and_read_later(seeing):
    server, models = seeing
    script(models, eyes=[{"status": 500, "body": {"error": {"message": "the eyes are shut"}}}])
    dataset = server.dataset("blind")
    (document,) = server.upload(dataset, ("scan.pdf", scan(1)))
    done = server.parse(dataset, [document])["scan.pdf"]
    assert "could not be read" in done["progress_msg"] and "the eyes are shut" in done["progress_msg"]
    script(models, eyes=[{"text": "Now it is read."}])
    server.parse(dataset, [document])
    assert texts(server, dataset, document["id"])[0] == ["Now it is read."]


def test_a_picture_is_described_and_served(seeing):
    server, models = seeing
    script(models, eyes=[{"text": "A grey rectangle without any text on it."}])
    dataset = server.dataset("pictures")
    (document,) = server.upload(dataset, ("grey.png", png()))
    assert document["chunk_method"] == "picture"
    assert server.parse(dataset, [document])["grey.png"]["run"] == "DONE"
    found, (chunk,) = texts(server, dataset, document["id"])
    assert "A grey rectangle" in found[0]
    picture = server.call("GET", f"/v1/document/image/{chunk['image_id']}")
    assert picture.headers["content-type"] == "image/png" and picture.content == png()
    other = requests.get(server.url + f"/v1/document/image/{chunk['image_id']}", timeout=10)
    assert other.headers["content-type"] == "application/json", "nobody without a key"


def test_without_anybody_to_ask_the_owner_is_told(server):
    dataset = server.dataset("nobody")
    documents = server.upload(dataset, ("scan.pdf", scan(3)), ("grey.png", png()), ("talk.wav", recording()))
    done = server.parse(dataset, documents)
    assert "3 pages without text were not read: no OCR plugin and no vision model is configured" in done["scan.pdf"]["progress_msg"]
    assert "the picture was not read: no OCR plugin" in done["grey.png"]["progress_msg"]
    assert done["talk.wav"]["run"] == "FAIL"
    assert "no transcription service is configured" in done["talk.wav"]["progress_msg"]


def recording():
    out = io.BytesIO()
    with wave.open(out, "wb") as sound:
        sound.setnchannels(1)
        sound.setsampwidth(2)
        sound.setframerate(8000)
        sound.writeframes(b"\0\0" * 800)
    return out.getvalue()


def test_speech_is_written_down(seeing):
    server, models = seeing
    dataset = server.dataset("speech")
    (document,) = server.upload(dataset, ("talk.wav", recording()))
    assert document["chunk_method"] == "audio"
    done = server.parse(dataset, [document])["talk.wav"]
    assert done["run"] == "DONE", done["progress_msg"]
    found, _ = texts(server, dataset, document["id"])
    assert "reads the tide table at six" in " ".join(found) and "fishing boats" in " ".join(found)
    (sent,) = [r for r in requests.get(models + "/_requests", timeout=10).json() if "transcriptions" in r["path"]]
    assert sent["body"] == {
        "model": "whisper-1", "response_format": "verbose_json",
        "file": {"name": "talk.wav", "bytes": len(recording())},
    }
    assert sent["headers"]["authorization"] == f"Bearer {KEY_OF_THE_MODEL}"


def test_pages_are_drawn_for_thumbnails_and_chunks(server):
    dataset = server.dataset("drawn")
    handbook = (server_fixture("crane-safety.pdf"),)
    (document,) = server.upload(dataset, *handbook)
    assert document["thumbnail"] == f"thumbnail_{document['id']}.png"
    assert server.parse(dataset, [document])[document["name"]]["run"] == "DONE"
    _, chunks = texts(server, dataset, document["id"])
    drawn = server.call("GET", f"/v1/document/image/{chunks[0]['image_id']}")
    assert drawn.headers["content-type"].startswith("image/"), drawn.text
    again = server.call("GET", f"/api/v1/document/image/{chunks[0]['image_id']}")
    assert again.content == drawn.content
    listed = server.call("GET", "/v1/document/thumbnails", params={"doc_ids": document["id"]}).json()["data"]
    thumbnail = server.call("GET", listed[document["id"]])
    assert thumbnail.content.startswith((b"\x89PNG", b"\xff\xd8\xff")) and len(thumbnail.content) < 100_000
    missing = server.call("GET", f"/v1/document/image/{dataset}-0000000000000000").json()
    assert missing["code"] == 102 and missing["message"] == "Image not found."


def server_fixture(name):
    from conftest import ROOT

    return ROOT / "tests" / "fixtures" / "handbook" / name


def test_parsing_again_keeps_what_stayed_the_same(server):
    dataset = server.dataset("again")
    text = "".join(f"Paragraph number {n} speaks of the harbour and its lamps.\n\n" for n in range(60))
    (document,) = server.upload(dataset, ("a.txt", text.encode()))
    server.parse(dataset, [document])
    path = f"/datasets/{dataset}/documents/{document['id']}/chunks"
    _, before = texts(server, dataset, document["id"])
    assert len(before) > 1
    server.api("PUT", f"{path}/{before[0]['id']}", {"available": False})
    server.api("PUT", f"{path}/{before[1]['id']}", {"content": "Written by hand.", "important_keywords": ["hand"]})
    server.parse(dataset, [document])
    _, after = texts(server, dataset, document["id"])
    assert [chunk["id"] for chunk in after] == [chunk["id"] for chunk in before]
    assert [chunk["available"] for chunk in after] == [False] + [True] * (len(after) - 1)
    assert (after[1]["content"], after[1]["important_keywords"]) == ("Written by hand.", ["hand"])
    found = server.api("POST", "/retrieval", {"question": "written by hand", "dataset_ids": [dataset]})["chunks"]
    assert found[0]["id"] == before[1]["id"]
