//! The reference implementation of an OCI registry, started on loopback over a folder of its own.

use std::io::{BufRead as _, BufReader};
use std::net::{IpAddr, Ipv4Addr, UdpSocket};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

/// A running `docker-registry`; stopped when dropped.
pub(crate) struct DebianRegistry {
    process: Child,
    host: String,
    folder: tempfile::TempDir,
}

/// User `anna`, password `secret`.
const HTPASSWD: &str = "anna:$2b$05$ZLfpkdOT/1xnjmkVlVKhAO.CkjaaKfIWP4/orhYwTDcyMeRZCX1Me\n";

/// How a registry is set up.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Open,
    Locked,
    Encrypted,
}

impl DebianRegistry {
    /// Starts one, or says why there is none.
    pub(crate) fn start() -> Option<Self> {
        Self::serve(Ipv4Addr::LOCALHOST, Kind::Open)
    }

    /// One that asks for user and password.
    pub(crate) fn start_locked() -> Option<Self> {
        Self::serve(Ipv4Addr::LOCALHOST, Kind::Locked)
    }

    /// One that speaks TLS, at an address of this machine that is not loopback.
    pub(crate) fn start_encrypted() -> Option<Self> {
        let Some(address) = outer_address() else {
            eprintln!("skipped: this machine has no address but loopback");
            return None;
        };
        Self::serve(address, Kind::Encrypted)
    }

    fn serve(address: Ipv4Addr, kind: Kind) -> Option<Self> {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name).display().to_string();
        let (mut auth, mut tls) = (String::new(), String::new());
        match kind {
            Kind::Open => {}
            Kind::Locked => {
                std::fs::write(path("htpasswd"), HTPASSWD).unwrap();
                auth = format!("auth:\n  htpasswd:\n    realm: test\n    path: {}\n", path("htpasswd"));
            }
            Kind::Encrypted => {
                if let Err(why) = certificate(address, &path("key.pem"), &path("certificate.pem")) {
                    eprintln!("skipped: openssl makes no certificate ({why})");
                    return None;
                }
                let (certificate, key) = (path("certificate.pem"), path("key.pem"));
                tls = format!("  tls:\n    certificate: {certificate}\n    key: {key}\n");
            }
        }
        let data = path("data");
        let settings = format!(
            "version: 0.1\n{auth}storage:\n  filesystem:\n    rootdirectory: {data}\nhttp:\n  addr: {address}:0\n{tls}"
        );
        std::fs::write(path("config.yml"), settings).unwrap();
        let mut command = Command::new("docker-registry");
        command.args(["serve", &path("config.yml")]).env("OTEL_TRACES_EXPORTER", "none");
        let mut process = match command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn() {
            Ok(process) => process,
            Err(error) => {
                eprintln!("skipped: docker-registry does not start ({error}); apt-get install docker-registry");
                return None;
            }
        };
        let mut lines = BufReader::new(process.stderr.take().unwrap()).lines();
        let begin = format!("listening on {address}:");
        let port = lines.by_ref().find_map(|line| {
            let line = line.unwrap();
            let (_, port) = line.split_once(&begin)?;
            port.split(|c: char| !c.is_ascii_digit()).next()?.parse::<u16>().ok()
        });
        let port = port.expect("docker-registry ended before it listened");
        // Its log must be read on, or it would stop writing and working.
        std::thread::spawn(move || lines.for_each(drop));
        Some(Self { process, host: format!("{address}:{port}"), folder })
    }

    /// `address:port`.
    pub(crate) fn host(&self) -> String {
        self.host.clone()
    }

    /// The certificate of an encrypted one.
    pub(crate) fn certificate(&self) -> PathBuf {
        self.folder.path().join("certificate.pem")
    }
}

/// The address that this machine would speak to others from. Nothing is sent.
fn outer_address() -> Option<Ipv4Addr> {
    let socket = UdpSocket::bind("0.0.0.0:0").ok()?;
    socket.connect("192.0.2.1:9").ok()?;
    match socket.local_addr().ok()?.ip() {
        IpAddr::V4(address) if !address.is_loopback() && !address.is_unspecified() => Some(address),
        _ => None,
    }
}

/// A certificate that says it is this address.
fn certificate(address: Ipv4Addr, key: &str, certificate: &str) -> Result<(), String> {
    let name = format!("subjectAltName=IP:{address}");
    let mut openssl = Command::new("openssl");
    openssl.args(["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2"]);
    openssl.args(["-addext", "basicConstraints=critical,CA:FALSE"]);
    openssl.args(["-subj", "/CN=test", "-addext", &name, "-keyout", key, "-out", certificate]);
    let done = openssl.output().map_err(|error| error.to_string())?;
    if done.status.success() { Ok(()) } else { Err(String::from_utf8_lossy(&done.stderr).into_owned()) }
}

impl Drop for DebianRegistry {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
