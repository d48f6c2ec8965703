//! The profiles that come with the binary, embedded by the build script that lists `profiles/`.

static BUNDLED: &[(&str, &str)] = include!(concat!(env!("OUT_DIR"), "/bundled.rs"));

/// Id and TOML text of every bundled profile, in order of id.
pub fn bundled_profiles() -> &'static [(&'static str, &'static str)] {
    BUNDLED
}
