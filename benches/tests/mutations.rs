//! The list of breaks is about the code as it is.

use std::path::Path;

#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct List {
    tests: std::collections::BTreeMap<String, Vec<String>>,
    mutation: Vec<Mutation>,
}

#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct Mutation {
    file: String,
    text: String,
    becomes: String,
    tests: String,
}

#[test]
fn every_break_changes_a_line_that_is_there() {
    let top = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let list = std::fs::read_to_string(top.join("benches/mutations/mutations.toml")).unwrap();
    let list: List = toml::from_str(&list).unwrap();
    assert!(!list.mutation.is_empty());
    for Mutation { file, text, becomes, tests } in list.mutation {
        let code = std::fs::read_to_string(top.join(&file)).unwrap_or_else(|error| panic!("{file}: {error}"));
        assert_eq!(code.matches(&text).count(), 1, "{file}: {text}");
        assert_ne!(text, becomes, "{file}");
        assert!(list.tests.contains_key(&tests), "{file}: {tests}");
    }
}
