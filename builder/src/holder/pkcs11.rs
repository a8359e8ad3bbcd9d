//! Keys in tokens, smart cards and hardware security modules, through PKCS #11 version 3 (`CKM_EDDSA`, pure Ed25519).

use std::path::PathBuf;

use cryptoki::context::{CInitializeArgs, CInitializeFlags, Pkcs11};
use cryptoki::error::{Error as TokenError, RvError};
use cryptoki::mechanism::Mechanism;
use cryptoki::mechanism::eddsa::{EddsaParams, EddsaSignatureScheme};
use cryptoki::object::{Attribute, AttributeType, KeyType, ObjectClass, ObjectHandle};
use cryptoki::session::{Session, UserType};
use cryptoki::slot::Slot;
use cryptoki::types::AuthPin;

use super::checked;
use super::error::HolderError;
use crate::keys::{KeyError, PasswordSource, VerifyingKey};

/// Where a key is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TokenPlace {
    /// The module: the library that came with the token.
    pub module: PathBuf,
    /// The token's label.
    pub token: String,
    /// The key's label.
    pub key: String,
}

/// A token that was found.
pub struct Token {
    place: TokenPlace,
    context: Pkcs11,
    slot: Slot,
    /// The token has a keypad or a reader of its own for the PIN.
    asks_itself: bool,
}

impl Token {
    /// Loads the module and finds the token.
    ///
    /// # Errors
    /// [`HolderError::Module`], [`HolderError::Token`].
    pub fn find(place: &TokenPlace) -> Result<Self, HolderError> {
        let failed = |e: TokenError| HolderError::Module {
            path: place.module.clone(),
            reason: e.to_string(),
        };
        let context = Pkcs11::new(&place.module).map_err(failed)?;
        match context.initialize(CInitializeArgs::new(CInitializeFlags::OS_LOCKING_OK)) {
            // By another part of the program that Sprag is a library of, or by another token of this module.
            Ok(()) | Err(TokenError::Pkcs11(RvError::CryptokiAlreadyInitialized, _)) => {}
            Err(e) => return Err(failed(e)),
        }
        let mut labels = Vec::new();
        let mut found = Vec::new();
        for slot in context.get_slots_with_token().map_err(failed)? {
            let info = context.get_token_info(slot).map_err(failed)?;
            if !info.token_initialized() {
                continue;
            }
            if info.label() == place.token {
                found.push((slot, info.protected_authentication_path()));
            }
            labels.push(info.label().to_owned());
        }
        match found.as_slice() {
            [(slot, asks_itself)] => Ok(Self {
                place: place.clone(),
                slot: *slot,
                asks_itself: *asks_itself,
                context,
            }),
            _ => Err(HolderError::Token {
                label: place.token.clone(),
                found: found.len(),
                labels,
            }),
        }
    }

    /// The key's public half, as the token tells it: its 32 bytes.
    ///
    /// # Errors
    /// [`HolderError::TokenKey`], [`HolderError::Refused`].
    pub fn public_key(&self) -> Result<[u8; 32], HolderError> {
        let session = self.session()?;
        let key = self.key(&session, ObjectClass::PUBLIC_KEY)?;
        let attributes = session
            .get_attributes(key, &[AttributeType::EcPoint])
            .map_err(|e| self.refused(&e))?;
        let point = attributes
            .into_iter()
            .find_map(|attribute| match attribute {
                Attribute::EcPoint(bytes) => point(&bytes),
                _ => None,
            });
        point.ok_or_else(|| HolderError::Refused {
            token: self.place.token.clone(),
            reason: "its key has no point of Ed25519".into(),
        })
    }

    /// Lets the token sign, and checks that `key` did.
    ///
    /// # Errors
    /// [`HolderError::Pin`], [`HolderError::TokenKey`], [`HolderError::Refused`], [`HolderError::Wrong`].
    pub fn sign(
        &self,
        key: &VerifyingKey,
        message: &[u8],
        pin: &PasswordSource,
    ) -> Result<[u8; 64], HolderError> {
        let session = self.session()?;
        self.log_in(&session, pin)?;
        let handle = self.key(&session, ObjectClass::PRIVATE_KEY)?;
        let mechanism = Mechanism::Eddsa(EddsaParams::new(EddsaSignatureScheme::Ed25519));
        let signature = session
            .sign(&mechanism, handle, message)
            .map_err(|e| self.refused(&e))?;
        checked(key, message, &signature)
    }

    fn session(&self) -> Result<Session, HolderError> {
        // To read is enough: nothing on the token is changed.
        self.context
            .open_ro_session(self.slot)
            .map_err(|e| self.refused(&e))
    }

    fn log_in(&self, session: &Session, pin: &PasswordSource) -> Result<(), HolderError> {
        let failed = |reason: String| HolderError::Pin {
            token: self.place.token.clone(),
            reason,
        };
        let pin = match self.asks_itself {
            true => None,
            false => {
                let pin = match pin.pin(&self.place.token) {
                    Err(KeyError::NoPassword) => {
                        return Err(failed(
                            "none was given: it is empty, or there is no terminal to ask".into(),
                        ));
                    }
                    pin => pin?,
                };
                let text = core::str::from_utf8(pin.as_bytes()).unwrap_or_default();
                Some(AuthPin::from(text))
            }
        };
        match session.login(UserType::User, pin.as_ref()) {
            Ok(()) | Err(TokenError::Pkcs11(RvError::UserAlreadyLoggedIn, _)) => Ok(()),
            Err(TokenError::Pkcs11(RvError::PinIncorrect, _)) => Err(failed("it is wrong".into())),
            Err(TokenError::Pkcs11(RvError::PinLocked, _)) => Err(failed("it is locked".into())),
            Err(e) => Err(failed(e.to_string())),
        }
    }

    /// The one key with the label.
    fn key(&self, session: &Session, class: ObjectClass) -> Result<ObjectHandle, HolderError> {
        let label = &self.place.key;
        let template = [
            Attribute::Class(class),
            Attribute::KeyType(KeyType::EC_EDWARDS),
            Attribute::Label(label.as_bytes().to_vec()),
        ];
        let found = session
            .find_objects(&template)
            .map_err(|e| self.refused(&e))?;
        match found.as_slice() {
            [key] => Ok(*key),
            _ => Err(HolderError::TokenKey {
                label: label.clone(),
                found: found.len(),
            }),
        }
    }

    fn refused(&self, e: &TokenError) -> HolderError {
        HolderError::Refused {
            token: self.place.token.clone(),
            reason: e.to_string(),
        }
    }
}

impl core::fmt::Debug for Token {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "Token({:?})", self.place)
    }
}

/// `CKA_EC_POINT`: an OCTET STRING around the key's bytes, or, by older modules, the bare bytes.
pub(super) fn point(bytes: &[u8]) -> Option<[u8; 32]> {
    let bare = match bytes {
        [0x04, 0x20, rest @ ..] if rest.len() == 32 => rest,
        bare => bare,
    };
    bare.try_into().ok()
}
