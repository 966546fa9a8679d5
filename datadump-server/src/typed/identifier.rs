//! Identifiers for storages: the names of types and operations in generated clients.

use std::fmt::Write as _;

use super::Template;

/// Endings of the names of a storage's types.
const ENDINGS: [&str; 5] = ["Input", "Patch", "Part", "Page", "Enum"];

/// Returns the identifier of a storage: `DogWalk` for `dog_walk`.
///
/// It depends on nothing but the name, so that it stays the same when other storages come and go. A name from which it
/// could not be told apart from others, such as `Dog-Walk`, has a hash of the name added.
pub(super) fn identifier(name: &str, template: &Template) -> String {
    let words = name.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| !word.is_empty());
    let mut identifier: String = words.map(capitalized).collect();
    if identifier.starts_with(|c: char| !c.is_ascii_alphabetic()) || identifier.is_empty() {
        identifier.insert_str(0, "Storage");
    }
    let is_ending = ENDINGS.iter().any(|ending| identifier.ends_with(ending));
    if !is_plain(name) || is_ending || template.shared.contains_key(&identifier) {
        let _ = write!(identifier, "_{:08x}", hash(name));
    }
    identifier
}

fn capitalized(word: &str) -> String {
    let mut letters = word.chars();
    letters.next().map(|first| first.to_ascii_uppercase()).into_iter().chain(letters).collect()
}

/// Returns whether a name consists of lowercase words with `_` between them, so that it can be told from its
/// identifier.
fn is_plain(name: &str) -> bool {
    name.split('_').all(|word| {
        word.starts_with(|c: char| c.is_ascii_lowercase())
            && word.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit())
    })
}

/// FNV-1a: the hash must be the same in every release.
fn hash(name: &str) -> u32 {
    name.bytes().fold(0x811c_9dc5, |hash, byte| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use serde_json::json;

    use super::*;

    #[test]
    fn identifiers_are_readable_and_distinct() {
        let mut template = Template::default();
        template.shared.insert("Problem".into(), json!({}));
        let mut all = BTreeSet::new();
        for (name, expected) in [
            ("dog", "Dog"),
            ("dog_walk", "DogWalk"),
            ("dogwalk", "Dogwalk"),
            ("dogWalk", "DogWalk_"),
            ("dog-walk", "DogWalk_"),
            ("Dog_walk", "DogWalk_"),
            ("dog_2", "Dog2_"),
            ("dog2", "Dog2"),
            ("2dogs", "Storage2dogs_"),
            ("собака", "Storage_"),
            ("犬", "Storage_"),
            ("hündin", "HNdin_"),
            ("dog_page", "DogPage_"),
            ("dog_part_page", "DogPartPage_"),
            ("problem", "Problem_"),
            ("-", "Storage_"),
        ] {
            let identifier = identifier(name, &template);
            if expected.ends_with('_') {
                assert_eq!(identifier.len(), expected.len() + 8, "{name} {identifier}");
                assert!(identifier.starts_with(expected), "{name} {identifier}");
            } else {
                assert_eq!(identifier, expected);
            }
            assert!(all.insert(identifier), "{name}");
        }
        assert_eq!(identifier("dog-walk", &template), "DogWalk_974ad59d", "it is the same in every release");
    }
}
