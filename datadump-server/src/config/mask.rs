//! Database addresses without their passwords.

/// Replaces the password in a database address with `***`.
///
/// ```
/// use datadump_server::config::mask_password;
/// assert_eq!(mask_password("postgres://ann:secret@db/x"), "postgres://ann:***@db/x");
/// assert_eq!(mask_password("sqlite:data.db"), "sqlite:data.db");
/// ```
pub fn mask_password(address: &str) -> String {
    let Some((scheme, rest)) = address.split_once("://") else { return address.to_owned() };
    let (rest, query) = match rest.split_once('?') {
        Some((rest, query)) => (rest, Some(query)),
        None => (rest, None),
    };
    let mut masked = format!("{scheme}://");
    // A password may contain unescaped `/` and `@`: everything before the last `@` is treated as credentials.
    match rest.rsplit_once('@') {
        Some((user, host)) => {
            let name = user.split_once(':').map(|(name, _)| name);
            masked.push_str(name.unwrap_or(user));
            masked.push_str(if name.is_some() { ":***@" } else { "@" });
            masked.push_str(host);
        }
        None => masked.push_str(rest),
    }
    if let Some(query) = query {
        let pairs = query.split('&').map(|pair| match pair.split_once('=') {
            Some((name, _)) if name.to_lowercase().contains("password") => format!("{name}=***"),
            _ => pair.to_owned(),
        });
        masked.push('?');
        masked.push_str(&pairs.collect::<Vec<_>>().join("&"));
    }
    masked
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn passwords_are_masked() {
        for (address, expected) in [
            ("postgres://ann:secret@db:5432/x", "postgres://ann:***@db:5432/x"),
            ("postgres://ann:se@c/ret@db/x", "postgres://ann:***@db/x"),
            ("postgresql://ann@db/x", "postgresql://ann@db/x"),
            ("postgres://db/x?user=ann&password=secret", "postgres://db/x?user=ann&password=***"),
            ("postgres://db/x?sslpassword=secret", "postgres://db/x?sslpassword=***"),
            ("postgres://db/x", "postgres://db/x"),
            ("sqlite::memory:", "sqlite::memory:"),
        ] {
            assert_eq!(mask_password(address), expected);
        }
    }
}
