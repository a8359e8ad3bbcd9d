//! The record of what built the demo images: package and version, a line each.

use std::collections::BTreeMap;
use std::path::Path;

use crate::failure::Failure;

/// Versions by package name.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Versions(pub(crate) BTreeMap<String, String>);

impl Versions {
    /// Reads lines `name version`; `#` starts a comment.
    pub(crate) fn parse(text: &str) -> Self {
        let lines = text.lines().filter(|line| !line.starts_with('#'));
        let pairs = lines.filter_map(|line| line.split_once(' '));
        Self(
            pairs
                .map(|(name, version)| (name.to_owned(), version.to_owned()))
                .collect(),
        )
    }

    pub(crate) fn read(path: &Path) -> Result<Self, Failure> {
        Ok(Self::parse(
            &std::fs::read_to_string(path).map_err(Failure::at(path))?,
        ))
    }

    pub(crate) fn lines(&self) -> String {
        self.0
            .iter()
            .map(|(name, version)| format!("{name} {version}\n"))
            .collect()
    }

    /// What differs, as text: `name (here version, there version)`; empty if nothing does.
    pub(crate) fn difference(&self, recorded: &Self) -> String {
        let mut names: Vec<&String> = self.0.keys().chain(recorded.0.keys()).collect();
        names.sort();
        names.dedup();
        let version = |versions: &Self, name: &String| {
            versions
                .0
                .get(name)
                .map_or_else(|| "none".to_owned(), Clone::clone)
        };
        let differing = names
            .into_iter()
            .filter(|name| self.0.get(*name) != recorded.0.get(*name));
        let lines = differing.map(|name| {
            format!(
                "{name} (here {}, recorded {})",
                version(self, name),
                version(recorded, name)
            )
        });
        lines.collect::<Vec<_>>().join(", ")
    }
}

#[cfg(test)]
mod tests {
    use super::Versions;

    #[test]
    fn what_is_written_is_read_back() {
        let versions = Versions::parse("# compiler\nrustc-web 1.96.0+dfsg1-1\nlld-22 1:22.1.8-1\n");
        assert_eq!(versions.0.len(), 2);
        assert_eq!(Versions::parse(&versions.lines()), versions);
    }

    #[test]
    fn differences_name_both_sides() {
        let (here, recorded) = (
            Versions::parse("a 1\nb 2"),
            Versions::parse("a 1\nb 3\nc 4"),
        );
        let expected = "b (here 2, recorded 3), c (here none, recorded 4)";
        assert_eq!(here.difference(&recorded), expected);
        assert_eq!(here.difference(&here), "");
    }
}
