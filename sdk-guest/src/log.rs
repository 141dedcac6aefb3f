//! Macros that format one line for the host's log.

/// Writes a line that helps whoever follows every step: `trace!("{} blocks", blocks.len())`.
#[macro_export]
macro_rules! trace {
    ($($line:tt)+) => { $crate::host::log($crate::host::Level::Trace, &::std::format!($($line)+)) };
}

/// Writes a line that helps the plugin's author: `debug!("cut at {at}")`.
#[macro_export]
macro_rules! debug {
    ($($line:tt)+) => { $crate::host::log($crate::host::Level::Debug, &::std::format!($($line)+)) };
}

/// Writes a line that tells the operator what happens.
///
/// ```
/// let pages = 3;
/// mortise_sdk::info!("{pages} pages have no text");
/// ```
#[macro_export]
macro_rules! info {
    ($($line:tt)+) => { $crate::host::log($crate::host::Level::Info, &::std::format!($($line)+)) };
}

/// Writes a line about something that went wrong and was dealt with.
#[macro_export]
macro_rules! warn {
    ($($line:tt)+) => { $crate::host::log($crate::host::Level::Warn, &::std::format!($($line)+)) };
}

/// Writes a line about something that went wrong for good. An error that is returned is told anyway.
#[macro_export]
macro_rules! error {
    ($($line:tt)+) => { $crate::host::log($crate::host::Level::Error, &::std::format!($($line)+)) };
}
