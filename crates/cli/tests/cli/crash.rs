//! A crash in the middle of every command that writes the register or the pack: nothing is lost, what is cut is named, and the same
//! command again completes it.
//!
//! A limit on the size of files stages it: a write that passes it is cut at the byte, and the process is killed (as by a power cut) or,
//! where the signal is ignored, gets an error (as from a full disk).

#![cfg(unix)]

use std::fs;
use std::path::Path;
use std::process::Command;

use super::{Run, tieout};

/// Bytes of a block of `ulimit -f`, by the standard.
const BLOCK: usize = 512;

/// What happens where a file would grow beyond so many blocks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum End {
    Killed,
    Full,
}

/// Runs the binary with files limited to so many blocks; no code if it was killed.
fn limited(folder: &Path, blocks: usize, end: End, args: &[&str]) -> (Option<i32>, Run) {
    let ignored = if end == End::Full { "trap \"\" XFSZ; " } else { "" };
    let script = format!("{ignored}ulimit -f {blocks}; exec \"$0\" \"$@\"");
    let mut command = Command::new("sh");
    command.args(["-c", &script, env!("CARGO_BIN_EXE_tieout")]).args(args).current_dir(folder);
    let output = command.output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    let code = output.status.code();
    (code, Run { code: code.unwrap_or(-1), out: text(output.stdout), err: text(output.stderr) })
}

/// The case worked by hand.
fn case() -> tempfile::TempDir {
    let place = tempfile::tempdir().unwrap();
    for entry in fs::read_dir(Path::new(super::HERE).join("../../fixtures/cases/corrections")).unwrap() {
        let entry = entry.unwrap();
        fs::copy(entry.path(), place.path().join(entry.file_name())).unwrap();
    }
    place
}

const PROPOSE: [&str; 6] = ["correct", "--quiet", "--out", "pack", "--by", "prep"];

fn register(place: &Path) -> String {
    fs::read_to_string(place.join("corrections.txt")).unwrap()
}

/// Fills the register with a comment, so that the next write passes the limit of blocks after `after` bytes.
fn pad(place: &Path, after: usize) -> usize {
    let text = fs::read_to_string(place.join("corrections.txt")).unwrap_or_default();
    let blocks = (text.len() + after) / BLOCK + 1;
    let fill = blocks * BLOCK - after - text.len();
    // A comment takes two bytes at least.
    let (blocks, fill) = if fill < 2 { (blocks + 1, fill + BLOCK) } else { (blocks, fill) };
    fs::write(place.join("corrections.txt"), format!("#{}\n{text}", "-".repeat(fill - 2))).unwrap();
    blocks
}

fn ids(place: &Path) -> Vec<String> {
    let own = register(place);
    let proposed = own.lines().filter(|line| line.contains("  proposed  "));
    proposed.map(|line| line.split_whitespace().nth(1).unwrap().to_owned()).collect()
}

/// Lines of a step.
fn steps(place: &Path, step: &str) -> usize {
    let word = format!("  {step:<9} ");
    let text = register(place);
    // A line without its end does not count.
    let whole = text.rsplit_once('\n').map_or("", |(whole, _)| whole);
    whole.lines().filter(|line| line.contains(&word)).count()
}

#[test]
fn a_step_that_was_stopped_anywhere_is_named_and_done_again() {
    for step in ["approve", "told", "withdraw"] {
        for end in [End::Killed, End::Full] {
            // Lines are of 44 bytes: in the first, before its end, behind it, in the second, before its end.
            for after in [0, 1, 11, 30, 43, 44, 45, 60, 87] {
                let place = case();
                let place = place.path();
                assert_eq!(tieout(place, &PROPOSE).code, 0);
                let all = ids(place);
                assert_eq!(all.len(), 3);
                let blocks = pad(place, after);
                let before = register(place);
                let why: &[&str] = if step == "withdraw" { &["--why", "agreed"] } else { &[] };
                let args =
                    [&[step, all[0].as_str(), all[1].as_str(), "--by", "boss", "--on", "2026-11-06"][..], why].concat();
                let (code, run) = limited(place, blocks, end, &args);
                assert_eq!(code, if end == End::Killed { None } else { Some(2) }, "{step} {after}: {}", run.err);
                if end == End::Full {
                    let words = run.err.replace("\n", " ");
                    assert!(words.contains("output-failed") && words.contains("written whole counts"), "{}", run.err);
                }
                let torn = register(place);
                assert_eq!(torn.len(), before.len() + after, "the write was cut where it should be");
                assert!(torn.starts_with(&before), "what stood there stands");
                // A line that is cut is named, and every other line counts.
                let told = tieout(place, &["register", "--quiet"]);
                let is_torn = !torn.ends_with('\n');
                assert_eq!(told.code == 2, is_torn, "{step} {after}: {}{}", told.out, told.err);
                assert_eq!(told.err.contains("register-line"), is_torn, "{}", told.err);
                // Once more, with room: it is done, and nothing that was there is gone.
                let again = tieout(place, &args);
                assert_eq!(again.code, 0, "{step} {after}: {}", again.err);
                let text = register(place);
                assert!(text.starts_with(&torn), "lines are only added");
                let name = match step {
                    "approve" => "approved",
                    "withdraw" => "withdrawn",
                    other => other,
                };
                assert!(steps(place, name) >= 2, "{text}");
                assert_eq!(ids(place), all);
            }
        }
    }
}

#[test]
fn proposals_that_were_cut_are_added_by_the_next_run_and_no_other_twice() {
    let whole = case();
    assert_eq!(tieout(whole.path(), &PROPOSE).code, 0);
    let length = register(whole.path()).len();
    let all = ids(whole.path());
    // The files of the pack are small, the register is not: the pack passes, the register is cut.
    let largest = fs::read(whole.path().join("pack/proposals.json")).unwrap().len();
    for end in [End::Killed, End::Full] {
        for after in [1, 100, 150, 300, length - 1] {
            let place = case();
            let place = place.path();
            fs::write(place.join("corrections.txt"), format!("#{}\n", "-".repeat(largest + 2 * BLOCK))).unwrap();
            let blocks = pad(place, after);
            let before = register(place);
            let (code, run) = limited(place, blocks, end, &PROPOSE);
            assert_eq!(code, if end == End::Killed { None } else { Some(2) }, "{after}: {}{}", run.out, run.err);
            assert!(!place.join("pack/not-complete.txt").exists(), "the pack was written before");
            assert_eq!(register(place).len(), before.len() + after);
            let again = tieout(place, &PROPOSE);
            assert_eq!(again.code, 0, "{}", again.err);
            let mut found: Vec<String> = ids(place);
            found.dedup();
            found.sort();
            found.dedup();
            let mut wanted = all.clone();
            wanted.sort();
            assert_eq!(found, wanted);
            // Nothing more is to be added.
            let text = register(place);
            assert_eq!(tieout(place, &PROPOSE).code, 0);
            assert_eq!(register(place), text);
        }
    }
}

#[test]
fn a_pack_that_was_stopped_says_so_and_files_of_it_are_whole() {
    let whole = case();
    assert_eq!(tieout(whole.path(), &PROPOSE).code, 0);
    let read = |place: &Path, name: &str| fs::read(place.join("pack").join(name)).unwrap_or_default();
    for end in [End::Killed, End::Full] {
        // The JSON of the pack is larger than this.
        let place = case();
        let place = place.path();
        let (code, run) = limited(place, 4, end, &PROPOSE);
        assert_eq!(code, if end == End::Killed { None } else { Some(2) }, "{}", run.err);
        assert!(place.join("pack/not-complete.txt").is_file(), "{}", run.err);
        assert!(!place.join("corrections.txt").exists(), "nothing is proposed by half a pack");
        for entry in fs::read_dir(place.join("pack")).unwrap().map(|entry| entry.unwrap().path()) {
            let name = entry.file_name().unwrap().to_str().unwrap().to_owned();
            if entry.is_file() && name != "not-complete.txt" && !name.starts_with(".tieout-") {
                assert_eq!(fs::read(&entry).unwrap(), read(whole.path(), &name), "{name} is whole");
            }
        }
        // Again, with room.
        assert_eq!(tieout(place, &PROPOSE).code, 0);
        let names = |place: &Path| {
            let all = fs::read_dir(place.join("pack")).unwrap().map(|entry| entry.unwrap().file_name());
            all.collect::<std::collections::BTreeSet<_>>()
        };
        assert_eq!(names(place), names(whole.path()), "no mark and no draft is left");
        assert_eq!(read(place, "proposals.json"), read(whole.path(), "proposals.json"));
        assert_eq!(ids(place), ids(whole.path()));
    }
}

/// Something stands where the pack's folders belong: what is written by then is whole, and the pack says that it is not.
#[test]
fn a_pack_whose_place_is_taken_says_so() {
    for taken in ["letters", "import"] {
        let place = case();
        let place = place.path();
        fs::create_dir(place.join("pack")).unwrap();
        fs::write(place.join("pack").join(taken), "").unwrap();
        let run = tieout(place, &PROPOSE);
        let words = run.err.replace('\n', " ");
        assert!(run.code == 2 && words.contains("output-failed") && words.contains("not-complete.txt"), "{}", run.err);
        assert!(place.join("pack/not-complete.txt").is_file() && !place.join("corrections.txt").exists());
        fs::remove_file(place.join("pack").join(taken)).unwrap();
        assert_eq!(tieout(place, &PROPOSE).code, 0);
        assert!(!place.join("pack/not-complete.txt").exists());
    }
}

/// Two people propose the same at once: each proposal stands there once.
#[test]
fn two_who_propose_at_once_propose_once() {
    let place = case();
    let place = place.path();
    let started: Vec<_> = ["prep", "another"]
        .map(|by| {
            let mut command = Command::new(env!("CARGO_BIN_EXE_tieout"));
            command.args(["correct", "--quiet", "--out", by, "--by", by]).current_dir(place);
            command.spawn().unwrap()
        })
        .into();
    for mut child in started {
        assert!(child.wait().unwrap().success());
    }
    let mut all = ids(place);
    assert_eq!(all.len(), 3, "{}", register(place));
    all.sort();
    all.dedup();
    assert_eq!(all.len(), 3);
}

/// A letter or an import of a former pack is not sent or booked a second time.
#[test]
fn a_new_pack_leaves_nothing_of_the_former_one() {
    let place = case();
    let place = place.path();
    assert_eq!(tieout(place, &PROPOSE).code, 0);
    assert!(place.join("pack/letters/00003-C-3.txt").is_file());
    fs::write(place.join("pack/notes.txt"), "mine").unwrap();
    let invoices = fs::read_to_string(place.join("invoice_line.csv")).unwrap();
    fs::write(place.join("invoice_line.csv"), invoices.replace("I-5,1,SO-3,10", "I-5,1,SO-9,10")).unwrap();
    assert_eq!(tieout(place, &PROPOSE).code, 0);
    assert!(!place.join("pack/letters/00003-C-3.txt").exists());
    assert_eq!(fs::read_to_string(place.join("pack/notes.txt")).unwrap(), "mine", "what is not ours stays");
}

#[test]
fn a_register_that_cannot_be_read_stops_before_anything_is_written() {
    let place = case();
    fs::create_dir(place.path().join("corrections.txt")).unwrap();
    let run = tieout(place.path(), &PROPOSE);
    assert!(run.code == 2 && run.err.contains("cannot be read"), "{}", run.err);
    assert!(!place.path().join("pack").exists());
}

/// Many approve at once: one of them does, and every other is told who did.
#[test]
fn of_many_at_once_one_approves_and_the_others_are_told() {
    let place = case();
    let place = place.path();
    assert_eq!(tieout(place, &PROPOSE).code, 0);
    let (before, all) = (register(place), ids(place));
    let started: Vec<_> = (0..8)
        .map(|number| {
            let mut command = Command::new(env!("CARGO_BIN_EXE_tieout"));
            command.args(["approve", &all[0], &all[1], "--by", &format!("approver-{number}"), "--on", "2026-11-06"]);
            command.current_dir(place).stderr(std::process::Stdio::piped()).stdout(std::process::Stdio::null());
            command.spawn().unwrap()
        })
        .collect();
    let ended: Vec<_> = started.into_iter().map(|child| child.wait_with_output().unwrap()).collect();
    let done = ended.iter().filter(|output| output.status.code() == Some(0)).count();
    let text = register(place);
    assert_eq!(done, 1, "{text}");
    assert!(text.starts_with(&before) && steps(place, "approved") == 2, "{text}");
    for refused in ended.iter().filter(|output| output.status.code() != Some(0)) {
        let words = String::from_utf8_lossy(&refused.stderr).replace('\n', " ");
        assert!(refused.status.code() == Some(2) && words.contains("was approved by approver-"), "{words}");
    }
}

/// Two people worked on copies of the register, and somebody merged them without looking.
#[test]
fn what_two_people_did_stands_and_their_conflicts_are_named() {
    let place = case();
    let place = place.path();
    assert_eq!(tieout(place, &PROPOSE).code, 0);
    let (common, all) = (register(place), ids(place));
    let lines = |changes: &[&[&str]]| {
        fs::write(place.join("corrections.txt"), &common).unwrap();
        for args in changes {
            let run = tieout(place, args);
            assert_eq!(run.code, 0, "{}", run.err);
        }
        register(place)[common.len()..].to_owned()
    };
    let on = ["--on", "2026-11-06"];
    let (a, b, c) = (all[0].as_str(), all[1].as_str(), all[2].as_str());
    let ours = lines(&[&["approve", a, b, "--by", "boss", on[0], on[1]], &["told", a, "--by", "clerk", on[0], on[1]]]);
    let theirs = lines(&[&["approve", b, c, "--by", "chief", on[0], on[1]]]);
    let merged = format!("{common}<<<<<<< ours\n{ours}=======\n{theirs}>>>>>>> theirs\n");
    fs::write(place.join("corrections.txt"), &merged).unwrap();
    let run = tieout(place, &["register", "--quiet", "--json", "register.json"]);
    assert_eq!(run.code, 2, "{}", run.err);
    let told: serde_json::Value =
        serde_json::from_str(&fs::read_to_string(place.join("register.json")).unwrap()).unwrap();
    let faults: Vec<&str> =
        told["faults"].as_array().unwrap().iter().map(|fault| fault["message"].as_str().unwrap()).collect();
    assert_eq!(faults.iter().filter(|fault| fault.contains("were not merged")).count(), 3, "{faults:?}");
    assert_eq!(faults.iter().filter(|fault| fault.contains("approved by boss on 2026-11-06 already")).count(), 1);
    assert_eq!(faults.len(), 4);
    let by = |id: &str| {
        let rows = told["proposals"].as_array().unwrap();
        rows.iter().find(|row| row["proposal"] == id).unwrap()["approved"]["by"].as_str().unwrap().to_owned()
    };
    assert_eq!([by(a), by(b), by(c)], ["boss", "boss", "chief"], "the first stands");
}
