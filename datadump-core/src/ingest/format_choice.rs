//! The reason for the format of a throw.

use crate::{process::Basis, throw::Throw};

/// The reason for the format of a throw.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum FormatChoice {
    /// The sender.
    Sender,
    /// The settings of the source.
    Source,
    /// Detection.
    Detected(Basis),
    /// The body could not be decompressed.
    Compressed,
    /// The processor of the detected format failed.
    Unfinished,
}

impl FormatChoice {
    /// Returns the reason as a sentence.
    pub(super) fn because(self, format: &str, throw: &Throw) -> String {
        match self {
            Self::Sender => format!("the sender asked for the format `{format}`"),
            Self::Source => format!("the settings of the source name the format `{format}`"),
            Self::Detected(Basis::NoBody) => "there is no body: the URL arguments are the record".to_owned(),
            Self::Detected(Basis::ContentType) => {
                let content_type = throw.content_type.as_deref().unwrap_or_default();
                format!("the content type is `{content_type}`, and the body is compatible with it")
            }
            Self::Detected(Basis::NotText) => {
                "the body is not text, and no content type says what it is".to_owned()
            }
            Self::Detected(Basis::Appearance(why)) => {
                let plain = "application/x-www-form-urlencoded";
                let content_type = throw.content_type.as_deref().unwrap_or_default();
                match content_type {
                    "" => format!("by the body, because no content type was sent: {why}"),
                    sent if sent.starts_with(plain) => {
                        format!(
                            "by the body, because `curl -d` sends the content type `{plain}` with everything: {why}"
                        )
                    }
                    sent => format!("by the body, because the content type `{sent}` does not decide: {why}"),
                }
            }
            Self::Compressed => "the body looks compressed but could not be decompressed".to_owned(),
            Self::Unfinished => "the processor of the detected format did not finish".to_owned(),
        }
    }
}
