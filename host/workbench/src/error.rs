//! Why the workbench could not do what its user asked, in words that say what to do.

use crate::name::InvalidName;
use mortise_domain::PluginFault;
use mortise_runtime::InstallError;
use std::path::PathBuf;

/// What goes wrong on the workbench.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A file or folder.
    #[error("{}: {source}", path.display())]
    File {
        /// Which.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// `plugin.toml`.
    #[error("{}: {reason}", path.display())]
    Manifest {
        /// Where it lies.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// The folder of a new plugin is there already.
    #[error("{} exists already: choose another name, or another place with --folder", .0.display())]
    Exists(PathBuf),
    /// A new plugin's name.
    #[error(transparent)]
    Name(#[from] InvalidName),
    /// No template for that.
    #[error("{0}")]
    NoTemplate(String),
    /// `--sdk` leads to something else.
    #[error("{} is no checkout of the SDK: it should hold sdk-guest/Cargo.toml or a Cargo.toml of mortise-sdk", .0.display())]
    NoSdk(PathBuf),
    /// The folder's own build command failed.
    #[error("`{command}` failed ({status}){}", hint.as_ref().map(|hint| format!("\nhint: {hint}")).unwrap_or_default())]
    Build {
        /// As `plugin.toml` has it.
        command: String,
        /// How it ended.
        status: String,
        /// What probably helps.
        hint: Option<String>,
    },
    /// The build command ended well and left nothing.
    #[error(
        "`{command}` ended well, but there is no {}: `build.component` of plugin.toml must say where the command \
         leaves the component", path.display()
    )]
    NoComponent {
        /// As `plugin.toml` has it.
        command: String,
        /// Where it should be.
        path: PathBuf,
    },
    /// The component is not a plugin of this host.
    #[error("{}: {source}", path.display())]
    Install {
        /// The component.
        path: PathBuf,
        /// Why.
        source: Box<InstallError>,
    },
    /// A call failed.
    #[error(transparent)]
    Fault(#[from] PluginFault),
    /// The host itself.
    #[error(transparent)]
    Host(#[from] mortise_domain::Error),
    /// What the plugin is given is not what its role takes.
    #[error("{}: {reason}", path.display())]
    Input {
        /// The input, its settings, or what is expected of it.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// Access that cannot be granted.
    #[error("{0}")]
    Access(String),
}

/// What the workbench gives back.
pub type Result<T, E = Error> = std::result::Result<T, E>;

impl Error {
    /// For `map_err` of everything that touches `path`.
    pub(crate) fn file(path: impl Into<PathBuf>) -> impl FnOnce(std::io::Error) -> Self {
        let path = path.into();
        move |source| Self::File { path, source }
    }

    pub(crate) fn input(path: impl Into<PathBuf>, reason: impl std::fmt::Display) -> Self {
        Self::Input { path: path.into(), reason: reason.to_string() }
    }
}

/// Writing to a terminal or a pipe that is gone.
impl From<std::io::Error> for Error {
    fn from(source: std::io::Error) -> Self {
        Self::File { path: "standard output".into(), source }
    }
}
