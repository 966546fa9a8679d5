//! Which known name someone probably meant.

use super::settings::SETTINGS;

/// The known name with the fewest letters between it and this one, if those are at most a third.
pub(super) fn nearest(name: &str) -> Option<&'static str> {
    let known = SETTINGS.iter().map(|setting| (distance(setting.name, name), setting.name));
    let (distance, nearest) = known.min()?;
    (distance * 3 <= nearest.chars().count()).then_some(nearest)
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
            assert_eq!(nearest(typo), Some(meant));
        }
        for other in ["foo", "server", "", "o", "x".repeat(100).as_str()] {
            assert_eq!(nearest(other), None, "{other}");
        }
    }
}
