//! The components of `tests/guests`, built once, by cargo, into the target folder of these tests; `MORTISE_TEST_GUESTS`
//! names a folder of built ones instead.

use bytes::Bytes;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

/// The bytes of a guest.
pub(crate) fn guest(name: &str) -> Bytes {
    static FOLDER: OnceLock<PathBuf> = OnceLock::new();
    let folder = FOLDER.get_or_init(|| {
        if let Some(built) = std::env::var_os("MORTISE_TEST_GUESTS") {
            return built.into();
        }
        let guests = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/guests");
        let target = std::env::current_exe().unwrap().ancestors().nth(3).unwrap().join("guests");
        let built = std::process::Command::new(env!("CARGO"))
            .args(["build", "--quiet", "--workspace", "--lib", "--examples", "--profile", "component"])
            .args(["--target", "wasm32-wasip2", "--target-dir"])
            .arg(&target)
            .current_dir(guests)
            .env_remove("RUSTFLAGS")
            .status();
        assert!(built.unwrap().success(), "the guests must build");
        target.join("wasm32-wasip2/component")
    });
    let file = format!("{name}.wasm");
    let found = [folder.join(&file), folder.join("examples").join(&file)].into_iter().find(|path| path.exists());
    std::fs::read(found.unwrap_or_else(|| panic!("no guest {name} in {}", folder.display()))).unwrap().into()
}
