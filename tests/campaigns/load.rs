//! What several campaigns measure alike: how busy the machine is, and the quantiles of what was timed.

use std::fs;

use super::Figure;

/// How busy the machine is with others at this moment.
pub fn load() -> Figure {
    let text = fs::read_to_string("/proc/loadavg").unwrap_or_default();
    let lately = text.split(' ').next().and_then(|n| n.parse().ok()).unwrap_or(f64::NAN);
    Figure::new("load of the machine before", lately, "processes")
}

/// The value below which this part of them lies.
pub fn quantile(values: &mut [f64], part: f64) -> f64 {
    values.sort_by(f64::total_cmp);
    let last = values.len().saturating_sub(1);
    values[(last as f64 * part).round() as usize]
}

#[cfg(test)]
mod tests {
    use super::quantile;

    #[test]
    fn a_quantile_is_one_of_the_values() {
        let mut values = [5.0, 1.0, 4.0, 2.0, 3.0];
        assert_eq!([0.0, 0.5, 0.99].map(|part| quantile(&mut values, part)), [1.0, 3.0, 5.0]);
    }
}
