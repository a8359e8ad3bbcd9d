use std::fs::{self, OpenOptions};
use std::io::Read;
use std::path::{Path, PathBuf};

use tempfile::TempDir;

use super::{Content, InputError, MEMORY_LEN, Pinned, open, read_text, shown, single_stdin};

/// Small enough for tests, and not a multiple of a page.
const SMALL: u64 = 10_000;

fn folder() -> TempDir {
    tempfile::tempdir().unwrap()
}

fn file(folder: &TempDir, name: &str, bytes: &[u8]) -> PathBuf {
    let path = folder.path().join(name);
    fs::write(&path, bytes).unwrap();
    path
}

fn noise(len: usize) -> Vec<u8> {
    let mut state = 1_u32;
    core::iter::repeat_with(|| {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        state.to_be_bytes()[0]
    })
    .take(len)
    .collect()
}

fn set_len(path: &Path, len: u64) {
    OpenOptions::new()
        .write(true)
        .open(path)
        .unwrap()
        .set_len(len)
        .unwrap();
}

fn code(result: Result<Pinned, InputError>) -> u16 {
    result.unwrap_err().code()
}

#[test]
fn reads_the_same_bytes_in_memory_and_mapped() {
    let folder = folder();
    let cases = [
        1, 2, 9_999, 10_000, 10_001, 262_143, 262_144, 262_145, 1_000_003,
    ];
    for len in cases {
        let bytes = noise(len);
        let path = file(&folder, "image", &bytes);
        for memory_len in [0, SMALL, MEMORY_LEN] {
            let pinned = Pinned::read_with(&path, memory_len).unwrap();
            let mapped = matches!(pinned.content, Content::Mapped(_));
            assert_eq!(
                mapped,
                u64::try_from(len).unwrap() > memory_len,
                "{len} {memory_len}"
            );
            assert!(pinned.bytes() == bytes, "{len} {memory_len}");
            pinned.recheck().unwrap();
        }
    }
}

#[test]
fn digest_is_sha256() {
    let folder = folder();
    let path = file(&folder, "abc", b"abc");
    // FIPS 180-4, example "abc".
    let expected = [
        0xba, 0x78, 0x16, 0xbf, 0x8f, 0x01, 0xcf, 0xea, 0x41, 0x41, 0x40, 0xde, 0x5d, 0xae, 0x22,
        0x23, 0xb0, 0x03, 0x61, 0xa3, 0x96, 0x17, 0x7a, 0x9c, 0xb4, 0x10, 0xff, 0x61, 0xf2, 0x00,
        0x15, 0xad,
    ];
    assert_eq!(Pinned::read_with(&path, 0).unwrap().digest().0, expected);
    assert_eq!(Pinned::read(&path).unwrap().digest().0, expected);
}

#[test]
fn bad_inputs_have_their_own_codes() {
    let folder = folder();
    let missing = folder.path().join("missing");
    assert_eq!(code(Pinned::read(&missing)), 1010, "missing");
    assert_eq!(code(Pinned::read(folder.path())), 1011, "directory");
    assert_eq!(code(Pinned::read("/dev/null".as_ref())), 1012, "device");
    assert_eq!(
        code(Pinned::read(&file(&folder, "empty", b""))),
        1014,
        "empty"
    );
    let below_a_file = file(&folder, "plain", b"x").join("y");
    assert_eq!(code(Pinned::read(&below_a_file)), 1013, "unreadable");
    let huge = file(&folder, "huge", b"");
    set_len(&huge, 1 << 32);
    assert_eq!(code(Pinned::read(&huge)), 1015, "too large");
}

#[test]
fn a_long_file_truncated_while_in_use_is_an_error_and_not_a_fault() {
    let folder = folder();
    let bytes = noise(3_000_000);
    for shorter in [0, 1, 4_096, 2_999_999] {
        let path = file(&folder, "image", &bytes);
        let pinned = Pinned::read_with(&path, SMALL).unwrap();
        assert!(matches!(pinned.content, Content::Mapped(_)));
        set_len(&path, shorter);
        // Every byte is touched: a mapping of the file itself would end the test with SIGBUS here.
        assert!(pinned.bytes() == bytes, "truncated to {shorter}");
        match pinned.recheck().unwrap_err() {
            InputError::Changed {
                before: 3_000_000,
                after: Some(after),
                ..
            } => {
                assert_eq!(after, shorter);
            }
            other => panic!("{other:?}"),
        }
    }
}

/// Shortens the file after its first chunk.
struct Shortening<R> {
    inner: R,
    path: PathBuf,
    to: Option<u64>,
}

impl<R: Read> Read for Shortening<R> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let count = self.inner.read(buffer)?;
        if let Some(len) = self.to.take() {
            set_len(&self.path, len);
        }
        Ok(count)
    }
}

#[test]
fn a_file_that_changes_its_length_while_it_is_read_is_an_error() {
    let folder = folder();
    let bytes = noise(1_000_000);
    for memory_len in [SMALL, MEMORY_LEN] {
        // Below the first chunk, within the file, and longer than before.
        for (to, found) in [(5, 262_144), (500_000, 500_000), (1_000_001, 1_000_001)] {
            let path = file(&folder, "image", &bytes);
            let (handle, metadata) = open(&path).unwrap();
            let mut reader = Shortening {
                inner: &handle,
                path: path.clone(),
                to: Some(to),
            };
            let result = Pinned::from_file(&path, &handle, &mut reader, &metadata, memory_len);
            match result.unwrap_err() {
                InputError::Changed {
                    before: 1_000_000,
                    after: Some(after),
                    ..
                } => {
                    assert_eq!(after, found, "to {to}");
                }
                other => panic!("{other:?}"),
            }
        }
    }
}

#[test]
fn recheck_sees_every_kind_of_change() {
    let folder = folder();
    let path = file(&folder, "image", &noise(1_000));
    let pinned = Pinned::read(&path).unwrap();

    let mut other = noise(1_000);
    other[999] ^= 1;
    fs::write(&path, &other).unwrap();
    assert_eq!(
        pinned.recheck().unwrap_err().code(),
        1016,
        "one bit, same length"
    );

    fs::write(&path, noise(1_001)).unwrap();
    assert_eq!(pinned.recheck().unwrap_err().code(), 1016, "one byte more");

    fs::remove_file(&path).unwrap();
    let gone = pinned.recheck().unwrap_err();
    assert!(
        gone.to_string().ends_with("it had 1000 bytes and is gone"),
        "{gone}"
    );

    fs::create_dir(&path).unwrap();
    assert_eq!(
        pinned.recheck().unwrap_err().code(),
        1016,
        "a directory in its place"
    );
    fs::remove_dir(&path).unwrap();

    // Written again with the same bytes, as a build that ran twice does: nothing has changed.
    fs::write(&path, noise(1_000)).unwrap();
    pinned.recheck().unwrap();
}

#[test]
fn streams_of_any_length_are_read() {
    for len in [1, 9_999, 10_001, 600_000] {
        let bytes = noise(len);
        let pinned = Pinned::from_stream("-".as_ref(), &mut bytes.as_slice(), SMALL).unwrap();
        assert!(pinned.bytes() == bytes);
        pinned.recheck().unwrap();
    }
    assert_eq!(
        code(Pinned::from_stream("-".as_ref(), &mut [].as_slice(), SMALL)),
        1014
    );
}

#[cfg(unix)]
#[test]
fn a_pipe_by_name_is_read_like_standard_input() {
    let folder = folder();
    let path = folder.path().join("pipe");
    if !std::process::Command::new("mkfifo")
        .arg(&path)
        .status()
        .is_ok_and(|s| s.success())
    {
        println!("skipped: mkfifo is not installed");
        return;
    }
    let bytes = noise(300_000);
    let writer = std::thread::spawn({
        let (path, bytes) = (path.clone(), bytes.clone());
        move || fs::write(path, bytes).unwrap()
    });
    let pinned = Pinned::read_with(&path, SMALL).unwrap();
    writer.join().unwrap();
    assert!(pinned.bytes() == bytes);
    pinned.recheck().unwrap();
}

#[test]
fn texts_are_bounded_and_utf8() {
    let folder = folder();
    assert_eq!(
        read_text(&file(&folder, "a", b"key = 1\n")).unwrap(),
        "key = 1\n"
    );
    assert_eq!(read_text(&file(&folder, "b", b"")).unwrap(), "");
    match read_text(&file(&folder, "c", b"abc\xff")).unwrap_err() {
        InputError::NotText { offset: 3, .. } => {}
        other => panic!("{other:?}"),
    }
    let long = vec![b' '; (1 << 20) + 1];
    assert_eq!(
        read_text(&file(&folder, "d", &long)).unwrap_err().code(),
        1015
    );
    assert!(read_text(&file(&folder, "e", &long[1..])).is_ok());
}

#[test]
fn standard_input_is_read_once() {
    assert!(single_stdin(["a", "-", "./-"].map(Path::new)).is_ok());
    assert_eq!(
        single_stdin(["-", "a", "-"].map(Path::new))
            .unwrap_err()
            .code(),
        1017
    );
}

#[test]
fn names_cannot_write_to_the_terminal() {
    assert_eq!(shown("a b.bin".as_ref()), "a b.bin");
    assert_eq!(shown("-".as_ref()), "standard input");
    assert_eq!(shown("a\u{1b}[2Jb\n".as_ref()), r#""a\u{1b}[2Jb\n""#);
}
