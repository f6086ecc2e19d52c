//! When a call that failed is made again, and how long an endpoint that fails is left alone.

use jiff::SignedDuration;

/// Pauses after each failed attempt, in seconds; after the last there is no other.
const STEPS: [i64; 9] = [5, 300, 1_800, 7_200, 18_000, 36_000, 50_400, 72_000, 86_400];
/// So many failures in a row, and an endpoint is tried only now and then.
pub const TOO_MANY: i32 = 5;
const SHORTEST_REST: i64 = 10;
const LONGEST_REST: i64 = 600;

/// The pause after so many attempts, a tenth longer or shorter by chance; none after the last.
pub fn pause(attempts: i32, chance: u16) -> Option<SignedDuration> {
    let step = usize::try_from(attempts - 1).ok().and_then(|n| STEPS.get(n))?;
    let millis = step * 900 + step * 200 * i64::from(chance) / i64::from(u16::MAX);
    Some(SignedDuration::from_millis(millis))
}

/// How long an endpoint rests after so many failures in a row.
pub fn rest(failures: i32) -> Option<SignedDuration> {
    let beyond = u32::try_from(failures - TOO_MANY).ok()?;
    let seconds = SHORTEST_REST.saturating_mul(1 << beyond.min(16)).min(LONGEST_REST);
    Some(SignedDuration::from_secs(seconds))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_over_three_days_and_no_chance_moves_them_by_more_than_a_tenth() {
        let (mut least, mut most) = (SignedDuration::ZERO, SignedDuration::ZERO);
        for (n, step) in (1..).zip(STEPS) {
            let allowed = SignedDuration::from_millis(step * 900)..=SignedDuration::from_millis(step * 1100);
            for chance in [0, 1, 30_000, u16::MAX] {
                assert!(allowed.contains(&pause(n, chance).unwrap()), "{n}");
            }
            least += pause(n, 0).unwrap();
            most += pause(n, u16::MAX).unwrap();
        }
        assert!(least.as_hours() >= 66 && most.as_hours() < 84, "{least} {most}");
        assert_eq!(pause(10, 0), None, "then it is given up");
        assert_ne!(pause(3, 0), pause(3, u16::MAX));
    }

    #[test]
    fn an_endpoint_that_fails_on_is_left_alone_for_ten_minutes_at_most() {
        let rests: Vec<i64> = (4..14).map(|n| rest(n).map_or(0, |rest| rest.as_secs())).collect();
        assert_eq!(rests, [0, 10, 20, 40, 80, 160, 320, 600, 600, 600]);
        assert_eq!(rest(i32::MAX), Some(SignedDuration::from_secs(600)));
    }
}
