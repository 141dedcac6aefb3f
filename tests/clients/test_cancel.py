"""Cancelling at any moment: the guests stop, the document stays cancelled, and the workers go on with other work."""

import random
import time

CANCELS = 200


def test_two_hundred_cancels_at_random_points(make_server):
    server = make_server().start()
    rng = random.Random(20)
    words = [w for w in "the harbour crane lifts rope and chain while ships wait for the tide under rain".split()]
    text = "\n\n".join(" ".join(rng.choices(words, k=90)) + "." for _ in range(400)).encode()
    dataset = server.dataset("cancels", parser_config={"chunk_token_num": 64})
    documents = server.upload(dataset, *[(f"{n}.md", text) for n in range(4)])
    path = f"/datasets/{dataset}/chunks"
    # How long a whole run takes, so that the moments are spread over all of it.
    began = time.monotonic()
    assert server.parse(dataset, [documents[0]])["0.md"]["run"] == "DONE"
    whole = time.monotonic() - began

    def state(document):
        return server.api("GET", f"/datasets/{dataset}/documents", params={"id": document["id"]})["docs"][0]

    def running():
        return sum(plugin["stats"]["running"] for plugin in server.admin("GET", "/plugins")["plugins"])

    waited, finished = [], 0
    for turn in range(CANCELS):
        document = documents[turn % len(documents)]
        server.api("POST", path, {"document_ids": [document["id"]]})
        time.sleep(rng.uniform(0, whole))
        asked = time.monotonic()
        while True:
            answer = server.call("DELETE", f"/api/v1{path}", json={"document_ids": [document["id"]]}).json()
            if answer["code"] == 0:
                break
            # Not begun yet, or done already.
            assert "progress at 0 or 1" in answer["message"], answer
            if state(document)["run"] == "DONE":
                finished += 1
                break
            asked = time.monotonic()
        while running():
            assert time.monotonic() - asked < 30, server.text()
        if answer["code"] == 0:
            waited.append(time.monotonic() - asked)
            assert state(document)["run"] == "CANCEL"
    # A worker that came late would have overwritten the state by now.
    time.sleep(2)
    left = {d["name"]: d["run"] for d in server.api("GET", f"/datasets/{dataset}/documents")["docs"]}
    assert set(left.values()) <= {"CANCEL", "DONE"}, left
    waited.sort()
    quantile = lambda q: 1000 * waited[min(len(waited) - 1, int(q * len(waited)))]
    print(f"\n{len(waited)} cancels ({finished} came too late): p50 {quantile(0.5):.0f} ms, p99 {quantile(0.99):.0f} ms")
    assert len(waited) > CANCELS / 4
    ended = server.parse(dataset, documents)
    assert {d["run"] for d in ended.values()} == {"DONE"}
    assert len({d["chunk_count"] for d in ended.values()}) == 1 and ended["0.md"]["chunk_count"] > 300
