//! What the operator hands in to install a plugin, and why that may fail.

use crate::describe::Undescribed;
use crate::grants::Grants;
use crate::limits::LimitOverrides;
use crate::package::{Package, PackageError};
use bytes::Bytes;
use mortise_domain::plugin::FaultReason;
use mortise_domain::{Error, JsonMap, PluginInfo, Role, TenantId};
use semver::Version;

/// A plugin to install.
#[derive(Clone, Debug, Default)]
pub struct Install {
    /// Name under which it is offered; its own name when absent.
    pub name: Option<String>,
    /// For whom; everybody when absent.
    pub tenant: Option<TenantId>,
    /// The component.
    pub component: Bytes,
    /// The operator's settings. Of embedders, rerankers and chat models the whole settings; of parsers and chunkers
    /// what a dataset's `parser_config` is laid on.
    pub config: JsonMap,
    /// What it may do beyond its world.
    pub grants: Grants,
    /// What differs from the role's limits.
    pub limits: LimitOverrides,
    /// Part of the binary, not named by the operator. Installed even when it needs settings that are not given; calls
    /// fail then and name the setting.
    pub built_in: bool,
    /// For tests of plugins: nothing is smoothed over. Progress that goes back or leaves 0..1 is a fault instead of being
    /// corrected, and models are asked even about no texts at all.
    pub strict: bool,
}

/// What a component is, without installing it.
#[derive(Clone, Debug)]
pub struct Inspection {
    /// What it does.
    pub role: Role,
    /// What it says of itself, under its own name; `None` when it cannot be asked.
    pub info: Option<PluginInfo>,
    /// Why this host would not install it: what differs from the contract, line by line, or how describing itself
    /// failed. Empty when it would.
    pub misfits: Vec<String>,
    /// Version of the contract that it was built against, e.g. `0.1.0`.
    pub contract: String,
    /// Interfaces it needs, e.g. `mortise:plugin/log@0.1.0`.
    pub imports: Vec<String>,
    /// Interfaces it offers.
    pub exports: Vec<String>,
    /// Bytes of the component.
    pub size: u64,
    /// Lower-case hex SHA-256 of the component.
    pub digest: String,
}

/// Why a plugin was not installed. What was installed before under that name stays.
#[derive(Debug, thiserror::Error)]
pub enum InstallError {
    /// The bytes are not a plugin of this host.
    #[error(transparent)]
    Package(#[from] PackageError),
    /// The engine refuses the code.
    #[error("it cannot be compiled: {0}")]
    Uncompilable(String),
    /// Its interfaces have the right names and other shapes.
    #[error(
        "this {role} was built against mortise:plugin {wants} and does not fit {offers}, which this host offers:{}\n{}",
        misfits.iter().map(|misfit| format!("\n- {misfit}")).collect::<String>(),
        advice(wants, offers)
    )]
    Unfit {
        /// What it is.
        role: Role,
        /// The version that it was built against.
        wants: Version,
        /// The version of the same line that this host offers.
        offers: Version,
        /// Every difference, one a line, in the words of the contract.
        misfits: Vec<String>,
    },
    /// It did not describe itself.
    #[error("describe failed: {0}")]
    Describe(FaultReason),
    /// It described itself wrongly.
    #[error("describe gave {0}")]
    Description(String),
    /// The operator's settings do not fit its schema.
    #[error("setting {field:?}: {reason}")]
    Config {
        /// Dotted path.
        field: String,
        /// What is wrong.
        reason: String,
    },
    /// A name that cannot be offered.
    #[error("name {0:?}: 1 to 128 characters, no control characters or outer blanks")]
    Name(String),
}

/// What an author or an operator can do about a component of the right line and the wrong shape.
fn advice(wants: &Version, offers: &Version) -> String {
    if wants > offers {
        format!("install a Mortise that offers {wants}, or rebuild the plugin with mortise-sdk {offers}")
    } else {
        format!("rebuild the plugin with mortise-sdk {offers} unchanged, or ask its author to")
    }
}

impl InstallError {
    /// The kind in one word, as metrics show it; a failed description with the kind of its fault.
    pub fn kind(&self) -> String {
        let word = match self {
            Self::Package(_) => "package",
            Self::Uncompilable(_) => "compile",
            Self::Unfit { .. } => "contract",
            Self::Describe(reason) => return format!("describe:{}", reason.kind()),
            Self::Description(_) => "description",
            Self::Config { .. } => "config",
            Self::Name(_) => "name",
        };
        word.to_owned()
    }

    /// Why a package has no description.
    pub(crate) fn undescribed(package: &Package, error: Undescribed) -> Self {
        match error {
            Undescribed::Uncompilable(why) => Self::Uncompilable(why),
            Undescribed::Unfit(misfits) => {
                let Package { role, ref wit, line, .. } = *package;
                Self::Unfit { role, wants: wit.clone(), offers: line.version(), misfits }
            }
            Undescribed::Failed(reason) => Self::Describe(reason),
            Undescribed::Invalid(what) => Self::Description(what),
        }
    }

    /// The same, line by line.
    pub(crate) fn misfits(self) -> Vec<String> {
        match self {
            Self::Unfit { misfits, .. } => misfits,
            other => vec![other.to_string()],
        }
    }
}

impl From<InstallError> for Error {
    fn from(error: InstallError) -> Self {
        match error {
            InstallError::Config { field, reason } => Error::invalid(field, reason),
            InstallError::Name(_) => Error::invalid("name", error.to_string()),
            other => Error::invalid("component", other.to_string()),
        }
    }
}

/// Checks a name under which something is offered.
pub(crate) fn name(name: String) -> Result<String, InstallError> {
    let sound = !name.is_empty() && name.len() <= 128 && name.trim() == name && !name.chars().any(char::is_control);
    if sound { Ok(name) } else { Err(InstallError::Name(crate::fault::cut(&name, 128))) }
}
