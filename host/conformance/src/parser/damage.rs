//! Files that are not what they claim to be. A parser reads them as far as it makes sense or says what is wrong; it
//! never traps, never hangs, never runs out of memory over a small file.

use super::sample::Sample;
use super::{call, parse, samples};
use crate::check::{Check, Verdict, check, ensure, fail, well};
use crate::specimen::Noise;
use crate::subject::{Installed, Setup, Subject};
use mortise_domain::plugin::FaultReason;
use mortise_domain::role::CallContext;
use mortise_domain::source::{ByteSource, SourceFile};
use std::sync::Arc;
use std::time::Duration;

pub(crate) const CHECKS: &[Check] = &[
    check!("empty-file", empty_file, "A file without bytes gives no text, or is refused with a reason."),
    check!(
        "truncated-file",
        truncated_file,
        "A file that was cut off anywhere is read as far as it goes, or refused with a reason."
    ),
    check!("random-bytes", random_bytes, "Random bytes are refused with a reason, or read as what they look like."),
    check!(
        "flipped-bits",
        flipped_bits,
        "A file with wrong bits in it is read as far as it goes, or refused with a reason."
    ),
    check!(
        "huge-numbers",
        huge_numbers,
        "A file whose sizes and counts are overwritten by the largest numbers is read or refused; it is not believed."
    ),
    check!(
        "huge-file",
        huge_file,
        "A file of a terabyte ends at a limit or is refused, without a trap: it is never read into memory whole."
    ),
    check!(
        "wrong-extension",
        wrong_extension,
        "A file of another kind, or named wrongly, is read or refused with a reason."
    ),
    check!("extension-case", extension_case, "The case of the extension makes no difference."),
    check!("odd-names", odd_names, "The name of the file may be anything: empty, long, with slashes, of any script."),
];

/// Time enough for any small file.
const TIMEOUT: Duration = Duration::from_secs(20);

async fn quick(subject: &Subject) -> Verdict<Installed<'_>> {
    subject.set_up(Setup { timeout: Some(TIMEOUT), ..Setup::default() }).await
}

/// Reads a damaged file; true when it was read, false when it was refused.
async fn bears(installed: &Installed<'_>, file: SourceFile, what: &str) -> Verdict<bool> {
    let name = file.name.clone();
    match call(installed, file, CallContext::default()).await? {
        Ok(_) => Ok(true),
        Err(fault) => match fault.reason {
            FaultReason::Refused(why) | FaultReason::Unsupported(why) => {
                ensure!(!why.trim().is_empty(), "{name}, {what}: refused without a reason");
                Ok(false)
            }
            reason => fail!("{name}, {what}, ends as {}: {reason}", reason.kind()),
        },
    }
}

/// A few damaged versions of every sample: what it is called, and its bytes.
async fn versions(subject: &Subject, damage: impl Fn(&Sample, &mut Noise) -> Vec<(String, Vec<u8>)>) -> Verdict {
    subject.works().await?;
    let installed = quick(subject).await?;
    let mut noise = Noise(1);
    let (mut read, mut refused) = (0, 0);
    for sample in samples(subject)? {
        for (what, bytes) in damage(&sample, &mut noise) {
            match bears(&installed, sample.file_of(bytes), &what).await? {
                true => read += 1,
                false => refused += 1,
            }
        }
    }
    Ok(format!("{read} read, {refused} refused"))
}

async fn empty_file(subject: &Subject) -> Verdict {
    subject.works().await?;
    let installed = quick(subject).await?;
    for sample in samples(subject)? {
        if bears(&installed, sample.file_of(Vec::new()), "empty").await? {
            let parsed = parse(subject, sample.file_of(Vec::new())).await?;
            ensure!(super::text(&parsed).trim().is_empty(), "an empty {} gives text", sample.name);
        }
    }
    well()
}

async fn truncated_file(subject: &Subject) -> Verdict {
    versions(subject, |sample, _| {
        let size = sample.bytes.len();
        let ends =
            [1, 2, 3, 4, 8].into_iter().chain((1..16).map(|part| size * part / 16)).chain([size.saturating_sub(1)]);
        ends.filter(|end| *end < size)
            .map(|end| (format!("cut off after {end} bytes"), sample.bytes[..end].to_vec()))
            .collect()
    })
    .await
}

async fn random_bytes(subject: &Subject) -> Verdict {
    versions(subject, |sample, noise| {
        let head = sample.bytes.len().min(16);
        let mut versions = Vec::new();
        for size in [1, 3, 100, 4096, 100_000] {
            let bytes = noise.bytes(size);
            versions.push((format!("{size} random bytes"), bytes.clone()));
            // As if it were that kind after all.
            versions.push((format!("its head and {size} random bytes"), [&sample.bytes[..head], &bytes].concat()));
        }
        versions
    })
    .await
}

/// Versions of a sample with wrong bits.
const FLIPPED: usize = 24;

async fn flipped_bits(subject: &Subject) -> Verdict {
    versions(subject, |sample, noise| {
        let version = |number| {
            let mut bytes = sample.bytes.to_vec();
            for _ in 0..=number % 8 {
                let (at, bit) = (noise.below(bytes.len()), noise.below(8));
                if let Some(byte) = bytes.get_mut(at) {
                    *byte ^= 1 << bit;
                }
            }
            (format!("with wrong bits, version {number}"), bytes)
        };
        (0..FLIPPED).map(version).collect()
    })
    .await
}

async fn huge_numbers(subject: &Subject) -> Verdict {
    versions(subject, |sample, noise| {
        let size = sample.bytes.len();
        let mut versions = Vec::new();
        for (filler, length) in [(0xff_u8, 2), (0xff, 4), (0x7f, 4), (0xff, 8), (b'9', 8), (b'9', 20)] {
            for _ in 0..4 {
                let mut bytes = sample.bytes.to_vec();
                let at = noise.below(size);
                bytes[at..].iter_mut().take(length).for_each(|byte| *byte = filler);
                versions.push((format!("with {length} bytes {filler:#x} at {at}"), bytes));
            }
        }
        versions
    })
    .await
}

/// A sample with nothing but zeros behind it, up to a terabyte.
struct Sparse(Vec<u8>);

impl ByteSource for Sparse {
    fn size(&self) -> u64 {
        1 << 40
    }

    fn read_at(&self, offset: u64, length: usize) -> std::io::Result<Vec<u8>> {
        let left = usize::try_from(self.size().saturating_sub(offset)).unwrap_or(usize::MAX);
        let mut bytes = self.0.read_at(offset, length)?;
        bytes.resize(length.min(left), 0);
        Ok(bytes)
    }
}

async fn huge_file(subject: &Subject) -> Verdict {
    subject.works().await?;
    let setup = Setup { timeout: Some(Duration::from_secs(2)), memory: Some(64 << 20), ..Setup::default() };
    let installed = subject.set_up(setup).await?;
    let mut ends = Vec::new();
    for sample in samples(subject)? {
        let bytes: Arc<dyn ByteSource> = Arc::new(Sparse(sample.bytes.to_vec()));
        let file = SourceFile { bytes, ..sample.file() };
        match call(&installed, file, CallContext::default()).await? {
            Ok(_) => ends.push("read"),
            Err(fault) => match fault.reason.kind() {
                kind @ ("refused" | "unsupported" | "timed-out" | "out-of-memory" | "output-too-large") => {
                    ends.push(kind)
                }
                kind => fail!("{} ends as {kind}: {}", sample.name, fault.reason),
            },
        }
    }
    Ok(ends.join(", "))
}

async fn wrong_extension(subject: &Subject) -> Verdict {
    subject.works().await?;
    let installed = quick(subject).await?;
    let samples = samples(subject)?;
    for sample in &samples {
        for name in ["harbour", "harbour.bin", "harbour.pdf", "harbour.html", "harbour.zip", "harbour.py"] {
            bears(&installed, sample.named(name, Some("application/octet-stream")), "under another name").await?;
        }
        for other in
            [&b"%PDF-1.7\n%%EOF"[..], b"PK\x03\x04", b"\x1f\x8b\x08", b"<html><p>x", b"{\\rtf1 x}", b"\xd0\xcf\x11\xe0"]
        {
            bears(&installed, sample.file_of(other.to_vec()), "of another kind").await?;
        }
    }
    well()
}

async fn extension_case(subject: &Subject) -> Verdict {
    subject.works().await?;
    for sample in samples(subject)? {
        let usual = parse(subject, sample.file()).await?;
        let upper = parse(subject, sample.named(&sample.name.to_uppercase(), None)).await?;
        ensure!(usual.blocks == upper.blocks, "{} is read otherwise when its name is in capitals", sample.name);
    }
    well()
}

async fn odd_names(subject: &Subject) -> Verdict {
    subject.works().await?;
    let installed = quick(subject).await?;
    let long = "x".repeat(300);
    for sample in samples(subject)?.into_iter().take(3) {
        let extension = super::sample::extension(&sample.name);
        let with = ["a/b\\c.", ".", "灯塔 \u{202e}gpj.", "a\0b.", &format!("{long}.")]
            .map(|stem| format!("{stem}{extension}"));
        for name in with.iter().map(String::as_str).chain(["", ".", ".."]) {
            bears(&installed, sample.named(name, None), &format!("named {:.20?}", name)).await?;
        }
    }
    well()
}
