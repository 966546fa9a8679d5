//! Which known name someone probably meant.

use super::settings::SETTINGS;

/// The known name with the fewest letters between it and this one.
pub(super) fn nearest(name: &str) -> &'static str {
    let names = SETTINGS.iter().map(|setting| setting.name);
    names.min_by_key(|known| distance(known, name)).unwrap_or_default()
}

/// How many letters have to be added, left out or replaced (Levenshtein).
fn distance(one: &str, other: &str) -> usize {
    let other: Vec<char> = other.chars().collect();
    let mut row: Vec<usize> = (0..=other.len()).collect();
    for (i, letter) in one.chars().enumerate() {
        let mut before = row[0];
        row[0] = i + 1;
        for (j, candidate) in other.iter().enumerate() {
            let replaced = before + usize::from(letter != *candidate);
            before = row[j + 1];
            row[j + 1] = replaced.min(row[j] + 1).min(before + 1);
        }
    }
    row[other.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_name_is_the_likely_one() {
        for (typo, meant) in [
            ("listn", "listen"),
            ("databse", "database"),
            ("max-body", "max_body"),
            ("maxconnections", "max_connections"),
            ("loglevel", "log_level"),
        ] {
            assert_eq!(nearest(typo), meant);
        }
    }
}
