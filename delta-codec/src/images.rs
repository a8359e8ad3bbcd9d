/// The images as a decoder sees them: bytes at an offset.
pub trait Images {
    /// What a read can fail with, for example a flash error.
    type Error;

    /// Fills `buf` from the old image at `offset` (bytes). The decoder asks only for bytes inside
    /// the `old_len` it was given.
    ///
    /// # Errors
    ///
    /// Whatever the storage fails with; the decoder passes it on and stops.
    fn read_old(&mut self, offset: u32, buf: &mut [u8]) -> Result<(), Self::Error>;

    /// Fills `buf` from the new image at `offset` (bytes), of which all bytes that earlier calls
    /// of [`pull`](crate::Decoder::pull) returned must be readable, written to flash or not: the
    /// reader serves from its own buffer what it has not written yet. A decoder never asks for more.
    ///
    /// # Errors
    ///
    /// Whatever the storage fails with; the decoder passes it on and stops.
    fn read_new(&mut self, offset: u32, buf: &mut [u8]) -> Result<(), Self::Error>;
}
