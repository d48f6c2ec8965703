//! Embeds the bundled rules and the skeletons by listing their folders.

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
    code.push_str(&skeletons(&Path::new(&env::var("CARGO_MANIFEST_DIR")?).join("skeletons"))?);
    fs::write(Path::new(&env::var("OUT_DIR")?).join("bundled.rs"), code)?;
    Ok(())
}

/// Each kind's skeleton with its marked records.
fn skeletons(folder: &Path) -> Result<String, Box<dyn std::error::Error>> {
    println!("cargo::rerun-if-changed={}", folder.display());
    let listed = |folder: &Path, extension: &str| -> Result<Vec<std::path::PathBuf>, std::io::Error> {
        let mut files: Vec<_> = fs::read_dir(folder)?.filter_map(Result::ok).map(|entry| entry.path()).collect();
        files.retain(|path| path.extension().is_some_and(|found| found == extension));
        files.sort();
        Ok(files)
    };
    let mut code = String::from(
        "/// By kind: the rule, and its marked records by population.\n\
         pub const SKELETONS: &[Skeleton] = &[\n",
    );
    for path in listed(folder, "toml")? {
        let kind = path.file_stem().and_then(|name| name.to_str()).ok_or("a skeleton's name is not text")?;
        let include = |place: String| format!("include_str!(concat!(env!(\"CARGO_MANIFEST_DIR\"), {place:?}))");
        write!(code, "    ({kind:?}, {}, &[", include(format!("/skeletons/{kind}.toml")))?;
        for table in listed(&folder.join(kind), "csv")? {
            let name = table.file_stem().and_then(|name| name.to_str()).ok_or("a table's name is not text")?;
            write!(code, "({name:?}, {}), ", include(format!("/skeletons/{kind}/{name}.csv")))?;
        }
        code.push_str("]),\n");
    }
    code.push_str("];\n");
    Ok(code)
}
