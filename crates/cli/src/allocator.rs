//! The allocator, and how long it keeps what was freed.

/// A columnar engine allocates and frees all the time, from every thread.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Milliseconds after which freed memory goes back to the system.
#[cfg(unix)]
const DELAY: &str = "30000";
/// Likewise, where memory is limited.
#[cfg(unix)]
const DELAY_LIMITED: &str = "1000";

/// Lets the allocator keep freed memory for half a minute instead of ten milliseconds. Columns come and go, and a page that
/// was given back has to be cleared by the system before it can be used again: half of the system's time in a large audit.
///
/// The allocator reads this from the environment when the process begins and nowhere else (short of unsafe code), so the
/// process becomes itself once more, with the variable set: same arguments, same process number. Where that fails, or a user
/// has set the variable, nothing happens.
#[cfg(unix)]
pub fn keep_freed_memory() {
    use std::os::unix::process::CommandExt as _;

    const VARIABLE: &str = "MIMALLOC_PURGE_DELAY";
    #[expect(clippy::disallowed_methods, reason = "how memory is kept is no part of the result")]
    let set = std::env::var_os(VARIABLE).is_some();
    if set {
        return;
    }
    let limited = std::env::args_os().any(|word| word.to_string_lossy().starts_with("--memory-limit"));
    let delay = if limited { DELAY_LIMITED } else { DELAY };
    if let Ok(own) = std::env::current_exe() {
        // It returns only if it fails, and then the audit runs as it is.
        let _failed = std::process::Command::new(own).args(std::env::args_os().skip(1)).env(VARIABLE, delay).exec();
    }
}

/// Elsewhere the allocator stays as it is.
#[cfg(not(unix))]
pub fn keep_freed_memory() {}
