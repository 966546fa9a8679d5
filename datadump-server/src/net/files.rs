//! The limit on open files: every connection is one, and the database needs some.

use rustix::process::{Resource, getrlimit, setrlimit};

/// Number of open files kept for the database, worker processes and refused connections, but at most half of
/// the limit.
const RESERVED: usize = 128;

/// Raises the limit on open files as far as the operating system allows. Many systems start programs with
/// 1,024, for old ones that cannot use more.
pub(crate) fn raise_limit() {
    let mut limit = getrlimit(Resource::Nofile);
    if limit.current == limit.maximum {
        return;
    }
    limit.current = limit.maximum;
    // A smaller limit only means fewer connections.
    if let Err(error) = setrlimit(Resource::Nofile, limit) {
        tracing::warn!(%error, "failed to raise the limit on open files");
    }
}

/// Returns how many connections may be open: as many as configured, unless the limit on open files is lower.
pub(super) fn max_connections(configured: usize) -> usize {
    let Some(files) = getrlimit(Resource::Nofile).current else { return configured };
    let allowed = allowed(configured, usize::try_from(files).unwrap_or(usize::MAX));
    if allowed < configured {
        tracing::warn!(files, "the limit on open files allows only {allowed} connections, not {configured}");
    }
    allowed
}

fn allowed(configured: usize, files: usize) -> usize {
    configured.min(files - RESERVED.min(files / 2))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn some_files_are_left_for_the_database() {
        for (configured, files, expected) in
            [(4096, 1 << 20, 4096), (4096, 1024, 896), (4096, 100, 50), (10, 100, 10), (10, 0, 0)]
        {
            assert_eq!(allowed(configured, files), expected);
        }
    }
}
