//! A folder with keys and images, in which `sprag` is run by command line.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use tempfile::TempDir;

/// The folder.
pub(crate) struct Desk(TempDir);

impl Desk {
    /// A folder with these key pairs, and two images.
    pub(crate) fn with_keys(names: &[&str]) -> Self {
        let desk = Self(TempDir::new().unwrap());
        for name in names {
            desk.ok(&format!("key generate --no-password --out {name}.key"));
        }
        let images = Path::new(env!("CARGO_MANIFEST_DIR")).join("demo");
        for (from, to) in [
            ("sensor-1.0.0.bin", "old.bin"),
            ("sensor-1.1.0.bin", "new.bin"),
        ] {
            fs::copy(images.join(from), desk.path(to)).unwrap();
        }
        desk
    }

    /// The command, not yet run.
    pub(crate) fn command(&self, line: &str) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_sprag"));
        command
            .args(line.split_whitespace())
            .current_dir(self.0.path())
            .env_remove("SPRAG_PASSWORD")
            .env_remove("SPRAG_PIN")
            .env_remove("SSH_AUTH_SOCK")
            .env_remove("SPRAG_AUDIT")
            .env_remove("SPRAG_AUDIT_KEY")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        command
    }

    /// What a command that must succeed printed.
    pub(crate) fn ok(&self, line: &str) -> String {
        self.ok_with(line, &[])
    }

    /// The same with variables of its own.
    pub(crate) fn ok_with(&self, line: &str, environment: &[(&str, String)]) -> String {
        let said = self.run(line, environment);
        assert!(said.0, "{line}\n{}{}", said.1, said.2);
        said.1
    }

    /// Whether a command succeeds.
    pub(crate) fn succeeds(&self, line: &str) -> bool {
        self.run(line, &[]).0
    }

    /// The number of the error that a command ended with.
    pub(crate) fn refused(&self, line: &str) -> u16 {
        self.refused_with(line, &[])
    }

    /// The same with variables of its own.
    pub(crate) fn refused_with(&self, line: &str, environment: &[(&str, String)]) -> u16 {
        let (succeeded, out, err) = self.run(line, environment);
        assert!(!succeeded, "{line}\n{out}");
        let number = err
            .split('[')
            .nth(1)
            .and_then(|rest| rest.split(']').next());
        number
            .and_then(|number| number.trim_start_matches('E').parse().ok())
            .unwrap_or_else(|| panic!("{line}\n{err}"))
    }

    /// Whether it succeeded, what it printed, and its errors.
    fn run(&self, line: &str, environment: &[(&str, String)]) -> (bool, String, String) {
        let mut command = self.command(line);
        command.envs(environment.iter().map(|(name, value)| (name, value)));
        let output = command.output().unwrap();
        let text = |bytes| String::from_utf8(bytes).unwrap();
        (
            output.status.success(),
            text(output.stdout),
            text(output.stderr),
        )
    }

    /// A path in the folder.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    /// Copies a file.
    pub(crate) fn copy(&self, from: &str, to: &str) {
        fs::copy(self.path(from), self.path(to)).unwrap();
    }

    /// A file's bytes.
    pub(crate) fn bytes(&self, name: &str) -> Vec<u8> {
        fs::read(self.path(name)).unwrap()
    }

    /// A file's text.
    pub(crate) fn text(&self, name: &str) -> String {
        fs::read_to_string(self.path(name)).unwrap()
    }
}
