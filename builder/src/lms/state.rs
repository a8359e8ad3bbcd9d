//! Which leaves of a key were given out: a file beside the key that only grows.
//!
//! ```text
//! sprag lms state 1 DIGEST-OF-THE-PUBLIC-KEY MARK\n
//! 00000000 DIGEST\n        one line for each leaf, all of the same length, in turn
//! ```
//!
//! What a line says follows from the key and its number, so a line that was torn is completed by the next one's writer
//! and its leaf stays taken: the file's length alone says what is. It is locked, written and synced before the leaf's
//! signature is made.
//!
//! The mark tells the file from a copy of it: when it was created, as finely as the file system keeps that (ext4 some
//! milliseconds, FAT ten); where the file system keeps no such time, the inode, which it may give to the next file; on a
//! system without inodes, nothing.
//!
//! Noticed, and refused, on a local file system of one machine: a key without its state; the state of another key; lines
//! that are not what they should be; a state that was copied, moved to another file system or restored from a backup
//! into a new file, where the file system keeps creation times and the program that wrote it did not set that time
//! (Linux lets no program set it, macOS and Windows do). Not noticed: a disk, a snapshot or a virtual machine that is set
//! back as a whole; an older state that is written over the file's own bytes; a new file in an inode that is given out
//! again, where there are no creation times; on Windows, a file that is written again under the same name seconds after
//! the old one was removed; a second machine that signs in a shared folder whose locks do not reach it.

use std::fs::{File, Metadata};
use std::io::{self, Read as _, Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use crate::digest::sha256;
use crate::keys::KeyError;
use crate::output::sync_folder;

/// Bytes of a line: eight digits, a blank, sixteen digits, a line feed.
const LINE_LEN: usize = 26;

/// What a state is kept in.
pub(super) trait Store {
    fn read_all(&mut self) -> io::Result<Vec<u8>>;
    fn write_at(&mut self, offset: usize, bytes: &[u8]) -> io::Result<()>;
    /// Comes back when everything that was written will outlive a power cut.
    fn sync(&mut self) -> io::Result<()>;
}

impl Store for File {
    fn read_all(&mut self) -> io::Result<Vec<u8>> {
        let mut bytes = Vec::new();
        self.seek(SeekFrom::Start(0))?;
        self.read_to_end(&mut bytes)?;
        Ok(bytes)
    }

    fn write_at(&mut self, offset: usize, bytes: &[u8]) -> io::Result<()> {
        self.seek(SeekFrom::Start(u64::try_from(offset).unwrap_or(u64::MAX)))?;
        self.write_all(bytes)
    }

    fn sync(&mut self) -> io::Result<()> {
        self.sync_all()
    }
}

/// Why there is no leaf.
#[derive(Debug)]
pub(super) enum Refused {
    Io(io::Error),
    State(&'static str),
    UsedUp,
}

impl From<io::Error> for Refused {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

/// The state of one key.
pub(super) struct State {
    pub(super) public: Vec<u8>,
    pub(super) leaves: u32,
    /// What tells the file from a copy of it; one word.
    pub(super) mark: String,
}

impl State {
    pub(super) fn head(&self) -> String {
        format!("sprag lms state 1 {} {}\n", sha256(&self.public), self.mark)
    }

    fn line(&self, leaf: u32) -> String {
        let check = sha256(&[&self.public[..], &leaf.to_be_bytes()].concat()).to_string();
        format!("{leaf:08} {}\n", check.get(..16).unwrap_or_default())
    }

    /// How many leaves were given out.
    pub(super) fn taken(&self, bytes: &[u8]) -> Result<u32, Refused> {
        let head = self.head();
        let body = bytes.strip_prefix(head.as_bytes()).ok_or_else(|| {
            let said = core::str::from_utf8(bytes).unwrap_or_default();
            let line = said.lines().next().unwrap_or_default();
            Refused::State(match line.rsplit_once(' ') {
                Some((before, _)) if head.starts_with(before) && before.len() > 80 => {
                    "it is a copy: the key that it belongs to may have signed elsewhere since"
                }
                _ if line.starts_with("sprag lms state 1 ") => "it is the state of another key",
                _ => "it is no state of an LMS key, or damaged",
            })
        })?;
        for (leaf, line) in (0_u32..).zip(body.chunks(LINE_LEN)) {
            // Zeros are what a power cut may leave of a line whose length is on the disk and whose bytes are not.
            let agrees = |(found, expected): (&u8, u8)| *found == expected || *found == 0;
            if !line.iter().zip(self.line(leaf).bytes()).all(agrees) {
                return Err(Refused::State("its lines are not those of its key"));
            }
        }
        u32::try_from(body.len().div_ceil(LINE_LEN)).map_err(|_| Refused::UsedUp)
    }

    /// Takes the next leaf: when this comes back, no power cut brings it back.
    pub(super) fn reserve(&self, store: &mut impl Store) -> Result<u32, Refused> {
        let bytes = store.read_all()?;
        let leaf = self.taken(&bytes)?;
        if leaf >= self.leaves {
            return Err(Refused::UsedUp);
        }
        let line = self.line(leaf);
        let start = self.head().len() + usize::try_from(leaf).unwrap_or(usize::MAX) * LINE_LEN;
        // What is missing of the line before comes first.
        let torn = start.saturating_sub(bytes.len());
        let before = leaf.checked_sub(1).map(|leaf| self.line(leaf));
        let before = before.unwrap_or_default();
        let rest = before.get(before.len().saturating_sub(torn)..);
        let text = format!("{}{line}", rest.unwrap_or_default());
        store.write_at(bytes.len(), text.as_bytes())?;
        store.sync()?;
        Ok(leaf)
    }
}

/// Where the state of a key is kept.
pub(crate) fn path_of(key: &Path) -> PathBuf {
    let mut name = key.as_os_str().to_owned();
    name.push(".state");
    name.into()
}

/// Makes the state of a new key.
pub(super) fn create(key: &Path, public: &[u8]) -> Result<(), KeyError> {
    let path = path_of(key);
    let failed = |source| unreadable(&path, source);
    let mut options = File::options();
    let options = options.create_new(true).read(true).write(true);
    let mut file = options.open(&path).map_err(failed)?;
    let state = State {
        public: public.to_vec(),
        leaves: 0,
        mark: mark(&file).map_err(failed)?,
    };
    file.write_all(state.head().as_bytes()).map_err(failed)?;
    file.sync_all().map_err(failed)?;
    sync_folder(&path);
    Ok(())
}

/// Takes the next leaf of a key, alone: whoever else signs with it waits.
pub(super) fn reserve(key: &Path, public: &[u8], leaves: u32) -> Result<u32, KeyError> {
    with_state(key, public, leaves, State::reserve)
}

/// How many leaves of a key were given out.
pub(super) fn taken(key: &Path, public: &[u8], leaves: u32) -> Result<u32, KeyError> {
    with_state(key, public, leaves, |state, file| {
        state.taken(&file.read_all()?)
    })
}

fn with_state<T>(
    key: &Path,
    public: &[u8],
    leaves: u32,
    work: impl FnOnce(&State, &mut File) -> Result<T, Refused>,
) -> Result<T, KeyError> {
    let path = path_of(key);
    let damaged = |reason: &'static str| KeyError::LmsState {
        path: path.clone(),
        reason,
    };
    let mut options = File::options();
    let mut file = match options.read(true).write(true).open(&path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            return Err(damaged("it is missing: which leaves are used is not known"));
        }
        opened => opened.map_err(|source| unreadable(&path, source))?,
    };
    file.lock().map_err(|source| unreadable(&path, source))?;
    let mark = mark(&file).map_err(|source| unreadable(&path, source))?;
    let state = State {
        public: public.to_vec(),
        leaves,
        mark,
    };
    work(&state, &mut file).map_err(|refused| match refused {
        Refused::Io(source) => unreadable(&path, source),
        Refused::State(reason) => damaged(reason),
        Refused::UsedUp => KeyError::LmsUsedUp {
            path: key.into(),
            leaves,
        },
    })
}

fn unreadable(path: &Path, source: io::Error) -> KeyError {
    KeyError::Unreadable {
        path: path.into(),
        source,
    }
}

/// When the file was created, in nanoseconds of Unix time; else its inode, else nothing. The inode alone would not do: a
/// file system gives a freed one to the next file, and FAT gives a file another one whenever it is mounted.
fn mark(file: &File) -> io::Result<String> {
    let facts = file.metadata()?;
    let since = |time: SystemTime| time.duration_since(UNIX_EPOCH).ok();
    // A file system that has a place for the time and does not fill it says 0.
    let created = facts.created().ok().and_then(since);
    Ok(match created.filter(|time| !time.is_zero()) {
        Some(time) => format!("created:{}", time.as_nanos()),
        None => inode(&facts),
    })
}

#[cfg(unix)]
fn inode(facts: &Metadata) -> String {
    use std::os::unix::fs::MetadataExt as _;
    format!("inode:{}", facts.ino())
}

#[cfg(not(unix))]
fn inode(_: &Metadata) -> String {
    "none".into()
}
