//! Which programs and Python modules this machine has.

use std::env;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// Where tools are looked for.
#[derive(Debug, Clone)]
pub(crate) struct Tools {
    search_path: OsString,
    python: Option<PathBuf>,
}

impl Tools {
    /// Looks in `PATH`, and for Python in `python`, then in the virtual environments that this
    /// repository's tasks create, then in `PATH`.
    pub(crate) fn from_environment(python: Option<&Path>) -> Self {
        let search_path = env::var_os("PATH").unwrap_or_default();
        let mut tools = Self::new(search_path, None);
        let environments = ["peers-venv", "interop-venv"]
            .map(|name| target_folder().join(name).join("bin").join("python"));
        tools.python = python
            .map(Path::to_path_buf)
            .or_else(|| environments.into_iter().find(|path| path.is_file()))
            .or_else(|| tools.program("python3"));
        tools
    }

    pub(crate) const fn new(search_path: OsString, python: Option<PathBuf>) -> Self {
        Self {
            search_path,
            python,
        }
    }

    /// The first executable file of this name in the search path.
    pub(crate) fn program(&self, name: &str) -> Option<PathBuf> {
        env::split_paths(&self.search_path)
            .filter(|folder| !folder.as_os_str().is_empty())
            .map(|folder| folder.join(name))
            .find(|path| is_executable(path))
    }

    /// The Python interpreter, if there is one.
    pub(crate) fn python(&self) -> Option<&Path> {
        self.python.as_deref().filter(|path| path.is_file())
    }

    /// Whether the interpreter can import `module`.
    pub(crate) fn has_python_module(&self, module: &str) -> bool {
        let Some(python) = self.python() else {
            return false;
        };
        let status = Command::new(python)
            .args(["-c", &format!("import {module}")])
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .status();
        status.is_ok_and(|status| status.success())
    }
}

/// The build's target folder: `CARGO_TARGET_DIR`, or `target` in the workspace, which is the
/// parent of this crate's folder; `cargo run` states that folder.
pub(crate) fn target_folder() -> PathBuf {
    env::var_os("CARGO_TARGET_DIR").map_or_else(|| workspace_folder().join("target"), PathBuf::from)
}

/// The workspace's folder; the current one when not run by cargo.
pub(crate) fn workspace_folder() -> PathBuf {
    env::var_os("CARGO_MANIFEST_DIR")
        .map(PathBuf::from)
        .and_then(|folder| folder.parent().map(Path::to_path_buf))
        .unwrap_or_else(|| PathBuf::from("."))
}

#[cfg(unix)]
fn is_executable(path: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt;

    path.metadata()
        .is_ok_and(|meta| meta.is_file() && meta.permissions().mode() & 0o111 != 0)
}

#[cfg(not(unix))]
fn is_executable(path: &Path) -> bool {
    path.is_file()
}

#[cfg(test)]
mod tests {
    use super::Tools;

    #[test]
    fn an_empty_search_path_has_nothing() {
        let tools = Tools::new("".into(), None);
        assert_eq!(tools.program("sh"), None);
        assert!(!tools.has_python_module("sys"));
    }

    #[test]
    fn only_executable_files_are_programs() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("plain"), b"").unwrap();
        std::fs::create_dir(folder.path().join("folder")).unwrap();
        let tools = Tools::new(folder.path().into(), None);
        assert_eq!(tools.program("plain"), None);
        assert_eq!(tools.program("folder"), None);
        assert!(Tools::new("/bin".into(), None).program("sh").is_some());
    }
}
