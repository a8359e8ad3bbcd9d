use core::fmt;

/// Why a stream was refused. `E` is the error of [`Images`](crate::Images).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum DecodeError<E> {
    /// The workspace is smaller than the stream's profile needs, in bytes.
    WorkspaceTooSmall {
        /// Bytes the profile needs.
        need: usize,
        /// Bytes given.
        have: usize,
    },
    /// A header byte has a value this decoder does not know.
    BadHeader {
        /// Which byte of the stream.
        offset: u32,
        /// Its value.
        value: u8,
    },
    /// The stream announces more major operations, regions or segments than its profile holds.
    MapTooLong {
        /// How many are announced.
        count: u32,
        /// How many the profile holds.
        limit: u32,
    },
    /// A region is of a class this decoder does not know.
    UnknownClass {
        /// The number of the class.
        code: u32,
    },
    /// An operation copies from outside the old image.
    SourceOutOfRange {
        /// First byte copied.
        offset: u32,
        /// Bytes copied; 1 if the length was not read because the offset is outside.
        len: u32,
        /// Length of the old image, in bytes.
        old_len: u32,
    },
    /// An operation writes beyond the new image.
    OutputOverrun {
        /// Offset in the new image at which it begins.
        offset: u32,
        /// Bytes it would write.
        len: u32,
        /// Length of the new image, in bytes.
        new_len: u32,
    },
    /// The input ended before the new image was complete.
    Truncated {
        /// Bytes of the new image decoded so far.
        produced: u32,
    },
    /// The new image is complete, but there is more input.
    TrailingInput {
        /// Bytes of surplus seen; there may be more.
        surplus: u32,
    },
    /// Reading an image failed.
    Images(E),
    /// An earlier call failed; the decoder cannot go on.
    Failed,
}

impl<E: fmt::Display> fmt::Display for DecodeError<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::WorkspaceTooSmall { need, have } => {
                write!(
                    f,
                    "the decoder needs {need} bytes of workspace and has {have}"
                )
            }
            Self::BadHeader { offset, value } => {
                write!(f, "unknown value {value} in header byte {offset}")
            }
            Self::MapTooLong { count, limit } => {
                write!(
                    f,
                    "{count} operations, regions or segments, of which the profile holds {limit}"
                )
            }
            Self::UnknownClass { code } => write!(f, "unknown class {code} of a region"),
            Self::SourceOutOfRange {
                offset,
                len,
                old_len,
            } => {
                write!(
                    f,
                    "copy of {len} bytes at {offset} leaves the old image of {old_len} bytes"
                )
            }
            Self::OutputOverrun {
                offset,
                len,
                new_len,
            } => {
                write!(
                    f,
                    "{len} bytes at {offset} exceed the new image of {new_len} bytes"
                )
            }
            Self::Truncated { produced } => {
                write!(f, "the input ends after {produced} bytes of the new image")
            }
            Self::TrailingInput { surplus } => {
                write!(
                    f,
                    "at least {surplus} bytes of input follow the end of the stream"
                )
            }
            Self::Images(error) => write!(f, "cannot read an image: {error}"),
            Self::Failed => f.write_str("the decoder has failed before"),
        }
    }
}

impl<E: core::error::Error + 'static> core::error::Error for DecodeError<E> {
    fn source(&self) -> Option<&(dyn core::error::Error + 'static)> {
        match self {
            Self::Images(error) => Some(error),
            _ => None,
        }
    }
}
