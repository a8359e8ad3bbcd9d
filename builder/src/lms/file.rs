//! Key files: the layout of minisign's, under the letters `LM`. The 64 bytes of a secret key are its seed, the tree's
//! identifier and both types; a public key is that of an HSS with one level.

use core::fmt;
use std::path::{Path, PathBuf};

use sprag_manifest::KeyId;
use sprag_verifier::LmsKey;
use zeroize::Zeroizing;

use super::tree::{Node, Tree};
use super::{LmsParameters, state};
use crate::input::{is_stdin, shown};
use crate::keys::lms_file::{self, Opened};
use crate::keys::{Found, KeyError, KeyFiles, PasswordSource, Protection, random};
use crate::output::{Access, Existing, Target};

/// A secret LMS key, opened.
pub struct LmsSecret {
    path: PathBuf,
    key_id: KeyId,
    tree: Tree,
}

/// What can be told of an LMS key file.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct LmsFacts {
    /// The public half.
    pub key: LmsKey,
    /// Its parameters.
    pub parameters: LmsParameters,
    /// Signatures that a secret key has left.
    pub left: Option<u32>,
}

/// Files of a new LMS key: `FILE.key`, `FILE.key.state` and `FILE.pub`.
#[derive(Debug)]
pub struct NewLmsKey {
    secret: Target,
    public: Target,
    state: PathBuf,
}

impl NewLmsKey {
    /// Checks that the files can be made and that none exists.
    ///
    /// # Errors
    /// As [`crate::NewKey::check`].
    pub fn check(files: &KeyFiles) -> Result<Self, KeyError> {
        if is_stdin(&files.secret) || is_stdin(&files.public) {
            return Err(KeyError::ToStdout);
        }
        let state = state::path_of(&files.secret);
        Target::check(&state, [], Existing::Refuse, Access::Ordinary)?;
        Ok(Self {
            secret: Target::check(&files.secret, [], Existing::Refuse, Access::Owner)?,
            public: Target::check(&files.public, [], Existing::Refuse, Access::Ordinary)?,
            state,
        })
    }

    /// Generates a key and writes its files, the state first: no key is ever without one.
    ///
    /// # Errors
    /// No randomness, no memory for the password's cost, or a file cannot be written.
    pub fn generate(
        self,
        parameters: LmsParameters,
        protection: &Protection,
    ) -> Result<LmsFacts, KeyError> {
        let mut seed = Zeroizing::new([0; 32]);
        let (mut id, mut key_id) = ([0; 16], [0; 8]);
        random(seed.as_mut_slice())?;
        random(&mut id)?;
        random(&mut key_id)?;
        let key_id = KeyId(key_id);
        let tree = Tree {
            parameters,
            id,
            seed,
        };
        let levels = tree.levels();
        let public = tree.public(&root(&levels));
        let secret_text = lms_file::secret_text(key_id, &payload(&tree), protection)?;
        state::create(self.secret.path(), &identity(&tree))?;
        let public_path = self.public.path().to_path_buf();
        let undo = |error| {
            let _ = std::fs::remove_file(&public_path);
            let _ = std::fs::remove_file(&self.state);
            KeyError::Output(error)
        };
        self.public
            .write(lms_file::public_text(key_id, &public).as_bytes())
            .map_err(undo)?;
        self.secret.write(secret_text.as_bytes()).map_err(undo)?;
        let key = LmsKey {
            id: key_id,
            key: public,
        };
        Ok(LmsFacts {
            key,
            parameters,
            left: Some(parameters.leaves()),
        })
    }
}

impl LmsFacts {
    /// Looks at a key file, either half; `None` if it is no LMS key. A secret one makes its tree, which takes a while.
    ///
    /// # Errors
    /// Those of [`LmsSecret::load`] and of [`LmsSecret::left`].
    pub fn of(path: &Path, password: &PasswordSource) -> Result<Option<Self>, KeyError> {
        match lms_file::is_secret(path)? {
            Some(true) => {}
            Some(false) => return load_public(path),
            None => return Ok(None),
        }
        let Some(secret) = LmsSecret::load(path, password)? else {
            return Ok(None);
        };
        let left = Some(secret.left()?);
        let levels = secret.tree.levels();
        Ok(Some(Self {
            key: secret.key_of(&levels),
            parameters: secret.parameters(),
            left,
        }))
    }
}

impl LmsSecret {
    /// Opens a secret key, if the file at `path` is one: `None` if it is something else.
    ///
    /// # Errors
    /// Missing, unreadable, damaged, or the password is wrong or cannot be had.
    pub fn load(path: &Path, password: &PasswordSource) -> Result<Option<Self>, KeyError> {
        let opened = lms_file::open_secret(path, || password.existing(&shown(path)))?;
        let Some(Opened { key_id, payload }) = opened else {
            return Ok(None);
        };
        let broken = || KeyError::Broken { path: path.into() };
        let tree = tree_of(&payload).ok_or_else(broken)?;
        Ok(Some(Self {
            path: path.into(),
            key_id,
            tree,
        }))
    }

    /// The id, eight bytes as in the file: the COSE `kid`.
    #[must_use]
    pub const fn key_id(&self) -> KeyId {
        self.key_id
    }

    /// Its parameters.
    #[must_use]
    pub const fn parameters(&self) -> LmsParameters {
        self.tree.parameters
    }

    /// Signatures that are left.
    ///
    /// # Errors
    /// [`KeyError::LmsState`] if that is not known.
    pub fn left(&self) -> Result<u32, KeyError> {
        let leaves = self.tree.parameters.leaves();
        let taken = state::taken(&self.path, &identity(&self.tree), leaves)?;
        Ok(leaves.saturating_sub(taken))
    }

    /// Takes a leaf, then signs `message` with it, and lets the device's code check what was made.
    ///
    /// # Errors
    /// [`KeyError::LmsState`], [`KeyError::LmsUsedUp`]; no randomness.
    pub fn sign(&self, message: &[u8]) -> Result<Vec<u8>, KeyError> {
        let mut c = [0; 32];
        random(&mut c)?;
        let leaves = self.tree.parameters.leaves();
        let leaf = state::reserve(&self.path, &identity(&self.tree), leaves)?;
        let levels = self.tree.levels();
        let signature = self.tree.sign(&levels, leaf, &c, message);
        match self.key_of(&levels).verify(&[message], &signature) {
            Ok(()) => Ok(signature),
            Err(_) => Err(KeyError::Broken {
                path: self.path.clone(),
            }),
        }
    }

    fn key_of(&self, levels: &[Vec<Node>]) -> LmsKey {
        LmsKey {
            id: self.key_id,
            key: self.tree.public(&root(levels)),
        }
    }
}

impl fmt::Debug for LmsSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LmsSecret")
            .field("path", &self.path)
            .finish_non_exhaustive()
    }
}

/// The public key in the file at `path`, if it is one of LMS.
///
/// # Errors
/// Missing or unreadable; [`KeyError::NotAKey`] if its parameters are none that devices support.
pub fn load_public(path: &Path) -> Result<Option<LmsFacts>, KeyError> {
    let Some((id, bytes)) = lms_file::open_public(path)? else {
        return Ok(None);
    };
    let word = |at: usize| {
        let word = bytes.get(at..at + 4)?;
        word.try_into().ok().map(u32::from_be_bytes)
    };
    let parameters = match (word(0), word(4), word(8)) {
        (Some(1), Some(lms), Some(ots)) => LmsParameters::of_types(lms, ots),
        _ => None,
    };
    match parameters {
        Some(parameters) => Ok(Some(LmsFacts {
            key: LmsKey { id, key: bytes },
            parameters,
            left: None,
        })),
        None => Err(KeyError::NotAKey {
            path: path.into(),
            found: Found::Unknown,
        }),
    }
}

/// The top of a tree.
fn root(levels: &[Vec<Node>]) -> Node {
    let root = levels.last().and_then(|level| level.first());
    root.copied().unwrap_or_default()
}

/// What tells a key from others before its tree is made: all of the public key but the root.
fn identity(tree: &Tree) -> Vec<u8> {
    let types = tree.parameters.types().map(u32::to_be_bytes);
    [types.as_flattened(), &tree.id].concat()
}

/// Seed 32 | tree 16 | LMS type 4 | LM-OTS type 4 | zeros 8.
fn payload(tree: &Tree) -> Zeroizing<[u8; 64]> {
    let mut payload = Zeroizing::new([0; 64]);
    let types = tree.parameters.types().map(u32::to_be_bytes);
    let parts = tree.seed.iter().chain(&tree.id).chain(types.as_flattened());
    payload
        .iter_mut()
        .zip(parts)
        .for_each(|(to, from)| *to = *from);
    payload
}

fn tree_of(payload: &[u8; 64]) -> Option<Tree> {
    let (seed, rest) = payload.split_first_chunk()?;
    let (id, rest) = rest.split_first_chunk()?;
    let (lms, rest) = rest.split_first_chunk()?;
    let (ots, _) = rest.split_first_chunk()?;
    let parameters = LmsParameters::of_types(u32::from_be_bytes(*lms), u32::from_be_bytes(*ots))?;
    Some(Tree {
        parameters,
        id: *id,
        seed: Zeroizing::new(*seed),
    })
}
