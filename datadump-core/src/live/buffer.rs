//! The rows that wait for those who are slow: no more than so many bytes.

use std::{
    collections::VecDeque,
    sync::{Arc, Weak},
};

use super::piece::Piece;

/// The pieces that were told, and that somebody may not have taken yet.
#[derive(Debug)]
pub(super) struct Kept {
    most: usize,
    bytes: usize,
    /// The oldest first, each with its bytes.
    pieces: VecDeque<(Weak<Piece>, usize)>,
}

impl Kept {
    pub(super) fn new(most: usize) -> Self {
        Self { most, bytes: 0, pieces: VecDeque::new() }
    }

    /// Keeps the rows of one more, and no longer those of the oldest when they are too many. The newest keeps
    /// its rows whatever they take: most of those who listen are about to take them.
    pub(super) fn keep(&mut self, piece: &Arc<Piece>) {
        // They are taken in order: behind one that somebody has not taken yet none is gone.
        while let Some((oldest, bytes)) = self.pieces.front() {
            let oldest = oldest.upgrade();
            if oldest.is_some() && self.bytes <= self.most {
                break;
            }
            if let Some(oldest) = oldest {
                oldest.forget();
            }
            self.bytes -= bytes;
            self.pieces.pop_front();
        }
        self.bytes += piece.bytes;
        self.pieces.push_back((Arc::downgrade(piece), piece.bytes));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        clock::Timestamp,
        dump::live::{cursor::Place, event::Event},
        schema::{InForce, StorageId, StoredRow, Value, parse},
    };

    fn piece(bytes: usize) -> Arc<Piece> {
        let definition = serde_json::json!({"name": "note", "key": {"name": "id", "type": "long"},
                                            "fields": [{"name": "text", "type": "text"}]});
        let definition = parse::definition(&definition).unwrap();
        let values = vec![Value::Text("x".repeat(bytes / 3))];
        let now = Timestamp::MIN;
        let row = StoredRow { key: Value::Integer(1), values, version: 1, created_at: now, updated_at: now };
        let event = Event::backfilled(&Arc::new(InForce::new(StorageId(1), 1, definition)), row);
        Arc::new(Piece::new(Place::behind(1), Place::behind(2), vec![Arc::new(event)]))
    }

    #[test]
    fn the_oldest_lose_their_rows_and_what_was_taken_counts_no_more() {
        let mut kept = Kept::new(10_000);
        let pieces = [4_000, 4_000, 4_000, 4_000].map(piece);
        for piece in &pieces {
            kept.keep(piece);
        }
        let have_rows = pieces.each_ref().map(|piece| piece.events().is_some());
        assert_eq!(have_rows, [false, true, true, true], "{}", kept.bytes);
        assert_eq!(pieces[0].storages[0].as_str(), "note");
        drop(pieces);
        let large = piece(100_000);
        kept.keep(&large);
        assert_eq!(kept.bytes, large.bytes);
        assert!(large.events().is_some(), "the newest keeps its rows");
        let next = piece(4_000);
        kept.keep(&next);
        assert!(large.events().is_none() && next.events().is_some());
    }
}
