//! What a failed step of sending means: who must act, whether to try again, and whether the mail may have gone out.

use std::error::Error as _;

use civicdesk_contract::{Error, Kind, Retry};

use crate::text::brief;

/// How far sending had come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    Connect,
    SignIn,
    Sender,
    Recipient,
    /// From DATA up to the final dot.
    Content,
    /// The final dot has left, the answer is due.
    Verdict,
}

impl Stage {
    pub fn operation(self) -> &'static str {
        match self {
            Self::Connect => "smtp connect",
            Self::SignIn => "smtp sign-in",
            Self::Sender => "smtp mail",
            Self::Recipient => "smtp rcpt",
            Self::Content => "smtp data",
            Self::Verdict => "smtp verdict",
        }
    }
}

/// What went wrong in a step.
#[derive(Debug)]
pub enum Failure {
    /// The server answered with a refusal.
    Said {
        code: u16,
        words: String,
    },
    /// The connection broke, or the answer made no sense.
    Lost,
    Silent,
}

impl Failure {
    pub fn of(error: &lettre::transport::smtp::Error) -> Self {
        match error.status() {
            Some(code) => Self::Said {
                code: code.into(),
                words: brief(&error.source().map(ToString::to_string).unwrap_or_default()),
            },
            None => Self::Lost,
        }
    }

    /// The server closes the connection with this answer.
    pub fn ends_connection(&self) -> bool {
        !matches!(self, Self::Said { code, .. } if *code != 421)
    }
}

/// The error that the host sees.
pub fn error(stage: Stage, failure: &Failure) -> Error {
    let (kind, retry, detail) = match failure {
        Failure::Said { code, words } => {
            let (kind, retry) = judged(stage, *code);
            (kind, retry, format!("the mail server answered {code} {words}"))
        }
        Failure::Lost => lost(stage, "the mail server broke off the connection"),
        Failure::Silent => lost(stage, "the mail server did not answer in time"),
    };
    Error::new(kind, retry, stage.operation(), detail)
}

fn judged(stage: Stage, code: u16) -> (Kind, Retry) {
    match (stage, code) {
        (_, 421) => (Kind::Unreachable, Retry::Later),
        (_, 530 | 534 | 535 | 538) => (Kind::Credentials, Retry::Later),
        (Stage::SignIn, 500..) => (Kind::Credentials, Retry::Later),
        (Stage::Connect | Stage::SignIn, _) => (Kind::Unreachable, Retry::Later),
        (_, ..500) => (Kind::Limited, Retry::Later),
        (_, _) => (Kind::Refused, Retry::Never),
    }
}

fn lost(stage: Stage, why: &str) -> (Kind, Retry, String) {
    if stage == Stage::Verdict {
        (Kind::Unreachable, Retry::Unsure, format!("{why} after the whole mail was handed over: it may have gone out"))
    } else {
        (Kind::Unreachable, Retry::Later, why.to_owned())
    }
}

#[cfg(test)]
mod tests {
    use civicdesk_contract::{Kind, Retry};

    use super::{Failure, Stage, error};

    #[test]
    fn only_a_missing_verdict_leaves_it_open_whether_the_mail_went_out() {
        use Stage::{Connect, Content, Recipient, Sender, SignIn, Verdict};
        for stage in [Connect, SignIn, Sender, Recipient, Content] {
            assert_eq!(error(stage, &Failure::Lost).retry, Retry::Later, "{stage:?}");
            assert_eq!(error(stage, &Failure::Silent).retry, Retry::Later, "{stage:?}");
        }
        assert_eq!(error(Verdict, &Failure::Lost).retry, Retry::Unsure);
        assert_eq!(error(Verdict, &Failure::Silent).retry, Retry::Unsure);
    }

    #[test]
    fn a_refusal_is_for_good_only_where_it_is_about_this_mail() {
        let judged = |stage, code| {
            let e = error(stage, &Failure::Said { code, words: "words".into() });
            (e.kind, e.retry)
        };
        assert_eq!(judged(Stage::Recipient, 550), (Kind::Refused, Retry::Never));
        assert_eq!(judged(Stage::Verdict, 554), (Kind::Refused, Retry::Never));
        assert_eq!(judged(Stage::Verdict, 451), (Kind::Limited, Retry::Later));
        assert_eq!(judged(Stage::Sender, 530), (Kind::Credentials, Retry::Later));
        assert_eq!(judged(Stage::SignIn, 535), (Kind::Credentials, Retry::Later));
        assert_eq!(judged(Stage::SignIn, 454), (Kind::Unreachable, Retry::Later));
        assert_eq!(judged(Stage::Connect, 554), (Kind::Unreachable, Retry::Later));
        assert_eq!(judged(Stage::Content, 421), (Kind::Unreachable, Retry::Later));
    }
}
