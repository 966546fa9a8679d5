//! The notice of a throw: its entry in the list of recent throws, with a shorter body.

use datadump_core::Dump;
use serde_json::Value as Json;
use uuid::Uuid;

use crate::answer::RecentThrowAnswer;

/// Maximum number of bytes of a body in a notice.
const MAX_BODY: usize = 2 << 10;

/// Returns the data of the notice with the id of a throw; nothing if the throw is not remembered any more.
pub(super) fn render(dump: &Dump, notice: &str) -> Option<String> {
    let id = serde_json::from_str::<Json>(notice).ok()?;
    let id: Uuid = id["id"].as_str()?.parse().ok()?;
    let recent = dump.ingest().recent_throws().get(id).ok()?;
    let entry = serde_json::to_value(RecentThrowAnswer::from(&*recent)).ok()?;
    Some(shortened(entry).to_string())
}

fn shortened(mut entry: Json) -> Json {
    // Base64 has four characters for three bytes.
    for (name, most) in [("body", MAX_BODY), ("body_base64", MAX_BODY / 3 * 4)] {
        if let Some(Json::String(body)) = entry.get_mut(name)
            && body.len() > most
        {
            body.truncate(body.floor_char_boundary(most));
            body.shrink_to_fit();
            entry["cut"] = true.into();
        }
    }
    entry
}

#[cfg(test)]
mod tests {
    use base64::{Engine, engine::general_purpose::STANDARD as BASE64};
    use serde_json::json;

    use super::*;

    #[test]
    fn a_long_body_is_cut_between_characters() {
        let short = json!({"body": "x".repeat(MAX_BODY), "cut": false});
        assert_eq!(shortened(short.clone()), short);
        let long = shortened(json!({"body": "ü".repeat(MAX_BODY) + "x", "cut": false}));
        assert_eq!(long, json!({"body": "ü".repeat(MAX_BODY / 2), "cut": true}));
        let odd = shortened(json!({"body": format!("x{}", "ü".repeat(MAX_BODY)), "cut": false}));
        assert_eq!(odd["body"].as_str().map(str::len), Some(MAX_BODY - 1));
        let bytes = shortened(json!({"body_base64": BASE64.encode([7; 3 * MAX_BODY]), "cut": false}));
        let kept = BASE64.decode(bytes["body_base64"].as_str().unwrap()).unwrap();
        assert_eq!((kept, &bytes["cut"]), (vec![7; MAX_BODY / 3 * 3], &json!(true)));
    }
}
