//! The files of a crate and their imports.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use super::source::{Path, Source};

/// The segments of a module's path, from the crate root.
type Module = Vec<String>;

/// An import from one file into another.
#[derive(Debug, Clone)]
pub(super) struct Import {
    /// The importing file.
    pub(super) file: PathBuf,
    /// Its line.
    pub(super) line: usize,
    /// The room of that file.
    pub(super) from: String,
    /// The room of the imported file.
    pub(super) to: String,
    modules: (Module, Module),
}

/// The sources of a crate.
#[derive(Debug)]
pub(super) struct Crate {
    files: BTreeMap<Module, (PathBuf, Source)>,
    imports: Vec<Import>,
}

impl Crate {
    /// Reads the sources of a crate, by their paths within `src`, except those only for tests.
    pub(super) fn read(files: BTreeMap<PathBuf, String>) -> Self {
        let files = files.into_iter().filter(|(path, _)| path.as_os_str() != "main.rs");
        let files = files.map(|(path, code)| (module_of(&path), (path, Source::read(&code))));
        let mut sources = Self { files: files.collect(), imports: Vec::new() };
        sources.leave_tests_out();
        sources.imports = sources.files.keys().flat_map(|module| sources.imports_of(module)).collect();
        sources
    }

    /// Returns the rooms: the top-level modules, and `lib`.
    pub(super) fn rooms(&self) -> BTreeSet<&str> {
        self.files.keys().map(Vec::as_slice).map(room_of).collect()
    }

    /// All imports from one file into another.
    pub(super) fn imports(&self) -> &[Import] {
        &self.imports
    }

    /// Returns the cycles of files, except those within one module.
    pub(super) fn circles(&self) -> Vec<Vec<String>> {
        let mut left: BTreeSet<&Module> = self.files.keys().collect();
        let mut circles = Vec::new();
        while let Some(module) = left.pop_first() {
            let ahead = self.reached(module, |(from, to)| (from, to));
            let back = self.reached(module, |(from, to)| (to, from));
            let circle: BTreeSet<&Module> = ahead.intersection(&back).copied().collect();
            left.retain(|other| !circle.contains(other));
            let is_family = circle.iter().any(|head| circle.iter().all(|other| other.starts_with(head)));
            if circle.len() > 1 && !is_family {
                circles.push(circle.into_iter().map(|module| self.path_of(module)).collect());
            }
        }
        circles
    }

    fn leave_tests_out(&mut self) {
        let children = |(module, (_, source)): (&Module, &(PathBuf, Source))| {
            let child = |name: &String| [module.as_slice(), std::slice::from_ref(name)].concat();
            source.test_modules.iter().map(child).collect::<Vec<_>>()
        };
        let tests: Vec<Module> = self.files.iter().flat_map(children).collect();
        self.files.retain(|module, _| !tests.iter().any(|test| module.starts_with(test)));
    }

    fn imports_of(&self, module: &Module) -> Vec<Import> {
        let Some((file, source)) = self.files.get(module) else { return Vec::new() };
        let exported = source.exports.iter().map(|path| Path {
            // In this edition, a bare path starts in the module itself, or with another crate.
            segments: self.absolute(module, &path.segments),
            line: path.line,
        });
        let named = source
            .paths
            .iter()
            .map(|path| Path { segments: self.absolute(module, &path.segments), line: path.line });
        let imports = exported.chain(named).filter_map(|path| {
            let target = self.file_of(&path.segments, 8)?;
            let (from, to) = (room_of(module).to_owned(), room_of(&target).to_owned());
            let modules = (module.clone(), target);
            (modules.0 != modules.1).then(|| Import {
                file: file.clone(),
                line: path.line,
                from,
                to,
                modules,
            })
        });
        imports.collect()
    }

    /// Makes a path absolute.
    fn absolute(&self, module: &Module, segments: &[String]) -> Module {
        match segments.first().map(String::as_str) {
            Some("crate") => segments[1..].to_vec(),
            Some("self") => [module, &segments[1..]].concat(),
            Some("super") => {
                let ups = segments.iter().take_while(|segment| *segment == "super").count();
                let parent = &module[..module.len().saturating_sub(ups)];
                [parent, &segments[ups..]].concat()
            }
            _ => {
                let own = [module, segments].concat();
                let is_own = self.files.contains_key(&own[..=module.len()]);
                if is_own { own } else { vec![String::new()] }
            }
        }
    }

    /// Returns the file that defines an absolute path, following re-exports up to `steps` times.
    fn file_of(&self, path: &[String], steps: usize) -> Option<Module> {
        if path.first().is_some_and(String::is_empty) {
            return None;
        }
        let length = (0..=path.len()).rev().find(|&length| self.files.contains_key(&path[..length]))?;
        let (module, rest) = path.split_at(length);
        let (_, source) = &self.files[module];
        let Some(name) = rest.first().filter(|_| steps > 0) else { return Some(module.to_vec()) };
        let export = source.exports.iter().find(|export| export.segments.last() == Some(name));
        if let Some(export) = export {
            let target = self.absolute(&module.to_vec(), &export.segments);
            return self.file_of(&target, steps - 1).or_else(|| Some(module.to_vec()));
        }
        let definer = self.files.iter().find(|(_, (_, source))| source.macros.contains(name));
        match definer {
            Some((definer, _)) if module.is_empty() => Some(definer.clone()),
            _ => Some(module.to_vec()),
        }
    }

    fn reached<'a>(
        &'a self,
        start: &'a Module,
        direction: fn((&'a Module, &'a Module)) -> (&'a Module, &'a Module),
    ) -> BTreeSet<&'a Module> {
        let mut reached = BTreeSet::from([start]);
        let mut waiting = vec![start];
        while let Some(module) = waiting.pop() {
            for import in &self.imports {
                let (from, to) = direction((&import.modules.0, &import.modules.1));
                if from == module && reached.insert(to) {
                    waiting.push(to);
                }
            }
        }
        reached
    }

    fn path_of(&self, module: &Module) -> String {
        self.files.get(module).map(|(path, _)| path.display().to_string()).unwrap_or_default()
    }
}

/// Maps `a/b.rs` and `a/b/mod.rs` to module `a::b`; `lib.rs` is the root.
fn module_of(path: &std::path::Path) -> Module {
    let stem = path.with_extension("");
    let mut segments: Module = stem.iter().map(|segment| segment.to_string_lossy().into_owned()).collect();
    if segments.last().is_some_and(|last| last == "mod" || (last == "lib" && segments.len() == 1)) {
        segments.pop();
    }
    segments
}

fn room_of(module: &[String]) -> &str {
    module.first().map_or("lib", String::as_str)
}
