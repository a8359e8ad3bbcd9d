//! Every vector, made.

use std::collections::BTreeMap;

use sprag::attack::{Bench, Case, Chunks, Desk, Expected, Layer, corpus, hex};
use sprag::sha256;
use sprag_manifest::Codec;

use crate::bases::{self, BASES, Base};
use crate::good;
use crate::index::{Differs, Image, Index, Vector};
use crate::keysets;

/// Files by their names, from `v1` on, and what stands in the index.
#[derive(Clone, Debug)]
pub struct Made {
    /// The index.
    pub index: Index,
    /// Every file but the index.
    pub files: BTreeMap<String, Vec<u8>>,
}

/// Makes all of them.
///
/// # Errors
/// What is wrong with a base, and a vector of which the device code does not say what it must.
pub fn make() -> Result<Made, Box<dyn core::error::Error>> {
    let mut made = Made {
        index: Index {
            format_version: 1,
            format: "docs/FORMAT.md".into(),
            images: Vec::new(),
            devices: Vec::new(),
            vectors: Vec::new(),
        },
        files: BTreeMap::new(),
    };
    for base in BASES {
        for (case, codec) in cases(&base)? {
            made.add(&base, &case, codec)?;
        }
    }
    made.index.images.sort_by(|a, b| a.file.cmp(&b.file));
    Ok(made)
}

/// The attacks on a base, each with the codec that its first payload says.
fn cases(base: &Base) -> Result<Vec<(Case, Option<Codec>)>, sprag::Error> {
    let (key, setting) = (bases::key(), bases::setting());
    let all = corpus(base.package, &key, &setting, 0, 0)?;
    let mut bench = Bench::new(base.package, &key, &setting)?;
    good::add(&mut bench, base);
    if base.name == "delta" {
        keysets::attack(&mut bench);
    }
    // What does not hang on the codec is there once.
    let streams = |case: &Case| matches!(case.layer, Layer::Stream | Layer::Target);
    let kept = all.into_iter().filter(|case| match base.name {
        "delta" => true,
        "pages" => case.name.starts_with("page-1") || case.name.starts_with("block-33"),
        _ => streams(case),
    });
    let codec = bench.parts.payload(0).map(|payload| payload.codec);
    let all = kept.chain(bench.cases);
    Ok(all.map(|case| (case, codec)).collect())
}

impl Made {
    fn add(
        &mut self,
        base: &Base,
        case: &Case,
        codec: Option<Codec>,
    ) -> Result<(), Box<dyn core::error::Error>> {
        let (folder, code) = match case.expected {
            Expected::Code(code) => ("bad", code),
            _ => ("good", 0),
        };
        let prefix = match base.name {
            "delta" => String::new(),
            _ if case.name.contains(base.name) => String::new(),
            name => format!("{name}-"),
        };
        let file = format!("{folder}/{prefix}{}.sprag", case.name);
        let outcome = Desk::new(&case.setting)?.offer(&case.package, Chunks::Whole);
        let offset = match outcome.result {
            Err(sprag_verifier::Error::Format(e)) if e.code() == code => Some(e.offset),
            _ => None,
        };
        let mut device = case.setting.clone();
        // One name, one device.
        if let Some(known) = self
            .index
            .devices
            .iter()
            .find(|known| known.name == device.name)
            && *known != device
        {
            device.name = format!("{}-{}", device.name, case.name);
        }
        if !self.index.devices.contains(&device) {
            self.index.devices.push(device.clone());
        }
        self.image(&case.setting.old);
        if code == 0 {
            self.image(base.target);
        }
        let vector = Vector {
            sha256: hex(&sha256(&case.package).0),
            device: device.name.clone(),
            code,
            image: (code == 0).then(|| hex(&sha256(base.target).0)),
            layer: case.layer,
            offset,
            why: case.why.clone(),
            builder: builder(case),
            verifier: verifier(code),
            c_api: c_api(case, code, codec),
            python: python(case, base, codec),
            file: file.clone(),
        };
        self.index.vectors.push(vector);
        match self.files.insert(file.clone(), case.package.clone()) {
            None => Ok(()),
            Some(_) => Err(format!("{file} stands for two vectors").into()),
        }
    }

    fn image(&mut self, bytes: &[u8]) {
        let sha256 = hex(&sha256(bytes).0);
        let file = format!("images/{}.bin", sha256.get(..16).unwrap_or_default());
        let image = Image {
            file: file.clone(),
            sha256,
        };
        if !self.index.images.contains(&image) {
            self.index.images.push(image);
            self.files.insert(file, bytes.to_vec());
        }
    }

    /// The index as it is written.
    ///
    /// # Errors
    /// None.
    pub fn index_text(&self) -> Result<String, serde_json::Error> {
        Ok(serde_json::to_string_pretty(&self.index)? + "\n")
    }
}

fn differs(code: Option<u16>, why: &str) -> Option<Differs> {
    let why = why.into();
    Some(Differs { code, why })
}

fn builder(case: &Case) -> Option<Differs> {
    match case.layer {
        Layer::Resources | Layer::Source
            if case.name != "resources-codec" || case.expected != Expected::Identical =>
        {
            differs(Some(0), "verify knows no memory, no flash and no old image")
        }
        Layer::Stream | Layer::Target if case.expected != Expected::Identical => {
            differs(Some(0), "verify decodes nothing; build and apply do")
        }
        Layer::Keysets if case.name == "keyset-on-fixed-keys" => {
            differs(Some(0), "by plain keys, the desk passes a chain over")
        }
        _ => None,
    }
}

fn verifier(code: u16) -> Option<Differs> {
    match code {
        604 => differs(Some(0), "a device asks for no byte behind the package"),
        _ => None,
    }
}

fn c_api(case: &Case, code: u16, codec: Option<Codec>) -> Option<Differs> {
    let setting = &case.setting;
    if setting.keyset.is_some() {
        return differs(None, "the C API has fixed keys");
    }
    if setting.sequence != 0 || setting.security_counter != 0 {
        return differs(None, "the C API takes counters from the boot record alone");
    }
    if setting.flash.slots != 2 {
        return differs(None, "the flash of its test has two slots");
    }
    match (case.layer, code) {
        (_, 603) => differs(
            Some(927),
            "bytes may still come; finalize says that they did not",
        ),
        (_, 604) => differs(Some(0), "what follows is passed over"),
        (Layer::Stream | Layer::Target | Layer::Bytes, _) if codec == Some(Codec::BsdiffZstd) => {
            differs(Some(405), "it decodes native streams alone")
        }
        _ if code == 0 && codec == Some(Codec::BsdiffZstd) => {
            differs(Some(405), "it decodes native streams alone")
        }
        _ => None,
    }
}

fn python(case: &Case, base: &Base, codec: Option<Codec>) -> Option<Differs> {
    let decodes =
        matches!(case.layer, Layer::Stream | Layer::Target) || case.expected == Expected::Identical;
    match codec {
        Some(Codec::NativeDelta | Codec::NativeFull) if case.name.ends_with("-workspace") => {
            differs(
                None,
                "the document does not say what a native decoder works in",
            )
        }
        Some(Codec::BsdiffZstd) if decodes && base.name == "bsdiff" && !raw_frame(case) => {
            differs(None, "it reads zstd frames of raw and repeated bytes alone")
        }
        _ => None,
    }
}

/// Whether a bsdiff-zstd stream has a frame of the attacks' own making, or is refused before there is one.
fn raw_frame(case: &Case) -> bool {
    case.name.contains("bsdiff-") && !case.name.contains("size")
}
