//! Runs the coder over chosen operations: the stream, and what each place of the image cost.

use sprag_delta::{
    ByteSink, EncodeError, Encoding, Operation, Part, Spent, encode_observed, workspace_len,
};

use super::in_place::InPlace;

/// What the coder is given besides operations.
#[derive(Clone, Copy)]
pub(super) struct Task<'a> {
    pub(super) encoding: Encoding<'a>,
    pub(super) old: &'a [u8],
    pub(super) new: &'a [u8],
    /// For a device with a single slot.
    pub(super) in_place: Option<InPlace>,
}

/// A coder with its tables.
pub(super) struct Coding<'a> {
    task: Task<'a>,
    workspace: Vec<u8>,
}

impl<'a> Coding<'a> {
    pub(super) fn new(task: Task<'a>) -> Self {
        Self {
            task,
            workspace: vec![0; workspace_len(task.encoding.profile)],
        }
    }

    /// The stream of some operations. `observe` is called after each part of it.
    pub(super) fn stream(
        &mut self,
        operations: &[Operation],
        observe: impl FnMut(Spent),
    ) -> Result<Vec<u8>, EncodeError> {
        let mut stream = Stream(Vec::new());
        let Task {
            encoding, old, new, ..
        } = self.task;
        let workspace = &mut self.workspace;
        encode_observed(
            workspace,
            encoding,
            (old, new),
            operations,
            &mut stream,
            observe,
        )?;
        Ok(stream.0)
    }

    /// The stream of some operations and where its bits went.
    pub(super) fn attempt(&mut self, operations: Vec<Operation>) -> Result<Attempt, EncodeError> {
        let operations = match self.task.in_place {
            Some(in_place) => in_place.allowed(&operations, self.task.new.len()),
            None => operations,
        };
        let mut costs = Costs {
            bits: Vec::with_capacity(self.task.new.len() + 1),
        };
        costs.bits.push(0);
        let stream = self.stream(&operations, |spent| costs.note(spent))?;
        Ok(Attempt {
            operations,
            stream,
            costs,
        })
    }
}

/// Operations and what became of them.
pub(super) struct Attempt {
    pub(super) operations: Vec<Operation>,
    pub(super) stream: Vec<u8>,
    pub(super) costs: Costs,
}

impl Attempt {
    pub(super) fn is_shorter_than(&self, other: &Self) -> bool {
        self.stream.len() < other.stream.len()
    }
}

/// Where the bits of a stream went.
pub(super) struct Costs {
    /// For each offset in the new image, and its end, the bits spent when it was reached, in 1/16.
    bits: Vec<u32>,
}

impl Costs {
    fn note(&mut self, spent: Spent) {
        let bits = u32::try_from(spent.bits / 16).unwrap_or(u32::MAX);
        if spent.part == Part::Map {
            self.bits[0] = bits;
        }
        let reached = usize::try_from(spent.offset).unwrap_or(usize::MAX);
        if self.bits.len() <= reached {
            self.bits.resize(reached + 1, bits);
        }
    }

    /// Bits in 1/16 from when `start` was reached to when `end` was: with the operations that begin
    /// in between, without their parts of the map.
    pub(super) fn between(&self, start: usize, end: usize) -> u32 {
        let last = self.bits.len() - 1;
        self.bits[end.min(last)] - self.bits[start.min(last)]
    }
}

/// A stream growing in memory.
pub(super) struct Stream(pub(super) Vec<u8>);

impl ByteSink for Stream {
    fn put(&mut self, byte: u8) {
        self.0.push(byte);
    }
}
