//! The doctor on this machine: the master key, the disk, the clock.

use std::{
    fs,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
};

use jiff::{SignedDuration, Timestamp};

use super::Finding;
use crate::settings::Settings;

/// Less free space than this stops the program soon.
const FULL: u64 = 256 << 20;
/// Less free space than this deserves a look.
const SCARCE: u64 = 5 << 30;

/// What lies on this machine beside the database.
pub fn look(settings: &Settings, now: Option<Timestamp>) -> Vec<Finding> {
    let mut found: Vec<Finding> = settings.master_key_file().map(|file| key(&file)).into_iter().collect();
    let blobs = settings.blobs_dir();
    if let Some(dir) = &blobs {
        found.extend(writable(dir, now));
    }
    let places = [settings.data_dir(), blobs];
    found.extend(places.into_iter().flatten().map(|dir| space(&dir)));
    found
}

fn key(file: &Path) -> Finding {
    let check = "master key";
    let place = file.display();
    match (fs::metadata(file), fs::read(file)) {
        (Ok(about), Ok(bytes)) if bytes.len() == 32 => match about.permissions().mode() & 0o077 {
            0 => Finding::ok(
                check,
                format!("{place} is readable by its owner alone; keep a copy apart from the backups"),
            ),
            _ => Finding::fail(check, format!("others can read {place}: run `chmod 600 {place}`")),
        },
        (Ok(_), Ok(_)) => Finding::fail(check, format!("{place} does not hold 32 bytes: put the right file back")),
        (Err(e), _) | (_, Err(e)) => {
            Finding::fail(check, format!("{place}: {e}: put the file back, or set keys.master_key_file"))
        }
    }
}

/// Writes into the folder, and compares the moment that the disk noted with the program's clock.
fn writable(dir: &Path, now: Option<Timestamp>) -> Vec<Finding> {
    let check = "blobs";
    let probe = dir.join(".doctor");
    let written = fs::create_dir_all(dir).and_then(|()| fs::write(&probe, b"?")).and_then(|()| fs::metadata(&probe));
    let written = written.and_then(|about| fs::remove_file(&probe).and_then(|()| about.modified()));
    let at = match written {
        Ok(at) => at,
        Err(e) => return vec![Finding::fail(check, format!("{}: {e}: make it writable for this user", dir.display()))],
    };
    let mut found = vec![Finding::ok(check, format!("{} takes files", dir.display()))];
    if let (Some(now), Ok(at)) = (now, Timestamp::try_from(at)) {
        let apart = now.duration_since(at).abs();
        found.push(match apart < SignedDuration::from_secs(30) {
            true => Finding::ok("clock", "the program and the disk agree on the time"),
            false => Finding::warn(
                "clock",
                format!("the disk's clock is {}s off: check time synchronisation (NTP) on both", apart.as_secs()),
            ),
        });
    }
    found
}

fn space(dir: &Path) -> Finding {
    let there: PathBuf = dir.ancestors().find(|d| d.exists()).unwrap_or(Path::new("/")).to_owned();
    let check = "disk";
    match rustix::fs::statvfs(&there) {
        Err(e) => Finding::warn(check, format!("{}: {e}", there.display())),
        Ok(disk) => {
            let free = disk.f_bavail.saturating_mul(disk.f_frsize);
            let text = format!("{} MiB are free for {}", free >> 20, dir.display());
            match free {
                0..FULL => Finding::fail(check, format!("{text}: make room at once; mail is refused when it is full")),
                FULL..SCARCE => Finding::warn(check, format!("{text}: make room soon")),
                _ => Finding::ok(check, text),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::Verdict;

    #[test]
    fn a_key_that_others_can_read_fails_with_the_command_that_mends_it() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("master.key");
        assert_eq!(key(&file).verdict, Verdict::Fail);
        fs::write(&file, [7; 32]).unwrap();
        fs::set_permissions(&file, fs::Permissions::from_mode(0o644)).unwrap();
        let found = key(&file);
        assert_eq!(found.verdict, Verdict::Fail);
        assert!(found.detail.contains("chmod 600"), "{found:?}");
        fs::set_permissions(&file, fs::Permissions::from_mode(0o600)).unwrap();
        assert_eq!(key(&file).verdict, Verdict::Ok);
        fs::write(&file, [7; 31]).unwrap();
        assert_eq!(key(&file).verdict, Verdict::Fail);
    }

    #[test]
    fn a_folder_that_takes_no_files_and_a_clock_that_is_off_are_told() {
        let dir = tempfile::tempdir().unwrap();
        let long_ago = "2001-01-01T00:00:00Z".parse().unwrap();
        let found = writable(dir.path(), Some(long_ago));
        assert_eq!([found[0].verdict, found[1].verdict], [Verdict::Ok, Verdict::Warn]);
        let file = dir.path().join("file");
        fs::write(&file, "x").unwrap();
        assert_eq!(writable(&file.join("below"), None)[0].verdict, Verdict::Fail);
    }
}
