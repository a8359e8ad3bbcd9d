use std::fs;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use tempfile::TempDir;

use super::{Access, Existing, OutputError, Target};

fn names(folder: &TempDir) -> Vec<String> {
    let mut names: Vec<_> = fs::read_dir(folder.path())
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

fn replace(path: &Path) -> Result<Target, OutputError> {
    Target::check(path, [], Existing::Replace, Access::Ordinary)
}

fn setup() -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("out.bin");
    (folder, path)
}

#[test]
fn appears_only_when_committed() {
    let (folder, path) = setup();
    let target = replace(&path).unwrap();
    assert!(names(&folder).is_empty(), "checking leaves nothing");
    let mut pending = target.begin().unwrap();
    pending.write_all(b"new").unwrap();
    pending.flush().unwrap();
    assert!(!path.exists());
    pending.commit().unwrap();
    assert_eq!(fs::read(&path).unwrap(), b"new");
    assert_eq!(names(&folder), ["out.bin"]);
}

#[test]
fn dropped_leaves_the_old_one_and_nothing_else() {
    let (folder, path) = setup();
    fs::write(&path, b"old").unwrap();
    let mut pending = replace(&path).unwrap().begin().unwrap();
    pending.write_all(&[7; 100_000]).unwrap();
    drop(pending);
    assert_eq!(fs::read(&path).unwrap(), b"old");
    assert_eq!(names(&folder), ["out.bin"]);
    replace(&path).unwrap().write(b"new").unwrap();
    assert_eq!(fs::read(&path).unwrap(), b"new");
}

#[test]
fn bad_targets_have_their_own_codes() {
    let (folder, path) = setup();
    fs::write(&path, b"old").unwrap();
    let cases = [
        ("folder missing", folder.path().join("no/such/out"), 1100),
        ("folder is a file", path.join("out"), 1101),
        ("directory", folder.path().to_path_buf(), 1102),
        ("no file name", folder.path().join(".."), 1102),
        ("a slash at the end", folder.path().join("new/"), 1102),
        ("name too long", folder.path().join("x".repeat(300)), 1107),
        ("folder of a folder is a file", path.join("a/out"), 1101),
    ];
    for (name, path, code) in cases {
        assert_eq!(replace(&path).unwrap_err().code(), code, "{name}");
    }
    assert_eq!(names(&folder), ["out.bin"]);
    assert_eq!(fs::read(&path).unwrap(), b"old");
}

#[cfg(unix)]
#[test]
fn a_link_stays_and_what_it_leads_to_is_replaced() {
    let (folder, path) = setup();
    let elsewhere = tempfile::tempdir().unwrap();
    let file = elsewhere.path().join("file");
    fs::write(&file, b"old").unwrap();
    std::os::unix::fs::symlink(&file, &path).unwrap();
    replace(&path).unwrap().write(b"new").unwrap();
    assert!(fs::symlink_metadata(&path).unwrap().is_symlink());
    assert_eq!(fs::read(&file).unwrap(), b"new");
    assert_eq!((names(&folder).len(), names(&elsewhere).len()), (1, 1));
}

#[test]
fn inputs_are_never_overwritten() {
    let (folder, path) = setup();
    fs::write(&path, b"old").unwrap();
    let roundabout = folder.path().join(".").join("out.bin");
    let hard_link = folder.path().join("link");
    fs::hard_link(&path, &hard_link).unwrap();
    for input in [&path, &roundabout, &hard_link] {
        let inputs = ["-".as_ref(), Path::new("no such file"), input.as_path()];
        let error = Target::check(&path, inputs, Existing::Replace, Access::Ordinary).unwrap_err();
        assert_eq!(
            (error.code(), error.exit_code()),
            (1104, 2),
            "{}",
            input.display()
        );
    }
}

#[test]
fn a_file_that_may_not_be_replaced_is_refused_before_and_at_the_last_moment() {
    let (folder, path) = setup();
    let check = || Target::check(&path, [], Existing::Refuse, Access::Owner);
    let late = check().unwrap();
    check().unwrap().write(b"first").unwrap();
    assert_eq!(check().unwrap_err().code(), 1103);
    assert_eq!(late.write(b"second").unwrap_err().code(), 1103);
    assert_eq!(fs::read(&path).unwrap(), b"first");
    assert_eq!(names(&folder), ["out.bin"]);
}

#[cfg(unix)]
#[test]
fn owner_access_is_0600_and_ordinary_follows_the_umask() {
    use std::os::unix::fs::PermissionsExt as _;
    let (folder, path) = setup();
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    let owner = Target::check(&path, [], Existing::Refuse, Access::Owner).unwrap();
    owner.write(b"key").unwrap();
    assert_eq!(mode(&path), 0o600);

    let plain = folder.path().join("plain");
    fs::write(&plain, b"").unwrap();
    let out = folder.path().join("out");
    replace(&out).unwrap().write(b"x").unwrap();
    assert_eq!(mode(&out), mode(&plain));
}

#[cfg(target_os = "linux")]
#[test]
fn devices_are_written_to_and_stay_what_they_are() {
    use std::os::unix::fs::FileTypeExt as _;
    replace("/dev/null".as_ref()).unwrap().write(b"x").unwrap();
    assert!(
        fs::metadata("/dev/null")
            .unwrap()
            .file_type()
            .is_char_device()
    );
    // A device that is always full: the kernel's own ENOSPC.
    let full = replace("/dev/full".as_ref())
        .unwrap()
        .write(b"x")
        .unwrap_err();
    assert_eq!((full.code(), full.exit_code()), (1105, 3), "{full}");
}

#[test]
fn a_folder_that_goes_away_is_told_from_other_failures() {
    let (folder, path) = setup();
    let target = replace(&path).unwrap();
    drop(folder);
    assert_eq!(target.write(b"x").unwrap_err().code(), 1100);
}

#[test]
fn messages_do_not_name_the_temporary_file() {
    let path = Path::new("/no/such/folder/out");
    let error = tempfile::NamedTempFile::new_in("/no/such/folder").unwrap_err();
    assert!(
        error.to_string().contains(".tmp"),
        "as tempfile has it: {error}"
    );
    let error = crate::input::plain(error);
    assert_eq!(error.to_string(), "entity not found");
    assert_eq!(
        OutputError::from_io(path, error).to_string(),
        "/no/such/folder: no such folder"
    );
}

#[test]
fn what_the_system_says_is_told_apart() {
    let cases = [
        (io::ErrorKind::StorageFull, 1105),
        (io::ErrorKind::QuotaExceeded, 1105),
        (io::ErrorKind::PermissionDenied, 1106),
        (io::ErrorKind::ReadOnlyFilesystem, 1106),
        (io::ErrorKind::AlreadyExists, 1103),
        (io::ErrorKind::Other, 1107),
    ];
    for (kind, code) in cases {
        assert_eq!(
            OutputError::from_io("x".as_ref(), kind.into()).code(),
            code,
            "{kind}"
        );
    }
    assert!(OutputError::from_io("-".as_ref(), io::ErrorKind::BrokenPipe.into()).is_broken_pipe());
}
