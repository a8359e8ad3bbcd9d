//! Where the password of a key file comes from.

use core::fmt;
use std::fs::File;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

use zeroize::Zeroizing;

use super::KeyError;

/// The environment variable that may hold the password.
pub const PASSWORD_VARIABLE: &str = "SPRAG_PASSWORD";

/// The environment variable that may hold the PIN of a token.
pub const PIN_VARIABLE: &str = "SPRAG_PIN";

/// A password: cleared from memory when dropped, and never shown.
#[derive(Clone)]
pub struct Password(Zeroizing<String>);

impl Password {
    /// The bytes that the key is derived from.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        self.0.as_bytes()
    }

    fn new(text: Zeroizing<String>) -> Result<Self, KeyError> {
        match text.len() {
            0..=MAX_PASSWORD_LEN => Ok(Self(text)),
            _ => Err(KeyError::PasswordTooLong {
                max: MAX_PASSWORD_LEN,
            }),
        }
    }
}

impl From<&str> for Password {
    /// For tests and for programs that hold the password already. Its length is not checked.
    fn from(text: &str) -> Self {
        Self(Zeroizing::new(text.into()))
    }
}

impl fmt::Debug for Password {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Password(..)")
    }
}

/// Where to get a password, asked only when one is needed.
#[derive(Clone, Debug)]
pub enum PasswordSource {
    /// The first line of a file.
    File(PathBuf),
    /// The variable [`PASSWORD_VARIABLE`] if it is set, and otherwise the terminal.
    EnvironmentOrPrompt,
    /// This one.
    Given(Password),
}

impl PasswordSource {
    /// The source that a command line asks for: `--password-file` first, then
    /// [`PASSWORD_VARIABLE`], then a prompt.
    #[must_use]
    pub fn from_option(password_file: Option<&Path>) -> Self {
        password_file.map_or(Self::EnvironmentOrPrompt, |path| Self::File(path.into()))
    }

    /// The password of an existing key, asked for once.
    ///
    /// # Errors
    ///
    /// The file cannot be read, the variable is not text, or there is no terminal to ask on.
    pub fn existing(&self, key: &str) -> Result<Password, KeyError> {
        match self.without_prompt()? {
            Some(password) => Ok(password),
            None => prompt(&format!("Password of {key}: ")),
        }
    }

    /// A password for a new key, asked for twice.
    ///
    /// # Errors
    ///
    /// As [`PasswordSource::existing`]; it is empty; or the two entries differ.
    pub fn new_password(&self) -> Result<Password, KeyError> {
        let (password, again) = match self.without_prompt()? {
            Some(password) => (password, None),
            None => (
                prompt("New password: ")?,
                Some(prompt("New password again: ")?),
            ),
        };
        if again.is_some_and(|again| again.as_bytes() != password.as_bytes()) {
            return Err(KeyError::PasswordsDiffer);
        }
        if password.as_bytes().is_empty() {
            return Err(KeyError::EmptyPassword);
        }
        Ok(password)
    }

    /// The PIN of a token, asked for once: from the file, else from [`PIN_VARIABLE`], else from the terminal. An empty
    /// one is none: to a token it would mean that it is to ask itself.
    ///
    /// # Errors
    ///
    /// As [`PasswordSource::existing`]; [`KeyError::NoPassword`] for an empty one.
    pub fn pin(&self, token: &str) -> Result<Password, KeyError> {
        let pin = match self.unprompted(PIN_VARIABLE)? {
            Some(pin) => pin,
            None => prompt(&format!("PIN of token {token}: "))?,
        };
        match pin.as_bytes().is_empty() {
            true => Err(KeyError::NoPassword),
            false => Ok(pin),
        }
    }

    fn without_prompt(&self) -> Result<Option<Password>, KeyError> {
        self.unprompted(PASSWORD_VARIABLE)
    }

    fn unprompted(&self, variable: &str) -> Result<Option<Password>, KeyError> {
        match self {
            Self::Given(password) => Ok(Some(password.clone())),
            Self::File(path) => first_line(path).map(Some),
            Self::EnvironmentOrPrompt => match std::env::var(variable) {
                Ok(text) => Password::new(Zeroizing::new(text)).map(Some),
                Err(std::env::VarError::NotPresent) => Ok(None),
                Err(std::env::VarError::NotUnicode(_)) => Err(KeyError::PasswordNotText),
            },
        }
    }
}

/// Asks on the terminal itself (not on standard input, which may be an image), without echo.
fn prompt(question: &str) -> Result<Password, KeyError> {
    match rpassword::prompt_password(question) {
        Ok(text) => Password::new(Zeroizing::new(text)),
        Err(error) if error.kind() == io::ErrorKind::InvalidData => Err(KeyError::PasswordNotText),
        Err(_) => Err(KeyError::NoPassword),
    }
}

/// The first line, without its end. What follows is not read further than needed.
fn first_line(path: &Path) -> Result<Password, KeyError> {
    let failed = |source| KeyError::PasswordFile {
        path: path.into(),
        source,
    };
    let limit = u64::try_from(MAX_PASSWORD_LEN + 2).unwrap_or(u64::MAX);
    let mut bytes = Zeroizing::new(Vec::with_capacity(MAX_PASSWORD_LEN + 2));
    File::open(path)
        .and_then(|file| file.take(limit).read_to_end(&mut bytes))
        .map_err(failed)?;
    let line = bytes
        .split(|&byte| byte == b'\n')
        .next()
        .unwrap_or_default();
    let line = line.strip_suffix(b"\r").unwrap_or(line);
    let text = core::str::from_utf8(line).map_err(|_| KeyError::PasswordNotText)?;
    Password::new(Zeroizing::new(text.into()))
}

/// What stock `minisign` can read back, in bytes.
const MAX_PASSWORD_LEN: usize = 1_023;

#[cfg(test)]
mod tests {
    use super::{Password, PasswordSource};

    #[test]
    fn a_password_file_gives_its_first_line() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("password");
        let long = "x".repeat(1_023);
        let cases: [(&str, &[u8], Result<&str, u16>); 9] = [
            ("no end of line", b"secret", Ok("secret")),
            ("end of line", b"secret\n", Ok("secret")),
            ("carriage return", b"secret\r\n", Ok("secret")),
            ("more lines", b"first\nsecond\n", Ok("first")),
            ("blanks are kept", b"  a b \n", Ok("  a b ")),
            ("empty", b"", Ok("")),
            ("longest", long.as_bytes(), Ok(&long)),
            ("too long", &[b'x'; 1_024], Err(1216)),
            ("not text", b"\xff\n", Err(1217)),
        ];
        for (name, bytes, expected) in cases {
            std::fs::write(&path, bytes).unwrap();
            let found = PasswordSource::from_option(Some(&path)).existing("key");
            match (found, expected) {
                (Ok(password), Ok(text)) => assert_eq!(password.as_bytes(), text.as_bytes()),
                (Err(error), Err(code)) => assert_eq!(error.code(), code, "{name}"),
                (found, _) => panic!("{name}: {found:?}"),
            }
        }
        std::fs::remove_file(&path).unwrap();
        assert_eq!(
            PasswordSource::File(path)
                .existing("key")
                .unwrap_err()
                .code(),
            1214
        );
    }

    #[test]
    fn a_new_key_has_a_password_worth_the_name() {
        let given = |text: &str| PasswordSource::Given(Password::from(text)).new_password();
        assert_eq!(given("").unwrap_err().code(), 1215);
        assert_eq!(given("x").unwrap().as_bytes(), b"x");
    }

    #[test]
    fn an_empty_pin_is_none() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("pin");
        for (bytes, expected) in [("", None), ("\n1234\n", None), ("1234\n", Some("1234"))] {
            std::fs::write(&path, bytes).unwrap();
            let found = PasswordSource::File(path.clone()).pin("token");
            match (found, expected) {
                (Ok(pin), Some(text)) => assert_eq!(pin.as_bytes(), text.as_bytes()),
                (Err(error), None) => assert_eq!(error.code(), 1212, "{bytes:?}"),
                (found, _) => panic!("{bytes:?}: {found:?}"),
            }
        }
    }

    #[test]
    fn is_never_shown() {
        assert_eq!(
            format!("{:?}", PasswordSource::Given("secret".into())),
            "Given(Password(..))"
        );
    }
}
