//! Chance that a seed repeats: the same seed, the same mails and the same moments.

use std::time::Duration;

/// A small generator (SplitMix64); nothing here needs more than a good mix.
#[derive(Clone, Debug)]
pub struct Chance(u64);

impl Chance {
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// Another generator that this one and a number determine.
    pub fn apart(&self, number: u64) -> Self {
        let mut apart = Self(self.0 ^ number.wrapping_mul(0x9E37_79B9_7F4A_7C15));
        apart.number();
        apart
    }

    pub fn number(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    /// A number below `end`.
    pub fn below(&mut self, end: usize) -> usize {
        let end = u64::try_from(end).expect("a number of 64 bits");
        usize::try_from(self.number() % end).expect("a number below a usize")
    }

    pub fn one_of<'a, T>(&mut self, all: &'a [T]) -> &'a T {
        &all[self.below(all.len())]
    }

    /// So often out of a hundred.
    pub fn percent(&mut self, often: usize) -> bool {
        self.below(100) < often
    }

    pub fn up_to(&mut self, longest: Duration) -> Duration {
        longest.mul_f64(self.below(1_000_000) as f64 / 1e6)
    }
}
