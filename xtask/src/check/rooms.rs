//! Checks imports between a crate's modules: they follow the layers of `[workspace.metadata.rooms]`, without cycles of
//! files.

mod graph;
mod source;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use serde_json::Value;

use self::graph::{Crate, Import};
use super::{none_found, text};
use crate::command;

/// Top-level modules in layers, top first. `lib` is the root itself.
type Layers = Vec<Vec<String>>;

/// Fails with every import that runs upwards, every module without a place, and every cycle.
pub(super) fn check() -> Result<()> {
    let metadata = command::workspace_metadata()?;
    let table = metadata["metadata"]["rooms"].as_object();
    let table = table.context("Cargo.toml has no [workspace.metadata.rooms]")?;
    let mut complaints = Vec::new();
    for (name, layers) in table {
        let layers: Layers = serde_json::from_value(layers.clone())
            .with_context(|| format!("the rooms of {name} are not lists of names"))?;
        let folder = sources_of(&metadata, name)?;
        complaints.extend(complaints_of(&Crate::read(files_in(&folder)?), &layers, &folder));
    }
    none_found(&complaints)
}

/// Returns the source folder of a crate, relative to the repository root.
fn sources_of(metadata: &Value, name: &str) -> Result<PathBuf> {
    let packages = metadata["packages"].as_array().into_iter().flatten();
    let package = packages.into_iter().find(|package| package["name"] == name);
    let manifest = package.and_then(|package| package["manifest_path"].as_str());
    let manifest = Path::new(manifest.with_context(|| format!("there is no crate {name}"))?);
    let folder = manifest.parent().context("a manifest is in a folder")?;
    Ok(folder.strip_prefix(command::root())?.join("src"))
}

/// Reads a folder's sources, by their paths within it.
fn files_in(folder: &Path) -> Result<BTreeMap<PathBuf, String>> {
    let mut files = BTreeMap::new();
    for path in text::files()? {
        let Ok(within) = path.strip_prefix(folder) else { continue };
        if within.extension().is_some_and(|extension| extension == "rs") {
            files.insert(within.to_owned(), std::fs::read_to_string(command::root().join(&path))?);
        }
    }
    Ok(files)
}

fn complaints_of(sources: &Crate, layers: &Layers, folder: &Path) -> Vec<String> {
    let place = |room: &str| layers.iter().position(|layer| layer.iter().any(|name| name == room));
    let folder = folder.display();
    let mut complaints: Vec<String> = Vec::new();
    for room in sources.rooms() {
        if place(room).is_none() {
            complaints.push(format!("{folder}: the room {room} has no place in [workspace.metadata.rooms]"));
        }
    }
    for Import { file, line, from, to, .. } in
        sources.imports().iter().filter(|import| import.from != import.to)
    {
        let (Some(above), Some(below)) = (place(from), place(to)) else { continue };
        if above >= below {
            let where_to = if above == below { "beside" } else { "above" };
            complaints.push(format!(
                "{folder}/{}:{line}: {from} imports {to}, which stands {where_to} it",
                file.display()
            ));
        }
    }
    for circle in sources.circles() {
        complaints.push(format!("{folder}: a circle of imports: {}", circle.join(" → ")));
    }
    complaints
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(files: &[(&str, &str)], layers: &[&[&str]]) -> Vec<String> {
        let files = files.iter().map(|(path, code)| (PathBuf::from(path), (*code).to_owned())).collect();
        let layers: Layers =
            layers.iter().map(|layer| layer.iter().map(|&name| name.to_owned()).collect()).collect();
        complaints_of(&Crate::read(files), &layers, Path::new("src"))
    }

    const LAYERS: [&[&str]; 3] = [&["lib"], &["top"], &["bottom", "beside"]];

    #[test]
    fn allows_downward_imports() {
        let files = [
            ("lib.rs", "mod top; mod bottom; mod beside; pub use top::Top;"),
            ("top.rs", "use crate::{bottom::{self, Thing}, beside::*};"),
            ("bottom.rs", "pub struct Thing;"),
            ("beside.rs", ""),
        ];
        assert_eq!(found(&files, &LAYERS), [""; 0]);
    }

    #[test]
    fn finds_sideways_and_upward_imports() {
        let files = [
            ("lib.rs", "mod top; mod bottom; mod beside;"),
            ("top.rs", ""),
            ("bottom/mod.rs", "mod inner;"),
            ("bottom/inner.rs", "//! crate::top in words.\nfn f() {\n    macro_call!(crate::top::f());\n}"),
            ("beside.rs", "use super::bottom;"),
        ];
        assert_eq!(
            found(&files, &LAYERS),
            [
                "src/beside.rs:1: beside imports bottom, which stands beside it",
                "src/bottom/inner.rs:3: bottom imports top, which stands above it",
            ]
        );
    }

    #[test]
    fn attributes_re_exports_to_their_origin() {
        let files = [
            ("lib.rs", "mod top; mod bottom; mod beside; pub use bottom::Thing; pub use top::Top;"),
            ("top.rs", "use crate::Thing; use crate::tool;"),
            ("bottom.rs", "macro_rules! tool { () => {} }"),
            ("beside.rs", "use crate::Top;"),
        ];
        assert_eq!(found(&files, &LAYERS), ["src/beside.rs:1: beside imports top, which stands above it"]);
    }

    #[test]
    fn finds_cycles_except_with_child_modules() {
        let files = [
            ("lib.rs", "mod top; mod bottom; mod beside;"),
            ("top/mod.rs", "mod a; mod b; mod c; use self::c::C; pub struct T;"),
            ("top/a.rs", "use super::b::B;"),
            ("top/b.rs", "use super::a::A;"),
            ("top/c.rs", "use super::T;"),
            ("bottom.rs", ""),
            ("beside.rs", ""),
        ];
        assert_eq!(found(&files, &LAYERS), ["src: a circle of imports: top/a.rs → top/b.rs"]);
    }

    #[test]
    fn tests_may_import_anything() {
        let files = [
            ("lib.rs", "mod top; mod bottom; mod beside;"),
            ("top.rs", ""),
            ("bottom.rs", "#[cfg(test)]\nmod tests { use crate::top; }\n#[cfg(test)]\nmod more;"),
            ("bottom/more.rs", "use crate::top;"),
            ("beside.rs", ""),
        ];
        assert_eq!(found(&files, &LAYERS), [""; 0]);
    }

    #[test]
    fn names_a_room_without_a_layer() {
        let files = [("lib.rs", "mod attic;"), ("attic.rs", "")];
        assert_eq!(
            found(&files, &LAYERS),
            ["src: the room attic has no place in [workspace.metadata.rooms]"]
        );
    }
}
