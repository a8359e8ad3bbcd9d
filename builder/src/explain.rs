//! What every code means: the meaning in one sentence, the cause, the remedy; and errors of the device side in
//! words.
//!
//! One table for each layer, as small as the layer is; [`explanations`] joins them, sorted by code.

mod audit;
mod binding;
mod builder;
mod containers;
mod decode;
mod describe;
mod files;
mod flash;
mod format;
mod holder;
mod keys;
mod library;
mod policy;
mod render;
mod resources;
mod shown;
mod signature;
mod source;
mod stage;
mod state;
mod stream;

#[cfg(test)]
mod tests;

pub(crate) use describe::date;
pub use describe::describe;
pub use library::fault_library;
pub(crate) use render::push_wrapped;
pub use render::render;
pub use shown::{Shown, shown};
pub use stage::Stage;

/// What `sprag explain` prints of a code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Explanation {
    /// The stable number.
    pub code: u16,
    /// Its name in reports.
    pub name: &'static str,
    /// What it means.
    pub meaning: &'static str,
    /// What leads to it.
    pub cause: &'static str,
    /// What to do.
    pub remedy: &'static str,
}

/// The explanation of a code.
#[must_use]
pub fn explain(code: u16) -> Option<&'static Explanation> {
    let place = ALL.binary_search_by_key(&code, |explanation| explanation.code);
    place.ok().and_then(|place| ALL.get(place))
}

/// All explanations, by code.
#[must_use]
pub const fn explanations() -> &'static [Explanation] {
    &ALL
}

static ALL: [Explanation; COUNT] = joined();

/// In the order of their codes.
const TABLES: [&[Explanation]; 20] = [
    format::TABLE,
    signature::TABLE,
    policy::TABLE,
    resources::TABLE,
    source::TABLE,
    stream::TABLE,
    decode::TABLE,
    flash::TABLE,
    state::TABLE,
    binding::TABLE,
    builder::RELEASE,
    files::INPUTS,
    builder::BUILD,
    containers::TABLE,
    files::OUTPUTS,
    files::SLOTS,
    files::LINKS,
    audit::TABLE,
    holder::TABLE,
    keys::TABLE,
];

const COUNT: usize = {
    let (mut table, mut count) = (0, 0);
    while table < TABLES.len() {
        count += TABLES[table].len();
        table += 1;
    }
    count
};

const fn joined() -> [Explanation; COUNT] {
    let mut all = [TABLES[0][0]; COUNT];
    let (mut table, mut place) = (0, 0);
    while table < TABLES.len() {
        let mut row = 0;
        while row < TABLES[table].len() {
            all[place] = TABLES[table][row];
            place += 1;
            row += 1;
        }
        table += 1;
    }
    all
}
