//! Key sets in plain words: what one says, and what the next one changes.

use sprag_manifest::{CounterRange, KeyId, Validity};

use super::{KeysetSpec, ReleaseRoleSpec, RoleSpec};
use crate::digest::sha256;
use crate::explain::date;
use crate::keys::{VerifyingKey, minisign_id};

/// What a key set says, line by line.
#[must_use]
pub fn describe_keyset(spec: &KeysetSpec) -> String {
    let mut lines = vec![format!("{}, version {}", spec.name, spec.version)];
    lines.push(format!("  root      {}", role(&spec.root)));
    for release in &spec.releases {
        lines.push(format!(
            "  {:<9} {}",
            role_name(release),
            role(&release.role)
        ));
    }
    for (name, value) in terms(spec) {
        lines.push(format!("  {name:<9} {value}"));
    }
    for key in &spec.revoked {
        lines.push(format!("  revoked   {}", minisign_id(key.key_id())));
    }
    lines.push(String::new());
    lines.join("\n")
}

/// What `new` changes, a sentence on each line; for a first version, all of it.
#[must_use]
pub fn changes(old: Option<&KeysetSpec>, new: &KeysetSpec) -> Vec<String> {
    let Some(old) = old else {
        let mut lines: Vec<String> = describe_keyset(new).lines().map(Into::into).collect();
        lines.extend(new.keys.iter().map(fingerprint));
        return lines;
    };
    let mut lines = Vec::new();
    if old.name != new.name {
        lines.push(format!(
            "the NAME becomes {}: devices refuse that",
            new.name
        ));
    }
    let revoked = |id: KeyId| {
        let is_it = |key: &VerifyingKey| key.key_id() == id;
        new.revoked.iter().any(is_it) && !old.revoked.iter().any(is_it)
    };
    for key in &old.keys {
        let id = key.key_id();
        if new.key(id).is_none() {
            let how = if revoked(id) {
                "is REVOKED for ever"
            } else {
                "is removed"
            };
            let was = old.roles_of(id).join(", ");
            lines.push(format!("key {} ({was}) {how}", minisign_id(id)));
        }
    }
    for key in &new.keys {
        let id = key.key_id();
        let (was, is) = (old.roles_of(id).join(", "), new.roles_of(id).join(", "));
        match old.key(id) {
            None => {
                lines.push(format!("key {} is added: {is}", minisign_id(id)));
                lines.push(fingerprint(key));
            }
            Some(other) if other != key => {
                lines.push(format!("key {} gets OTHER BYTES: {is}", minisign_id(id)));
                lines.push(fingerprint(key));
            }
            Some(_) if was != is => {
                lines.push(format!("key {}: was {was}, is {is}", minisign_id(id)));
            }
            Some(_) => {}
        }
    }
    for key in &new.revoked {
        let id = key.key_id();
        if revoked(id) && old.key(id).is_none() {
            lines.push(format!("key {} is REVOKED for ever", minisign_id(id)));
        }
    }
    for key in &old.revoked {
        if !new
            .revoked
            .iter()
            .any(|other| other.to_bytes() == key.to_bytes())
        {
            let name = minisign_id(key.key_id());
            lines.push(format!(
                "the revocation of key {name} is DROPPED: devices refuse that"
            ));
        }
    }
    threshold(&mut lines, "root", Some(&old.root), &new.root);
    for release in &new.releases {
        let name = role_name(release);
        let before = old.releases.iter().find(|other| role_name(other) == name);
        threshold(
            &mut lines,
            &name,
            before.map(|before| &before.role),
            &release.role,
        );
    }
    let (was, is) = (terms(old), terms(new));
    for (name, value) in &is {
        if !was.contains(&(name.clone(), value.clone())) {
            lines.push(format!("{name} becomes {value}"));
        }
    }
    for (name, value) in &was {
        if !is.iter().any(|(other, _)| other == name) {
            lines.push(format!("{name} {value} is lifted"));
        }
    }
    if lines.is_empty() {
        lines.push("nothing changes but the version".into());
    }
    lines
}

/// What two people compare over another way than the store came: a key file's words say no more than its id.
fn fingerprint(key: &VerifyingKey) -> String {
    let name = minisign_id(key.key_id());
    format!("key {name} is SHA-256 {}", sha256(&key.to_bytes()))
}

/// The name of a release role: what it covers.
pub(super) fn role_name(release: &ReleaseRoleSpec) -> String {
    let mut limits = Vec::new();
    limits.extend(release.vendor.as_ref().map(|name| format!("vendor {name}")));
    limits.extend(
        release
            .product
            .as_ref()
            .map(|name| format!("product {name}")),
    );
    if !release.hardware.is_empty() {
        limits.push(format!("hardware {}", release.hardware.join("/")));
    }
    match limits.is_empty() {
        true => "release".into(),
        false => format!("release for {}", limits.join(" and ")),
    }
}

fn role(role: &RoleSpec) -> String {
    let keys: Vec<String> = role.members.iter().map(|id| minisign_id(*id)).collect();
    format!("{} of {}: {}", role.threshold, keys.len(), keys.join(" "))
}

fn threshold(lines: &mut Vec<String>, name: &str, old: Option<&RoleSpec>, new: &RoleSpec) {
    let of = |role: &RoleSpec| format!("{} of {}", role.threshold, role.members.len());
    match old.map(of) {
        None => lines.push(format!("{name} is new: {} signatures", of(new))),
        Some(old) if old != of(new) => {
            lines.push(format!("{name}: {old} signatures become {}", of(new)));
        }
        Some(_) => {}
    }
}

/// Validity and ranges, by name.
fn terms(spec: &KeysetSpec) -> Vec<(String, String)> {
    let mut terms = Vec::new();
    let Validity {
        not_before,
        not_after,
    } = spec.validity;
    terms.extend(not_before.map(|second| ("valid from".into(), date(second))));
    terms.extend(not_after.map(|second| ("valid until".into(), date(second))));
    let ranges = [
        ("sequence numbers", spec.sequences),
        ("security counters", spec.security_counters),
    ];
    for (name, range) in ranges {
        if range != CounterRange::ANY {
            let min = range.min.unwrap_or(0);
            let max = range.max.map_or("any".into(), |max| max.to_string());
            terms.push((name.into(), format!("{min} to {max}")));
        }
    }
    terms
}
