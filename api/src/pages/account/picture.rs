//! A secret as people give it to an app: in groups of four, and as a picture that the app reads.

use std::fmt::Write;

use qrcode::{Color, EcLevel, QrCode};
use serde_json::{Value, json};

use crate::fail::Fail;

/// Light modules around the picture (ISO/IEC 18004, section 6.3.8).
const QUIET: usize = 4;

/// The secret in groups of four.
pub fn groups(secret: &str) -> String {
    let letters: Vec<char> = secret.chars().collect();
    letters.chunks(4).map(|four| four.iter().collect::<String>()).collect::<Vec<_>>().join(" ")
}

/// The picture as one path of squares, and the side of the square around it.
pub fn of(uri: &str) -> Result<Value, Fail> {
    let code = QrCode::with_error_correction_level(uri, EcLevel::M);
    let code = code.map_err(|e| Fail::Broken(format!("a picture for an app: {e}")))?;
    let width = code.width();
    let mut path = String::new();
    for (at, color) in code.to_colors().into_iter().enumerate() {
        if color == Color::Dark {
            // Writing to a string cannot fail.
            let _ = write!(path, "M{} {}h1v1h-1z", at % width + QUIET, at / width + QUIET);
        }
    }
    Ok(json!({ "side": width + 2 * QUIET, "path": path }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_read_in_groups_of_four() {
        assert_eq!(groups("GEZDGNBVGY3TQOJQ"), "GEZD GNBV GY3T QOJQ");
    }

    #[test]
    fn the_picture_has_its_three_corners_and_a_quiet_edge() {
        let picture = of("otpauth://totp/A:b?secret=GEZDGNBVGY3TQOJQ").unwrap();
        let side = picture["side"].as_u64().unwrap();
        let dark: Vec<&str> = picture["path"].as_str().unwrap().split_terminator("h1v1h-1z").collect();
        let last = side - 5;
        for corner in ["M4 4".to_owned(), format!("M{last} 4"), format!("M4 {last}")] {
            assert!(dark.contains(&corner.as_str()), "{corner}");
        }
        for square in dark {
            let (x, y) = square.strip_prefix('M').unwrap().split_once(' ').unwrap();
            for at in [x, y] {
                assert!((4..=last).contains(&at.parse::<u64>().unwrap()), "{square}");
            }
        }
    }
}
