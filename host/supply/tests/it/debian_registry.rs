//! The reference implementation of an OCI registry, started on loopback over a folder of its own.

use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, Stdio};

/// A running `docker-registry`; stopped when dropped.
pub(crate) struct DebianRegistry {
    process: Child,
    port: u16,
    _folder: tempfile::TempDir,
}

/// User `anna`, password `secret`.
const HTPASSWD: &str = "anna:$2b$05$ZLfpkdOT/1xnjmkVlVKhAO.CkjaaKfIWP4/orhYwTDcyMeRZCX1Me\n";

impl DebianRegistry {
    /// Starts one, or says why there is none.
    pub(crate) fn start() -> Option<Self> {
        Self::start_with(false)
    }

    /// One that asks for user and password.
    pub(crate) fn start_locked() -> Option<Self> {
        Self::start_with(true)
    }

    fn start_with(locked: bool) -> Option<Self> {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        let auth = match locked {
            true => format!("auth:\n  htpasswd:\n    realm: test\n    path: {}\n", path("htpasswd").display()),
            false => String::new(),
        };
        std::fs::write(path("htpasswd"), HTPASSWD).unwrap();
        let settings = format!(
            "version: 0.1\nlog:\n  level: info\n  formatter: json\n{auth}storage:\n  filesystem:\n    rootdirectory: {}\n\
             http:\n  addr: 127.0.0.1:0\n",
            path("data").display()
        );
        std::fs::write(path("config.yml"), settings).unwrap();
        let started = Command::new("docker-registry")
            .arg("serve")
            .arg(path("config.yml"))
            .env("OTEL_TRACES_EXPORTER", "none")
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn();
        let mut process = match started {
            Ok(process) => process,
            Err(error) => {
                eprintln!("skipped: docker-registry does not start ({error}); apt-get install docker-registry");
                return None;
            }
        };
        let mut lines = BufReader::new(process.stderr.take().unwrap()).lines();
        let port = lines.by_ref().find_map(|line| {
            let line = line.unwrap();
            let (_, address) = line.split_once("listening on 127.0.0.1:")?;
            address.split(|c: char| !c.is_ascii_digit()).next()?.parse().ok()
        });
        // Its log must be read on, or it would stop writing and working.
        std::thread::spawn(move || lines.for_each(drop));
        Some(Self { process, port: port.expect("docker-registry ended before it listened"), _folder: folder })
    }

    /// `127.0.0.1:port`.
    pub(crate) fn host(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }
}

impl Drop for DebianRegistry {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
