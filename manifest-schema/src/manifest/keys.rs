//! The keys of the manifest map. Positive keys are critical; `docs/FORMAT.md` has the same names.

pub(super) const FORMAT: u8 = 1;
pub(super) const SEQUENCE: u8 = 2;
pub(super) const SECURITY_COUNTER: u8 = 3;
pub(super) const VENDOR: u8 = 4;
pub(super) const PRODUCT: u8 = 5;
pub(super) const HARDWARE: u8 = 6;
pub(super) const ISA: u8 = 7;
pub(super) const TARGET: u8 = 8;
pub(super) const SOURCES: u8 = 9;
pub(super) const PAYLOADS: u8 = 10;
pub(super) const BOOTLOADER: u8 = 11;
pub(super) const OS: u8 = 12;
pub(super) const LAYOUT: u8 = 13;
pub(super) const VALIDITY: u8 = 14;
pub(super) const PRECONDITIONS: u8 = 15;
pub(super) const KEYSET_VERSION: u8 = 16;
pub(super) const KEYSETS_LEN: u8 = 17;

#[cfg(test)]
mod tests {
    use std::format;

    const FORMAT_MD: &str = include_str!("../../../docs/FORMAT.md");

    /// Asserts that the document's row of each key begins with its number and its name.
    macro_rules! documented {
        ($($key:ident)*) => {
            $(
                let row = format!("\n| {} | `{}` |", super::$key, stringify!($key));
                assert!(FORMAT_MD.contains(&row), "{row}");
            )*
        };
    }

    #[test]
    fn the_document_has_every_key() {
        documented!(
            FORMAT SEQUENCE SECURITY_COUNTER VENDOR PRODUCT HARDWARE ISA TARGET SOURCES PAYLOADS
            BOOTLOADER OS LAYOUT VALIDITY PRECONDITIONS KEYSET_VERSION KEYSETS_LEN
        );
    }
}
