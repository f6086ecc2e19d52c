//! What a fake provider can be told to do wrong, one request at a time.

use std::{
    collections::VecDeque,
    sync::{Mutex, PoisonError},
    time::Duration,
};

use civicdesk_contract::testkit::{Answered, Asked};

/// One request that goes wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Trouble {
    /// Takes nothing and answers with this status, in the provider's own form.
    Down(u16),
    /// Takes nothing and asks to wait: 429 with `Retry-After`.
    Limited { seconds: u32 },
    /// Refuses the token, although it is right.
    TokenExpired,
    /// Takes it, and answers only after so long.
    Slow(Duration),
    /// Takes it, and breaks off before it answers.
    LostReply,
}

/// The troubles that lie ahead; each spoils one request.
#[derive(Debug, Default)]
pub struct Troubles(Mutex<VecDeque<Trouble>>);

impl Troubles {
    pub fn then(&self, trouble: Trouble) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push_back(trouble);
    }

    pub fn times(&self, number: usize, trouble: &Trouble) {
        (0..number).for_each(|_| self.then(trouble.clone()));
    }

    /// From now on every request goes well.
    pub fn over(&self) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }

    /// Answers one request through the next trouble. `refusal` puts a status into the provider's own form of error.
    pub fn around(
        &self,
        asked: &Asked,
        refusal: impl Fn(u16) -> Answered,
        answer: impl FnOnce(&Asked) -> Answered,
    ) -> Option<Answered> {
        let next = self.0.lock().unwrap_or_else(PoisonError::into_inner).pop_front();
        Some(match next {
            None => answer(asked),
            Some(Trouble::Down(status)) => refusal(status),
            Some(Trouble::Limited { seconds }) => refusal(429).with_header("retry-after", seconds.to_string()),
            Some(Trouble::TokenExpired) => refusal(401),
            Some(Trouble::Slow(after)) => Answered { after, ..answer(asked) },
            Some(Trouble::LostReply) => {
                answer(asked);
                return None;
            }
        })
    }
}
