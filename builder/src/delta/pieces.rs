//! The new image as pieces, each literal or copied along one diagonal: a form of operations that is
//! easy to change.

use sprag_delta::Operation;

/// Bytes of the new image that come the same way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Piece {
    pub(super) start: usize,
    pub(super) end: usize,
    /// Source minus destination; none of literals.
    pub(super) diagonal: Option<i64>,
    pub(super) major: bool,
}

impl Piece {
    pub(super) fn len(self) -> usize {
        self.end - self.start
    }

    /// Takes in what follows if that comes the same way.
    pub(super) fn join(&mut self, next: Self) -> bool {
        let joins = self.diagonal == next.diagonal;
        if joins {
            self.end = next.end;
            self.major |= next.major;
        }
        joins
    }
}

/// Another way for some bytes of the new image to come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Change {
    pub(super) start: usize,
    pub(super) end: usize,
    pub(super) diagonal: Option<i64>,
}

/// The pieces that `operations` are; they cover the whole new image.
pub(super) fn pieces(operations: &[Operation], new_len: usize) -> Vec<Piece> {
    let mut pieces = Vec::with_capacity(operations.len() * 2);
    let mut start = 0;
    let mut push = |len: usize, diagonal, major| {
        let end = start + len;
        if len > 0 {
            let piece = Piece {
                start,
                end,
                diagonal,
                major,
            };
            pieces.push(piece);
        }
        start = end;
        end
    };
    let mut end = 0;
    for operation in operations {
        let place = push(index(operation.literal_len), None, false);
        let diagonal = i64::from(operation.source) - as_i64(place);
        end = push(index(operation.copy_len), Some(diagonal), operation.major);
    }
    push(new_len - end, None, false);
    pieces
}

/// The operations that `pieces` are.
pub(super) fn operations(pieces: &[Piece]) -> Vec<Operation> {
    let mut operations = Vec::with_capacity(pieces.len());
    let mut literal_len = 0;
    for piece in pieces {
        let len = as_u32(piece.len());
        let Some(diagonal) = piece.diagonal else {
            literal_len += len;
            continue;
        };
        operations.push(Operation {
            literal_len,
            copy_len: len,
            source: u32::try_from(as_i64(piece.start) + diagonal).unwrap_or(u32::MAX),
            major: piece.major,
        });
        literal_len = 0;
    }
    if literal_len > 0 {
        operations.push(Operation {
            literal_len,
            ..Operation::default()
        });
    }
    operations
}

/// The pieces after some changes, which are in order and do not overlap. Of a major piece that is
/// cut the longer part stays major.
pub(super) fn changed(pieces: &[Piece], changes: &[Change]) -> Vec<Piece> {
    let mut made: Vec<Piece> = Vec::with_capacity(pieces.len() + 2 * changes.len());
    let mut push = |piece: Piece| {
        if piece.start < piece.end && !made.last_mut().is_some_and(|last| last.join(piece)) {
            made.push(piece);
        }
    };
    let mut changes = changes.iter().copied().peekable();
    for &piece in pieces {
        let mut rest = piece;
        while let Some(change) = changes.peek().copied() {
            if change.start >= rest.end {
                break;
            }
            let before = Piece {
                end: change.start.max(rest.start),
                ..rest
            };
            let after = Piece {
                start: change.end.clamp(rest.start, rest.end),
                ..rest
            };
            let before_is_longer = before.len() >= after.len();
            push(Piece {
                major: rest.major && before_is_longer,
                ..before
            });
            if change.start >= rest.start {
                push(Piece {
                    start: change.start,
                    end: change.end,
                    diagonal: change.diagonal,
                    major: false,
                });
            }
            rest = Piece {
                major: rest.major && !before_is_longer,
                ..after
            };
            if change.end > piece.end {
                // It goes on into the next piece.
                break;
            }
            changes.next();
        }
        push(rest);
    }
    made
}

fn as_u32(value: usize) -> u32 {
    u32::try_from(value).unwrap_or(u32::MAX)
}

fn as_i64(value: usize) -> i64 {
    i64::try_from(value).unwrap_or(i64::MAX)
}

fn index(value: u32) -> usize {
    usize::try_from(value).unwrap_or(usize::MAX)
}

#[cfg(test)]
mod tests;
