//! The eight bytes before each message.

/// Bytes of a header.
pub const HEADER_LEN: usize = 8;

/// What a message is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operation {
    /// A question.
    Read,
    /// The answer to a question.
    ReadAnswer,
    /// An order.
    Write,
    /// The answer to an order.
    WriteAnswer,
}

/// The header of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Header {
    /// What the message is.
    pub operation: Operation,
    /// Version bits: 0 for the first version of SMP, 1 for the second. An answer has those of its request.
    pub version: u8,
    /// Bytes of the body.
    pub len: u16,
    /// Group of commands.
    pub group: u16,
    /// Sequence number, which an answer repeats.
    pub sequence: u8,
    /// Command in the group.
    pub command: u8,
}

impl Header {
    /// Header and body of a packet; `None` if it is no message, or one of another length.
    #[must_use]
    pub fn split(packet: &[u8]) -> Option<(Self, &[u8])> {
        let (head, body) = packet.split_first_chunk::<HEADER_LEN>()?;
        let [
            first,
            _flags,
            len_high,
            len_low,
            group_high,
            group_low,
            sequence,
            command,
        ] = *head;
        let operation = match first & 7 {
            0 => Operation::Read,
            1 => Operation::ReadAnswer,
            2 => Operation::Write,
            3 => Operation::WriteAnswer,
            _ => return None,
        };
        let header = Self {
            operation,
            version: (first >> 3) & 3,
            len: u16::from_be_bytes([len_high, len_low]),
            group: u16::from_be_bytes([group_high, group_low]),
            sequence,
            command,
        };
        (usize::from(header.len) == body.len()).then_some((header, body))
    }

    /// The bytes.
    #[must_use]
    pub const fn encode(&self) -> [u8; HEADER_LEN] {
        let operation = match self.operation {
            Operation::Read => 0,
            Operation::ReadAnswer => 1,
            Operation::Write => 2,
            Operation::WriteAnswer => 3,
        };
        let [len_high, len_low] = self.len.to_be_bytes();
        let [group_high, group_low] = self.group.to_be_bytes();
        [
            operation | ((self.version & 3) << 3),
            0,
            len_high,
            len_low,
            group_high,
            group_low,
            self.sequence,
            self.command,
        ]
    }

    /// The header of the answer, with a body of `len` bytes.
    #[must_use]
    pub const fn answer(&self, len: u16) -> Self {
        let operation = match self.operation {
            Operation::Read | Operation::ReadAnswer => Operation::ReadAnswer,
            Operation::Write | Operation::WriteAnswer => Operation::WriteAnswer,
        };
        Self {
            operation,
            len,
            ..*self
        }
    }
}
