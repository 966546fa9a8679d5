//! Notices: what happens in this process besides committed rows, for whoever listens at the moment. They are not
//! stored, and a listener that is too slow loses some.

use std::{
    fmt,
    sync::{Arc, OnceLock},
};

use futures_util::{FutureExt as _, future};
use serde_json::Value as Json;
use tokio::sync::broadcast::{
    self,
    error::{RecvError, TryRecvError},
};

/// Maximum number of notices of each kind that wait for slow listeners.
const MAX_WAITING: usize = 256;

/// Number of kinds.
const KINDS: usize = NoticeKind::ALL.len();

/// Kind of a notice.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NoticeKind {
    /// A throw was answered: its id in the list of recent throws.
    Throw,
    /// The quarantine has changed: the number of waiting entries.
    Quarantine,
    /// A storage was declared, changed or removed, or its migration has progressed.
    Storage,
    /// A replay has started, progressed or ended.
    Replay,
}

/// A notice. Its data is rendered when the first listener reads it, and shared by all of them.
pub struct Notice {
    kind: NoticeKind,
    render: Box<dyn Fn() -> Json + Send + Sync>,
    data: OnceLock<String>,
}

/// Publishes notices. Clones share the listeners.
#[derive(Debug, Clone)]
pub(crate) struct Notices {
    channels: Arc<[broadcast::Sender<Arc<Notice>>; KINDS]>,
}

/// Receives the notices of some kinds.
#[derive(Debug)]
pub(crate) struct NoticeReceiver {
    notices: Notices,
    channels: [Option<broadcast::Receiver<Arc<Notice>>>; KINDS],
}

/// An item of a [`NoticeReceiver`].
#[derive(Debug, Clone)]
pub(crate) enum Received {
    Notice(Arc<Notice>),
    /// This many notices of a kind were lost, because the listener was slow.
    Lost(NoticeKind, u64),
}

impl NoticeKind {
    /// All kinds.
    pub const ALL: [Self; 4] = [Self::Throw, Self::Quarantine, Self::Storage, Self::Replay];

    /// Returns the name of the event.
    pub fn name(self) -> &'static str {
        match self {
            Self::Throw => "throw",
            Self::Quarantine => "quarantine",
            Self::Storage => "storage",
            Self::Replay => "replay",
        }
    }
}

impl Notice {
    /// Returns the kind of the notice.
    pub fn kind(&self) -> NoticeKind {
        self.kind
    }

    /// Returns the data as JSON.
    pub fn data(&self) -> &str {
        self.data.get_or_init(|| (self.render)().to_string())
    }
}

impl fmt::Debug for Notice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Notice").field("kind", &self.kind).finish_non_exhaustive()
    }
}

impl Default for Notices {
    fn default() -> Self {
        Self { channels: Arc::new(std::array::from_fn(|_| broadcast::Sender::new(MAX_WAITING))) }
    }
}

impl Notices {
    /// Returns whether anyone listens to notices of this kind.
    pub(crate) fn is_wanted(&self, kind: NoticeKind) -> bool {
        self.channel(kind).is_some_and(|channel| channel.receiver_count() > 0)
    }

    /// Publishes a notice, if anyone listens.
    pub(crate) fn publish(&self, kind: NoticeKind, render: impl Fn() -> Json + Send + Sync + 'static) {
        if let Some(channel) = self.channel(kind).filter(|channel| channel.receiver_count() > 0) {
            let notice = Notice { kind, render: Box::new(render), data: OnceLock::new() };
            // Fails only if the last listener has just left.
            let _ = channel.send(Arc::new(notice));
        }
    }

    fn channel(&self, kind: NoticeKind) -> Option<&broadcast::Sender<Arc<Notice>>> {
        self.channels.get(kind as usize)
    }
}

impl NoticeReceiver {
    /// Creates a receiver of nothing.
    pub(crate) fn new(notices: Notices) -> Self {
        Self { notices, channels: Default::default() }
    }

    /// Receives notices of these kinds from now on, and no others.
    pub(crate) fn listen(&mut self, is_wanted: impl Fn(NoticeKind) -> bool) {
        for (kind, channel) in NoticeKind::ALL.into_iter().zip(&mut self.channels) {
            match (is_wanted(kind), channel.is_some()) {
                (true, false) => *channel = self.notices.channel(kind).map(broadcast::Sender::subscribe),
                (false, true) => *channel = None,
                _ => {}
            }
        }
    }

    /// Returns the next notice if there is one without waiting.
    pub(crate) fn try_next(&mut self) -> Option<Received> {
        NoticeKind::ALL.into_iter().zip(&mut self.channels).find_map(|(kind, channel)| {
            match channel.as_mut()?.try_recv() {
                Ok(notice) => Some(Received::Notice(notice)),
                Err(TryRecvError::Lagged(lost)) => Some(Received::Lost(kind, lost)),
                Err(TryRecvError::Empty | TryRecvError::Closed) => None,
            }
        })
    }

    /// Waits for the next notice.
    pub(crate) async fn next(&mut self) -> Received {
        let channels = NoticeKind::ALL.into_iter().zip(&mut self.channels);
        let waits: Vec<_> = channels
            .filter_map(|(kind, channel)| {
                let channel = channel.as_mut()?;
                Some(async move { (kind, channel.recv().await) }.boxed())
            })
            .collect();
        if waits.is_empty() {
            return future::pending().await;
        }
        match future::select_all(waits).await.0 {
            (_, Ok(notice)) => Received::Notice(notice),
            (kind, Err(RecvError::Lagged(lost))) => Received::Lost(kind, lost),
            // The sender lives as long as the receiver.
            (_, Err(RecvError::Closed)) => future::pending().await,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use serde_json::json;

    use super::*;

    #[tokio::test]
    async fn notices_are_rendered_once_and_only_for_listeners() {
        let (notices, rendered) = (Notices::default(), Arc::new(AtomicUsize::new(0)));
        let publish = |kind: NoticeKind| {
            let rendered = rendered.clone();
            notices.publish(kind, move || {
                rendered.fetch_add(1, Ordering::SeqCst);
                json!({"n": 1})
            });
        };
        let mut receivers = [0, 1].map(|_| NoticeReceiver::new(notices.clone()));
        publish(NoticeKind::Throw);
        for receiver in &mut receivers {
            receiver.listen(|kind| matches!(kind, NoticeKind::Throw | NoticeKind::Replay));
            assert!(receiver.try_next().is_none(), "it listens from now on");
        }
        assert!(!notices.is_wanted(NoticeKind::Storage));
        publish(NoticeKind::Storage);
        publish(NoticeKind::Throw);
        assert_eq!(rendered.load(Ordering::SeqCst), 0);
        for receiver in &mut receivers {
            let Received::Notice(notice) = receiver.next().await else { panic!("none is lost") };
            assert_eq!((notice.kind(), notice.data()), (NoticeKind::Throw, r#"{"n":1}"#));
            assert!(receiver.try_next().is_none());
            receiver.listen(|_| false);
        }
        assert_eq!(rendered.load(Ordering::SeqCst), 1);
        assert!(!notices.is_wanted(NoticeKind::Throw));
    }

    #[test]
    fn a_slow_listener_learns_how_many_notices_it_lost() {
        let notices = Notices::default();
        let mut receiver = NoticeReceiver::new(notices.clone());
        receiver.listen(|_| true);
        for n in 0..MAX_WAITING + 7 {
            notices.publish(NoticeKind::Throw, move || json!(n));
        }
        notices.publish(NoticeKind::Storage, || json!("dog"));
        assert!(matches!(receiver.try_next(), Some(Received::Lost(NoticeKind::Throw, 7))));
        let mut data = Vec::new();
        while let Some(Received::Notice(notice)) = receiver.try_next() {
            data.push(notice.data().to_owned());
        }
        assert_eq!((data.len(), data[0].as_str()), (MAX_WAITING + 1, "7"));
        assert_eq!(data.last().unwrap(), r#""dog""#, "the other kinds lose nothing");
    }
}
