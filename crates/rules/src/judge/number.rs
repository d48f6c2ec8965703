//! Document numbers alike: the same but for case, punctuation, leading zeros, or a look-alike letter.
//!
//! Separators stay boundaries (`1-23` is not `12-3`), a suffix stays a suffix (`1001A` is a part delivery of `1001`),
//! the year stays part of the number. Letters are folded into digits (`O` and `0`) only where one of the two has all the
//! letters, which shows that it was typed by hand.

/// Runs of digits (without leading zeros) and of letters (upper case), in order.
pub fn runs(text: &str) -> Vec<String> {
    let mut runs: Vec<String> = Vec::new();
    let mut kind = None;
    for symbol in text.chars() {
        let now = if symbol.is_ascii_digit() {
            Some(true)
        } else if symbol.is_alphabetic() {
            Some(false)
        } else {
            None
        };
        if let Some(digit) = now {
            if kind != Some(digit) || runs.is_empty() {
                runs.push(String::new());
            }
            if let Some(last) = runs.last_mut() {
                last.extend(symbol.to_uppercase());
            }
        }
        kind = now;
    }
    runs.iter_mut().for_each(|run| {
        if run.bytes().all(|byte| byte.is_ascii_digit()) {
            let short = run.trim_start_matches('0');
            *run = if short.is_empty() { "0".to_owned() } else { short.to_owned() };
        }
    });
    runs
}

/// The candidate key: look-alike letters as digits, punctuation gone.
pub fn fold(text: &str) -> String {
    let mut folded = String::with_capacity(text.len());
    fold_into(text, &mut folded);
    folded
}

/// The same, at the end of a text.
pub fn fold_into(text: &str, folded: &mut String) {
    let from = folded.len();
    for symbol in text.chars() {
        match symbol {
            _ if !symbol.is_alphanumeric() => {}
            'O' | 'o' => folded.push('0'),
            'I' | 'L' | 'i' | 'l' => folded.push('1'),
            'B' | 'b' => folded.push('8'),
            'S' | 's' => folded.push('5'),
            _ if symbol.is_ascii() => folded.push(symbol.to_ascii_uppercase()),
            _ => folded.extend(symbol.to_uppercase().map(look)),
        }
    }
    // Leading zeros of every run of digits, so that INV-0042 and INV42 meet. Most numbers have none.
    let zeros = |text: &str| {
        let bytes = text.as_bytes();
        let leads = |at: usize| bytes[at] == b'0' && (at == 0 || !bytes[at - 1].is_ascii_digit());
        (0..bytes.len().saturating_sub(1)).any(|at| leads(at) && bytes[at + 1].is_ascii_digit())
    };
    if !zeros(&folded[from..]) {
        return;
    }
    let whole = folded.split_off(from);
    let mut in_digits = false;
    let mut symbols = whole.chars().peekable();
    while let Some(symbol) = symbols.next() {
        let zero = symbol == '0' && !in_digits && symbols.peek().is_some_and(char::is_ascii_digit);
        if zero {
            continue;
        }
        in_digits = symbol.is_ascii_digit();
        folded.push(symbol);
    }
}

/// A letter that looks like a digit, as that digit.
fn look(symbol: char) -> char {
    match symbol {
        'O' => '0',
        'I' | 'L' => '1',
        'B' => '8',
        'S' => '5',
        other => other,
    }
}

/// Whether wherever the two differ, it is always the same one that has the letter: the one typed by hand. Identifiers
/// that mix letters and digits at random differ both ways.
fn one_was_typed(left: &str, right: &str) -> bool {
    let pairs = || left.chars().zip(right.chars()).filter(|(a, b)| !a.eq_ignore_ascii_case(b));
    pairs().all(|(a, b)| a.is_ascii_digit() && b.is_alphabetic())
        || pairs().all(|(a, b)| a.is_alphabetic() && b.is_ascii_digit())
}

/// Whether two different numbers are one number in two spellings.
pub fn alike(left: &str, right: &str) -> bool {
    if left == right {
        return false;
    }
    if runs(left) == runs(right) {
        return true;
    }
    left.chars().count() == right.chars().count() && one_was_typed(left, right) && fold(left) == fold(right)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// As it was first written: step by step.
    fn plainly(text: &str) -> String {
        let symbols = text.chars().filter(|symbol| symbol.is_alphanumeric()).flat_map(char::to_uppercase).map(look);
        let digits: String = symbols.collect();
        let mut folded = String::new();
        let mut in_digits = false;
        let mut symbols = digits.chars().peekable();
        while let Some(symbol) = symbols.next() {
            if symbol == '0' && !in_digits && symbols.peek().is_some_and(char::is_ascii_digit) {
                continue;
            }
            in_digits = symbol.is_ascii_digit();
            folded.push(symbol);
        }
        folded
    }

    proptest! {
        #[test]
        fn a_number_is_folded_as_step_by_step(text in "[A-Zoilbs0-3 ./ßﬁéı-]{0,12}", before in "[a0]{0,2}") {
            prop_assert_eq!(fold(&text), plainly(&text));
            let mut whole = before.clone();
            fold_into(&text, &mut whole);
            prop_assert_eq!(whole, before + &plainly(&text));
        }
    }

    #[test]
    fn spellings_of_one_number() {
        for (left, right, same) in [
            ("INV-0042", "inv 42", true),
            ("INV-1001", "INV-1O01", true),
            ("INV-1001", "INV-100l", true),
            ("1001", "1001A", false),
            ("1001-2", "1001", false),
            ("1-23", "12-3", false),
            ("2025-001", "2026-001", false),
            ("B81", "881", true),
            ("AB1O", "AB1O", false),
            ("8B0O", "B8O0", false),
            ("INV-1001", "INV-1011", false),
        ] {
            assert_eq!(alike(left, right), same, "{left} ~ {right}");
            assert!(!same || fold(left) == fold(right), "{left} and {right} must be candidates");
        }
    }
}
