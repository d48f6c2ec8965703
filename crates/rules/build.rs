//! Embeds the bundled rules by listing `rules/*.toml` of the repository.

use std::fmt::Write as _;
use std::path::Path;
use std::{env, fs};

#[expect(clippy::disallowed_methods, reason = "cargo tells a build script its folders by environment")]
fn main() -> Result<(), Box<dyn std::error::Error>> {
    let folder = Path::new(&env::var("CARGO_MANIFEST_DIR")?).join("../../rules");
    println!("cargo::rerun-if-changed={}", folder.display());
    let mut files: Vec<_> = fs::read_dir(&folder)?.filter_map(Result::ok).map(|entry| entry.path()).collect();
    files.retain(|path| path.extension().is_some_and(|extension| extension == "toml"));
    files.sort();
    let mut code = String::from("/// The bundled rules: path and text.\npub const BUNDLED: &[(&str, &str)] = &[\n");
    for path in files {
        let name = path.file_name().and_then(|name| name.to_str()).ok_or("a rule's file name is not text")?;
        let place = format!("/../../rules/{name}");
        let text = format!("include_str!(concat!(env!(\"CARGO_MANIFEST_DIR\"), {place:?}))");
        writeln!(code, "    ({:?}, {text}),", format!("rules/{name}"))?;
    }
    code.push_str("];\n");
    fs::write(Path::new(&env::var("OUT_DIR")?).join("bundled.rs"), code)?;
    Ok(())
}
