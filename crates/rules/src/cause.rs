//! Consequences: a finding that another one explains says so, and its money is counted there.

use std::collections::BTreeMap;

use tieout_model::RecordRef;

use crate::harvest::Harvested;
use crate::rule::Library;

/// Links findings by the rules' `explains`: on the same item, or else on the same document where the two rules look at
/// different populations. The most upstream finding is named.
pub fn link(library: &Library, harvested: &mut [Harvested]) {
    let mut causes: BTreeMap<usize, usize> = BTreeMap::new();
    for rule in library.rules() {
        let explains: Vec<&str> = rule.file.explains.iter().map(|text| text.as_ref().as_str()).collect();
        if explains.is_empty() {
            continue;
        }
        let mut by_document: BTreeMap<&(String, RecordRef), Vec<usize>> = BTreeMap::new();
        for (index, cause) in harvested.iter().enumerate().filter(|(_, one)| one.finding.rule == rule.card.id) {
            for document in &cause.touches {
                by_document.entry(document).or_default().push(index);
            }
        }
        for (index, consequence) in harvested.iter().enumerate() {
            if !explains.contains(&consequence.finding.rule.as_str()) || causes.contains_key(&index) {
                continue;
            }
            let found = consequence.touches.iter().filter_map(|document| by_document.get(document)).flatten().copied();
            let fits = |&cause: &usize| {
                let (a, b) = (&harvested[cause].item, &consequence.item);
                cause != index && (a.0 != b.0 || a.1 == b.1 || harvested[cause].touches.contains(b))
            };
            if let Some(cause) = found.filter(fits).min() {
                causes.insert(index, cause);
            }
        }
    }
    for index in 0..harvested.len() {
        let (mut at, mut steps) = (index, 0);
        while let Some(&cause) = causes.get(&at) {
            (at, steps) = (cause, steps + 1);
            // Two rules that explain each other: the one that comes first stays the cause.
            if steps > harvested.len() || at == index {
                at = index;
                break;
            }
        }
        if at != index {
            let fingerprint = harvested[at].finding.fingerprint.clone();
            let case = harvested[at].finding.case.clone();
            harvested[index].finding.caused_by = Some(fingerprint);
            harvested[index].finding.case = case;
        }
    }
}
