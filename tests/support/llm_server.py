#!/usr/bin/env python3
"""A scripted model endpoint that speaks OpenAI's chat-completions wire format. Standard library only.

    llm_server.py --port 0 --key sk-test [--host 127.0.0.1] [--script script.json]

The first line on stdout is the bound port. The server ends with its standard input where `--until-eof` is given, so
that a test that dies takes it along.

Routes
    POST   /v1/chat/completions   streaming (usage chunk, `[DONE]`) and not
    POST   /v1/audio/transcriptions  what `speech` says, in the form asked for
    GET    /v1/models             the models below and those of the script
    GET    /_requests             what was received, in order: method, path, headers (lower case), body, disconnected
    DELETE /_requests             forgets it
    PUT    /_script               replaces the script

The name of the model decides what happens; see MODELS. A script adds or replaces models: an object of
`model: [step, …]`, one step per request, the last one for ever. A step is either an answer

    {"text": "Hello", "thinking": "hm", "tool_calls": [{"id": "c", "name": "add", "arguments": {"a": 1}}],
     "finish_reason": "stop", "delay": 0.1, "usage": true, "done": true, "cut_after": 3, "whole": false}

of which every field may be missing (`delay` is seconds before every piece, `first_delay` before the headers,
`cut_after` closes the connection after so many pieces, `whole` answers without streaming although asked to), or raw:

    {"status": 429, "headers": {"Retry-After": "1"}, "body": {"error": {"message": "…"}}}

A text body is sent as it is, and `raw_stream` (a list of texts) as chunks of an event stream.
"""

import argparse
import email
import json
import re
import sys
import threading
import time
import uuid
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

CREATED = 1_700_000_000
# What every recording says.
SPEECH = "The harbour master reads the tide table at six.\nThen the gates open for the fishing boats."


# --- What models do -------------------------------------------------------------------------------------------------


def error(status, message, kind, code=None, param=None, headers=None):
    """An error as OpenAI words it."""
    body = {"error": {"message": message, "type": kind, "param": param, "code": code}}
    return {"status": status, "headers": headers or {}, "body": body}


RATE_LIMIT = error(
    429,
    "Rate limit reached for error-429 in organization org-x on requests per min (RPM): Limit 3, Used 3, Requested 1. "
    "Please try again in 1s. Visit https://platform.openai.com/account/rate-limits to learn more.",
    "requests",
    "rate_limit_exceeded",
    headers={"Retry-After": "1"},
)
SERVER_ERROR = error(
    500,
    "The server had an error while processing your request. Sorry about that!",
    "server_error",
)
PAGE = {
    "status": 200,
    "headers": {"Content-Type": "text/html; charset=utf-8"},
    "body": "<!doctype html><html><head><title>Welcome to nginx!</title></head><body><h1>It works</h1></body></html>",
}


def content_text(message):
    content = message.get("content")
    if isinstance(content, list):
        return "".join(part.get("text", "") for part in content if part.get("type") == "text")
    return content or ""


def last_user(request):
    texts = [content_text(m) for m in request["messages"] if m.get("role") == "user"]
    return texts[-1] if texts else ""


def citation(request):
    """Repeats the first passage that the prompt numbers, and cites it."""
    prompt = "\n".join(content_text(m) for m in request["messages"])
    number = re.search(r"\bID:\s*(\d+)", prompt)
    return f"According to the documents: {last_user(request)} [ID:{number.group(1) if number else 0}]"


def pictures(request):
    parts = [p for m in request["messages"] if isinstance(m.get("content"), list) for p in m["content"]]
    urls = [p["image_url"]["url"] for p in parts if p.get("type") == "image_url"]
    return f"{len(urls)} picture(s): " + ", ".join(u.split(",")[0] for u in urls)


def example(schema):
    """The plainest value that follows a JSON Schema."""
    if "enum" in schema:
        return schema["enum"][0]
    kind = schema.get("type")
    if kind == "object":
        return {name: example(inner) for name, inner in schema.get("properties", {}).items()}
    if kind == "array":
        return [example(schema.get("items", {}))]
    return {"string": "text", "integer": 1, "number": 0.5, "boolean": True}.get(kind)


def by_schema(request):
    schema = request.get("response_format", {}).get("json_schema", {}).get("schema")
    return json.dumps(example(schema)) if schema else "no schema was given"


def call_tools(request):
    tools = [t["function"] for t in request.get("tools", [])]
    if request["messages"] and request["messages"][-1].get("role") == "tool":
        return [{"text": f"The tool said: {content_text(request['messages'][-1])}"}]
    calls = [{"name": t["name"], "arguments": example(t.get("parameters", {"type": "object"})) or {}} for t in tools]
    return [{"tool_calls": calls} if calls else {"text": "no tools were given"}]


# Model name -> function of the request that gives the steps.
MODELS = {
    # Good answers.
    "echo": lambda r: [{"text": last_user(r)}],
    "echo-citation": lambda r: [{"text": citation(r)}],
    "prompt": lambda r: [{"text": "\n".join(content_text(m) for m in r["messages"])}],
    "json": lambda r: [{"text": by_schema(r)}],
    "pictures": lambda r: [{"text": pictures(r)}],
    "thinking": lambda r: [{"thinking": "Let me think about it.", "text": f"I thought: {last_user(r)}"}],
    "thinking-marks": lambda r: [{"text": f"<think>Let me think about it.</think>\n\nI thought: {last_user(r)}"}],
    "tools": call_tools,
    "slow": lambda r: [{"text": "one two three four five six seven eight nine ten", "delay": 0.3}],
    "late": lambda r: [{"text": "sorry to keep you waiting", "first_delay": 3}],
    "many": lambda r: [{"text": "word " * 5000}],
    "length": lambda r: [{"text": "this goes on and", "finish_reason": "length"}],
    "filtered": lambda r: [{"text": "I", "finish_reason": "content_filter"}],
    "empty": lambda r: [{"text": ""}],
    # Servers that differ from OpenAI's own.
    "no-done": lambda r: [{"text": last_user(r), "done": False}],
    "no-usage": lambda r: [{"text": last_user(r), "usage": False}],
    "whole": lambda r: [{"text": last_user(r), "whole": True}],
    # Failures, with OpenAI's own words where it has some.
    "error-401": lambda r: [
        error(
            401,
            "Incorrect API key provided: sk-wrong. You can find your API key at "
            "https://platform.openai.com/account/api-keys.",
            "invalid_request_error",
            "invalid_api_key",
        )
    ],
    "error-400": lambda r: [
        error(
            400,
            "This model's maximum context length is 8192 tokens. However, your messages resulted in 9001 tokens. "
            "Please reduce the length of the messages.",
            "invalid_request_error",
            "context_length_exceeded",
            "messages",
        )
    ],
    "error-429": lambda r: [RATE_LIMIT, {"text": last_user(r)}],
    "error-429-always": lambda r: [RATE_LIMIT],
    "error-quota": lambda r: [
        error(
            429,
            "You exceeded your current quota, please check your plan and billing details. For more information on "
            "this error, read the docs: https://platform.openai.com/docs/guides/error-codes/api-errors.",
            "insufficient_quota",
            "insufficient_quota",
        )
    ],
    "error-500": lambda r: [SERVER_ERROR],
    "error-500-once": lambda r: [SERVER_ERROR, {"text": last_user(r)}],
    "error-in-stream": lambda r: [
        {"raw_stream": [f"data: {json.dumps(dict(SERVER_ERROR['body']))}\n\n"]}
    ],
    "garbage": lambda r: [PAGE],
    "garbage-stream": lambda r: [{"raw_stream": ['data: {"choices": [{"delta": {"content": "Hel\n\n', "\x00\x01\n\n"]}],
    "truncated": lambda r: [{"text": "this sentence is never completed because", "cut_after": 3}],
    "truncated-once": lambda r: [{"text": "nothing", "cut_after": 0}, {"text": last_user(r)}],
    "stalled": lambda r: [{"text": "one two", "delay": 0, "stall_after": 2}],
    "redirect-inward": lambda r: [
        {"status": 307, "headers": {"Location": "http://169.254.169.254/latest/meta-data/"}, "body": ""}
    ],
    "redirect-local": lambda r: [{"status": 307, "headers": {"Location": "http://localhost:1/"}, "body": ""}],
}


class State:
    """What all connections share."""

    def __init__(self, key, script):
        self.key = key
        self.script = script
        self.requests = []
        self.uses = {}
        self.lock = threading.Lock()

    def step(self, request):
        """The next step of the request's model, or none for an unknown model."""
        model = request["model"]
        with self.lock:
            steps = self.script.get(model)
            use = self.uses.get(model, 0)
            self.uses[model] = use + 1
        if steps is None:
            if model not in MODELS:
                return None
            steps = MODELS[model](request)
        return steps[min(use, len(steps) - 1)]


# --- The wire -------------------------------------------------------------------------------------------------------


def pieces(text):
    """Text as a tokenizer would cut it: words with the blank before them."""
    return re.findall(r"\s*\S+|\s+$", text)


def finish_reason(step):
    return step.get("finish_reason") or ("tool_calls" if step.get("tool_calls") else "stop")


def usage(step, request):
    prompt = sum(len(pieces(content_text(m))) for m in request["messages"])
    completion = len(pieces(step.get("thinking", ""))) + len(pieces(step.get("text", "")))
    return {"prompt_tokens": prompt, "completion_tokens": completion, "total_tokens": prompt + completion}


def calls(step):
    for i, call in enumerate(step.get("tool_calls", [])):
        arguments = call["arguments"]
        text = arguments if isinstance(arguments, str) else json.dumps(arguments)
        yield i, call.get("id", f"call_{uuid.uuid4().hex[:24]}"), call["name"], text


def whole(step, request):
    message = {"role": "assistant", "content": step.get("text"), "refusal": None}
    if "thinking" in step:
        message["reasoning_content"] = step["thinking"]
    if step.get("tool_calls"):
        message["tool_calls"] = [
            {"id": id, "type": "function", "function": {"name": name, "arguments": text}}
            for _, id, name, text in calls(step)
        ]
    return {
        "id": f"chatcmpl-{uuid.uuid4().hex}",
        "object": "chat.completion",
        "created": CREATED,
        "model": request["model"],
        "choices": [{"index": 0, "message": message, "logprobs": None, "finish_reason": finish_reason(step)}],
        "usage": usage(step, request),
        "system_fingerprint": "fp_scripted",
    }


def deltas(step):
    """The deltas of a stream, without the last one."""
    yield {"role": "assistant", "content": None if step.get("tool_calls") else "", "refusal": None}
    for piece in pieces(step.get("thinking", "")):
        yield {"reasoning_content": piece}
    for piece in pieces(step.get("text") or ""):
        yield {"content": piece}
    for i, id, name, text in calls(step):
        head = {"index": i, "id": id, "type": "function", "function": {"name": name, "arguments": ""}}
        yield {"tool_calls": [head]}
        for at in range(0, len(text), 5):
            yield {"tool_calls": [{"index": i, "function": {"arguments": text[at : at + 5]}}]}


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server_version = "scripted"
    disable_nagle_algorithm = True

    state: State  # set by `serve`

    def log_message(self, format, *args):
        pass

    # Routes

    def do_GET(self):
        if self.path == "/_requests":
            with self.state.lock:
                requests = [dict(r) for r in self.state.requests]
            return self.send_json(200, requests)
        self.record("")
        if self.path.split("?")[0] == "/v1/models":
            if not self.authorised():
                return None
            names = sorted({**MODELS, **self.state.script})
            listed = [{"id": n, "object": "model", "created": CREATED, "owned_by": "scripted"} for n in names]
            return self.send_json(200, {"object": "list", "data": listed})
        return self.not_found()

    def do_DELETE(self):
        if self.path != "/_requests":
            return self.not_found()
        with self.state.lock:
            self.state.requests.clear()
            self.state.uses.clear()
        return self.send_json(200, {})

    def do_PUT(self):
        body = self.body()
        if self.path != "/_script":
            return self.not_found()
        with self.state.lock:
            self.state.script = json.loads(body)
            self.state.uses.clear()
        return self.send_json(200, {})

    def do_POST(self):
        record = self.record(self.body())
        path = self.path.split("?")[0]
        if path not in ("/v1/chat/completions", "/v1/audio/transcriptions"):
            return self.not_found()
        if not self.authorised():
            return None
        if path == "/v1/audio/transcriptions":
            return self.transcribe(record)
        try:
            return self.complete(record)
        except (BrokenPipeError, ConnectionResetError):
            record["disconnected"] = True
            self.close_connection = True
            return None

    def transcribe(self, record):
        """Speech, written down: the form's fields decide as at OpenAI's."""
        kind = self.headers.get("content-type", "")
        form = email.message_from_bytes(b"content-type: " + kind.encode() + b"\r\n\r\n" + self.raw)
        if form.get_content_type() != "multipart/form-data" or not form.is_multipart():
            return self.send_raw(error(400, "Could not parse multipart form", "invalid_request_error"))
        parts = {part.get_param("name", header="content-disposition"): part for part in form.get_payload()}
        fields = {name: part.get_payload(decode=True) for name, part in parts.items()}
        record["body"] = {name: value.decode() for name, value in fields.items() if name != "file"}
        if "file" not in fields or not fields.get("model", b""):
            return self.send_raw(error(400, "you must provide a model and a file", "invalid_request_error"))
        record["body"]["file"] = {"name": parts["file"].get_filename(), "bytes": len(fields["file"])}
        step = self.state.step({"model": fields["model"].decode(), "messages": [{"role": "user", "content": SPEECH}]})
        if step and "status" in step:
            return self.send_raw(step)
        text = (step or {}).get("text", SPEECH)
        if fields.get("response_format") == b"verbose_json":
            lines = text.split("\n")
            segments = [{"id": i, "start": 5.0 * i, "end": 5.0 * i + 2, "text": " " + t} for i, t in enumerate(lines)]
            return self.send_json(200, {"task": "transcribe", "language": "english", "duration": 5.0 * len(lines),
                                        "text": text.replace("\n", " "), "segments": segments})
        return self.send_json(200, {"text": text, "usage": {"type": "duration", "seconds": 9}})

    def complete(self, record):
        request = record["body"]
        wrong = self.wrong(request)
        if wrong:
            return self.send_raw(error(400, wrong, "invalid_request_error"))
        step = self.state.step(request)
        if step is None:
            message = f"The model `{request['model']}` does not exist or you do not have access to it."
            return self.send_raw(error(404, message, "invalid_request_error", "model_not_found"))
        time.sleep(step.get("first_delay", 0))
        if "status" in step:
            return self.send_raw(step)
        if "raw_stream" in step:
            return self.send_raw_stream(step)
        if request.get("stream") and not step.get("whole"):
            return self.send_stream(step, request)
        if "cut_after" in step:
            return self.cut()
        return self.send_json(200, whole(step, request), {"x-request-id": f"req_{uuid.uuid4().hex}"})

    @staticmethod
    def wrong(request):
        """What OpenAI would object to in a request, as far as tests may get it wrong."""
        if not isinstance(request, dict):
            return "We could not parse the JSON body of your request."
        if not isinstance(request.get("model"), str) or not request["model"]:
            return "you must provide a model parameter"
        messages = request.get("messages")
        if not isinstance(messages, list) or not messages:
            return "Invalid type for 'messages': expected an array of objects."
        for i, message in enumerate(messages):
            if message.get("role") not in ("system", "developer", "user", "assistant", "tool"):
                return f"Invalid value: '{message.get('role')}'. (messages[{i}].role)"
            content = message.get("content")
            if content is None and not message.get("tool_calls"):
                return f"Invalid value for 'content': expected a string, got null. (messages[{i}].content)"
        if "stream_options" in request and not request.get("stream"):
            return "The 'stream_options' parameter is only allowed when 'stream' is enabled."
        return None

    # Answers

    def send_json(self, status, body, headers=None):
        self.send_raw({"status": status, "headers": headers or {}, "body": body})

    def send_raw(self, step):
        body = step.get("body", "")
        data = body.encode() if isinstance(body, str) else json.dumps(body, ensure_ascii=False).encode()
        headers = {"Content-Type": "application/json", **step.get("headers", {})}
        self.send_response(step["status"])
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def begin_stream(self):
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream; charset=utf-8")
        self.send_header("Cache-Control", "no-cache")
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()

    def chunk(self, text):
        data = text.encode()
        self.wfile.write(f"{len(data):x}\r\n".encode() + data + b"\r\n")
        self.wfile.flush()

    def send_raw_stream(self, step):
        self.begin_stream()
        for text in step["raw_stream"]:
            self.chunk(text)
        self.wfile.write(b"0\r\n\r\n")

    def send_stream(self, step, request):
        self.begin_stream()
        asked_for_usage = (request.get("stream_options") or {}).get("include_usage", False) and step.get("usage", True)
        id = f"chatcmpl-{uuid.uuid4().hex}"

        def event(choices, **more):
            chunk = {
                "id": id,
                "object": "chat.completion.chunk",
                "created": CREATED,
                "model": request["model"],
                "service_tier": "default",
                "system_fingerprint": "fp_scripted",
                "choices": choices,
            }
            if asked_for_usage:
                chunk["usage"] = None
            chunk.update(more)
            self.chunk(f"data: {json.dumps(chunk, ensure_ascii=False)}\n\n")

        def choice(delta, reason=None):
            return [{"index": 0, "delta": delta, "logprobs": None, "finish_reason": reason}]

        for sent, delta in enumerate(deltas(step)):
            if sent == step.get("cut_after"):
                return self.cut()
            if sent == step.get("stall_after"):
                self.wait_for_disconnect()
            time.sleep(step.get("delay", 0))
            event(choice(delta))
        event(choice({}, finish_reason(step)))
        if asked_for_usage:
            event([], usage=usage(step, request))
        if step.get("done", True):
            self.chunk("data: [DONE]\n\n")
        self.wfile.write(b"0\r\n\r\n")

    def cut(self):
        """Closes the connection in the middle of the answer."""
        self.wfile.flush()
        self.close_connection = True

    def wait_for_disconnect(self):
        """Keeps silent until the client gives up."""
        self.connection.settimeout(600)
        if not self.connection.recv(1):
            raise BrokenPipeError

    # Requests

    def body(self):
        if "chunked" in self.headers.get("Transfer-Encoding", ""):
            data = b""
            while size := int(self.rfile.readline().split(b";")[0], 16):
                data += self.rfile.read(size)
                self.rfile.readline()
            self.rfile.readline()
        else:
            data = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        self.raw = data
        return data.decode("utf-8", "replace")

    def record(self, body):
        try:
            parsed = json.loads(body) if body else None
        except ValueError:
            parsed = body
        record = {
            "method": self.command,
            "path": self.path,
            "headers": {name.lower(): value for name, value in self.headers.items()},
            "body": parsed,
            "disconnected": False,
        }
        with self.state.lock:
            self.state.requests.append(record)
        return record

    def authorised(self):
        key, sent = self.state.key, self.headers.get("Authorization")
        if not key or sent == f"Bearer {key}":
            return True
        if sent is None:
            message = (
                "You didn't provide an API key. You need to provide your API key in an Authorization header using "
                "Bearer auth (i.e. Authorization: Bearer YOUR_KEY)."
            )
            self.send_raw(error(401, message, "invalid_request_error"))
            return False
        key = sent.removeprefix("Bearer ")
        shown = f"{key[:4]}{'*' * 8}{key[-4:]}"  # as OpenAI masks it
        message = (
            f"Incorrect API key provided: {shown}. You can find your API key at "
            "https://platform.openai.com/account/api-keys."
        )
        self.send_raw(error(401, message, "invalid_request_error", "invalid_api_key"))
        return False

    def not_found(self):
        message = f"Invalid URL ({self.command} {self.path})"
        self.send_raw(error(404, message, "invalid_request_error"))


class Server(ThreadingHTTPServer):
    daemon_threads = True
    # Tests open many connections at once.
    request_queue_size = 128

    def handle_error(self, request, client_address):
        # Clients that go away are what tests do; anything else is a bug here.
        if not isinstance(sys.exc_info()[1], (BrokenPipeError, ConnectionResetError, TimeoutError)):
            super().handle_error(request, client_address)


def serve(host, port, key, script):
    """A bound server; run it with `serve_forever`."""
    handler = type("Scripted", (Handler,), {"state": State(key, script)})
    return Server((host, port), handler)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=0, help="0 takes any free port")
    parser.add_argument("--key", default="sk-test", help="the only key that is let in; empty lets everyone in")
    parser.add_argument("--script", help="a JSON file: model -> steps")
    parser.add_argument("--until-eof", action="store_true", help="end when standard input ends")
    arguments = parser.parse_args()
    script = {}
    if arguments.script:
        with open(arguments.script, encoding="utf-8") as file:
            script = json.load(file)
    server = serve(arguments.host, arguments.port, arguments.key, script)
    print(server.server_address[1], flush=True)
    if arguments.until_eof:
        threading.Thread(target=lambda: (sys.stdin.read(), server.shutdown()), daemon=True).start()
    try:
        server.serve_forever(poll_interval=0.1)
    except KeyboardInterrupt:
        pass
    finally:
        server.server_close()


if __name__ == "__main__":
    main()
