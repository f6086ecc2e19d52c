//! Files of a backup: copied with their hash, synced, never overwritten.

use std::{
    fs::{self, DirBuilder, File, OpenOptions},
    io::{Read, Write},
    os::unix::fs::{DirBuilderExt, OpenOptionsExt},
    path::{Path, PathBuf},
};

use sha2::{Digest, Sha256};

use super::{Error, Print, Result};

/// Names the file in the error.
pub fn at<T>(path: &Path, done: std::io::Result<T>) -> Result<T> {
    done.map_err(|error| Error::File { place: path.display().to_string(), error })
}

/// A folder that is new or empty. A new one is for its owner's eyes only.
pub fn empty_folder(path: &Path) -> Result<()> {
    at(path, DirBuilder::new().recursive(true).mode(0o700).create(path))?;
    match at(path, fs::read_dir(path))?.next() {
        None => Ok(()),
        Some(_) => Error::refused(format!("{} is not empty: name a folder that is new or empty", path.display())),
    }
}

/// A file's hash and size.
pub fn print(path: &Path) -> Result<Print> {
    through(&mut at(path, File::open(path))?, &mut std::io::sink(), path)
}

/// Copies a file to a new place and syncs it.
pub fn copy(from: &Path, to: &Path) -> Result<Print> {
    if let Some(folder) = to.parent() {
        at(folder, fs::create_dir_all(folder))?;
    }
    let mut source = at(from, File::open(from))?;
    let mut target = at(to, OpenOptions::new().write(true).create_new(true).open(to))?;
    let print = through(&mut source, &mut target, to)?;
    at(to, target.sync_all())?;
    Ok(print)
}

/// Writes a new file for its owner's eyes only and syncs it.
pub fn write_private(to: &Path, bytes: &[u8]) -> Result<()> {
    if let Some(folder) = to.parent() {
        at(folder, fs::create_dir_all(folder))?;
    }
    let mut file = at(to, OpenOptions::new().write(true).create_new(true).mode(0o600).open(to))?;
    at(to, file.write_all(bytes).and_then(|()| file.sync_all()))
}

/// Syncs a file that another hand wrote.
pub fn sync(path: &Path) -> Result<()> {
    at(path, File::open(path).and_then(|f| f.sync_all()))
}

/// The files below a folder, by their path in it. A folder that is missing has none.
pub fn below(folder: &Path) -> Result<Vec<PathBuf>> {
    let (mut files, mut folders) = (Vec::new(), vec![folder.to_owned()]);
    while let Some(next) = folders.pop() {
        let entries = match fs::read_dir(&next) {
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => continue,
            entries => at(&next, entries)?,
        };
        for entry in entries {
            let entry = at(&next, entry)?;
            let kind = at(&entry.path(), entry.file_type())?;
            if kind.is_dir() {
                folders.push(entry.path());
            } else if kind.is_file()
                && let Ok(inner) = entry.path().strip_prefix(folder)
            {
                files.push(inner.to_owned());
            }
        }
    }
    files.sort();
    Ok(files)
}

fn through(from: &mut impl Read, to: &mut impl Write, place: &Path) -> Result<Print> {
    let (mut hash, mut bytes, mut buffer) = (Sha256::new(), 0, vec![0; 64 * 1024]);
    loop {
        let n = at(place, from.read(&mut buffer))?;
        if n == 0 {
            break;
        }
        hash.update(&buffer[..n]);
        at(place, to.write_all(&buffer[..n]))?;
        bytes += n as u64;
    }
    let sha256 = hash.finalize().iter().map(|b| format!("{b:02x}")).collect();
    Ok(Print { sha256, bytes })
}
