//! Whether a report is what its inputs come to: the recorded one against one made anew, the first difference named.

use serde_json::Value;

/// Where two reports differ first, in the order in which one would look: the tool, the engagement, the files, the rules, then the
/// results.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// The place in the report: `sources[2].hash`.
    pub path: String,
    /// What it is about, for people: a file's path, a rule's id, a finding's fingerprint; empty for the report itself.
    pub about: String,
    /// As recorded.
    pub recorded: String,
    /// As it came out now.
    pub now: String,
}

/// Parts of a report in the order in which they are compared; what a former report adds to it (`baseline`, `history`) is no result
/// of the inputs.
const ORDER: [&str; 7] = ["format", "version", "name", "period", "as_of", "sources", "rules"];
const OF_FORMER: [&str; 2] = ["baseline", "history"];

/// The first difference; none if the recorded report is proven. `Err` if one of the two is not JSON.
pub fn first_difference(recorded: &str, now: &str) -> Result<Option<Difference>, serde_json::Error> {
    let (recorded, now): (Value, Value) = (serde_json::from_str(recorded)?, serde_json::from_str(now)?);
    let (Value::Object(recorded), Value::Object(now)) = (&recorded, &now) else {
        return Ok(compare("", "", &recorded, &now));
    };
    let first = ORDER.into_iter().map(str::to_owned);
    let rest = recorded.keys().chain(now.keys()).filter(|key| !ORDER.contains(&key.as_str())).cloned();
    let keys = first.chain(rest).filter(|key| !OF_FORMER.contains(&key.as_str()));
    let missing = Value::Null;
    Ok(keys
        .filter_map(|key| {
            let of = |object: &serde_json::Map<String, Value>| object.get(&key).cloned();
            compare(&key, "", of(recorded).as_ref().unwrap_or(&missing), of(now).as_ref().unwrap_or(&missing))
        })
        .next())
}

fn compare(path: &str, about: &str, recorded: &Value, now: &Value) -> Option<Difference> {
    match (recorded, now) {
        (Value::Array(left), Value::Array(right)) => {
            let differs = left.iter().zip(right).enumerate().find_map(|(index, (left, right))| {
                let about = name(left).map_or(about.to_owned(), str::to_owned);
                compare(&format!("{path}[{index}]"), &about, left, right)
            });
            differs.or_else(|| {
                (left.len() != right.len()).then(|| {
                    let extra = left.get(right.len()).or_else(|| right.get(left.len())).and_then(name);
                    Difference {
                        path: path.to_owned(),
                        about: extra.unwrap_or(about).to_owned(),
                        recorded: format!("{} entries", left.len()),
                        now: format!("{} entries", right.len()),
                    }
                })
            })
        }
        (Value::Object(left), Value::Object(right)) => {
            let keys = left.keys().chain(right.keys().filter(|key| !left.contains_key(*key)));
            let missing = Value::Null;
            keys.filter(|key| !OF_FORMER.contains(&key.as_str())).find_map(|key| {
                let of = |object: &'_ serde_json::Map<String, Value>| object.get(key).cloned();
                let (left, right) = (of(left).unwrap_or(missing.clone()), of(right).unwrap_or(missing.clone()));
                compare(&format!("{path}.{key}"), about, &left, &right)
            })
        }
        (left, right) if left == right => None,
        (left, right) => Some(Difference {
            path: path.to_owned(),
            about: about.to_owned(),
            recorded: plain(left),
            now: plain(right),
        }),
    }
}

/// By what people know an entry of a list.
fn name(entry: &Value) -> Option<&str> {
    ["fingerprint", "id", "path", "name", "message"].iter().find_map(|key| entry.get(key)?.as_str())
}

fn plain(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Null => "nothing".to_owned(),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_come_before_what_follows_from_them() {
        let report = |hash: &str, findings: &str| {
            format!(
                r#"{{"findings": [{findings}], "sources": [{{"path": "a.csv", "hash": "{hash}"}}], "version": "1"}}"#
            )
        };
        let recorded = report("1", r#"{"fingerprint": "f", "message": "x", "history": null}"#);
        assert_eq!(first_difference(&recorded, &recorded).unwrap(), None);
        let other = first_difference(&recorded, &report("2", "")).unwrap().unwrap();
        assert_eq!((other.path.as_str(), other.about.as_str()), ("sources[0].hash", "a.csv"));
        let fewer = first_difference(&recorded, &report("1", "")).unwrap().unwrap();
        assert_eq!((fewer.path.as_str(), fewer.about.as_str(), fewer.now.as_str()), ("findings", "f", "0 entries"));
        let remembered = report("1", r#"{"fingerprint": "f", "message": "x", "history": {"standing": "new"}}"#);
        assert_eq!(first_difference(&recorded, &remembered).unwrap(), None);
        let changed = report("1", r#"{"fingerprint": "f", "message": "y"}"#);
        assert_eq!(first_difference(&recorded, &changed).unwrap().unwrap().path, "findings[0].message");
    }
}
