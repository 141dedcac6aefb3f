//! The real binary, measured from outside.

use crate::ms;
use serde_json::{Value, json};
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

const KEY: &str = "ragflow-benchmark";
const BEARER: &str = "Bearer ragflow-benchmark";

/// One server.
pub(crate) struct Server {
    process: Child,
    url: String,
    agent: ureq::Agent,
    /// From the start of the process until it answered.
    pub(crate) ready: Duration,
}

impl Server {
    pub(crate) fn start(data: &Path, cache: &Path) -> Self {
        let began = Instant::now();
        let mut process = Command::new(env!("CARGO_BIN_EXE_mortise"))
            .args(["serve", "--listen", "127.0.0.1:0", "--set", "log.level=warn", "--data-dir"])
            .arg(data)
            .env("MORTISE_API_KEY", KEY)
            .env("MORTISE_PLUGIN_CACHE", cache)
            .stdout(Stdio::piped())
            .spawn()
            .expect("the server starts");
        let mut lines = BufReader::new(process.stdout.take().expect("its output")).lines();
        let url = loop {
            let line = lines.next().expect("the server says its address").expect("text");
            if let Some(url) = line.strip_prefix("mortise listens on ") {
                break url.to_owned();
            }
        };
        let agent = ureq::Agent::new_with_defaults();
        assert!(agent.get(format!("{url}/readyz")).call().expect("an answer").status().is_success());
        Self { process, url, agent, ready: began.elapsed() }
    }

    pub(crate) fn stop(mut self) {
        let _ = Command::new("kill").arg(self.process.id().to_string()).status();
        let status = self.process.wait().expect("it ends");
        assert!(status.success(), "the server ended with {status}");
    }

    /// `VmRSS` of the process.
    pub(crate) fn resident_mb(&self) -> f64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.process.id())).unwrap_or_default();
        let kilobytes = status.lines().find_map(|l| l.strip_prefix("VmRSS:")?.trim().strip_suffix(" kB"));
        kilobytes.and_then(|k| k.trim().parse::<f64>().ok()).map_or(f64::NAN, |k| k / 1000.0)
    }

    fn data(mut answer: ureq::http::Response<ureq::Body>) -> Value {
        let answer: Value = answer.body_mut().with_config().limit(1 << 30).read_json().expect("JSON");
        assert_eq!(answer["code"], 0, "{answer}");
        answer["data"].clone()
    }

    fn post(&self, path: &str, body: &Value) -> Value {
        let request = self.agent.post(format!("{}/api/v1{path}", self.url)).header("authorization", BEARER);
        Self::data(request.send_json(body).expect("an answer"))
    }

    fn get(&self, path: &str) -> Value {
        let request = self.agent.get(format!("{}/api/v1{path}", self.url)).header("authorization", BEARER);
        Self::data(request.call().expect("an answer"))
    }

    pub(crate) fn dataset(&self, name: &str, tokens: u32) -> String {
        let body = json!({"name": name, "parser_config": {"chunk_token_num": tokens}});
        self.post("/datasets", &body)["id"].as_str().expect("an id").to_owned()
    }

    /// Uploads, parses, waits; gives the number of chunks.
    pub(crate) fn ingest(&self, dataset: &str, files: &[(String, Vec<u8>)]) -> i64 {
        let mut form = Vec::new();
        for (name, bytes) in files {
            let head = format!("--part\r\ncontent-disposition: form-data; name=\"file\"; filename=\"{name}\"\r\n\r\n");
            form.extend_from_slice(head.as_bytes());
            form.extend_from_slice(bytes);
            form.extend_from_slice(b"\r\n");
        }
        form.extend_from_slice(b"--part--\r\n");
        let request = self.agent.post(format!("{}/api/v1/datasets/{dataset}/documents", self.url));
        let request =
            request.header("authorization", BEARER).header("content-type", "multipart/form-data; boundary=part");
        let documents = Self::data(request.send(&form[..]).expect("an answer"));
        let ids: Vec<&str> = documents.as_array().expect("a list").iter().filter_map(|d| d["id"].as_str()).collect();
        self.post(&format!("/datasets/{dataset}/chunks"), &json!({"document_ids": ids}));
        loop {
            let listed = self.get(&format!("/datasets/{dataset}/documents"));
            let documents = listed["docs"].as_array().expect("a list");
            assert!(documents.iter().all(|d| d["run"] != "FAIL"), "{listed}");
            if documents.iter().all(|d| d["run"] == "DONE") {
                return documents.iter().filter_map(|d| d["chunk_count"].as_i64()).sum();
            }
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// The last page that any chunk stands on.
    pub(crate) fn pages(&self, dataset: &str) -> i64 {
        let listed = self.get(&format!("/datasets/{dataset}/documents"));
        let id = listed["docs"][0]["id"].as_str().expect("an id").to_owned();
        let chunks = self.get(&format!("/datasets/{dataset}/documents/{id}/chunks?page_size=0"));
        let chunks = chunks["chunks"].as_array().expect("a list");
        let pages = chunks.iter().flat_map(|c| c["positions"].as_array().into_iter().flatten());
        pages.filter_map(|p| p[0].as_i64()).max().unwrap_or(0)
    }

    /// Milliseconds of questions of five words each, over HTTP.
    pub(crate) fn retrieve(&self, dataset: &str, count: usize) -> Vec<f64> {
        let text = crate::words(count * 50);
        let words: Vec<&str> = text.split_whitespace().collect();
        let ask = |n: usize| {
            let question = words[n * 50..n * 50 + 5].join(" ");
            let body = json!({"dataset_ids": [dataset], "question": question, "page_size": 10});
            let began = Instant::now();
            self.post("/retrieval", &body);
            ms(began.elapsed())
        };
        (0..count.min(20)).for_each(|n| {
            ask(n); // warm
        });
        (0..count).map(ask).collect()
    }
}
