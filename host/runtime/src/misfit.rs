//! Why a component does not fit the contract, told in the contract's own words: its imports and exports laid beside the
//! WIT of the line it claims, difference by difference. Only asked for once a component was found not to fit.

mod compare;
mod notation;

use crate::fault::cut;
use crate::instance::State;
use crate::lines::Line;
use compare::Comparison;
use mortise_domain::Role;
use std::panic::{AssertUnwindSafe, catch_unwind};
use wasmtime::component::Linker;
use wit_parser::decoding::DecodedWasm;
use wit_parser::{Interface, Resolve, SourceMap, World, WorldId, WorldItem};

/// Most differences told of one component.
const MOST: usize = 50;
/// Longest line, in bytes.
const LONGEST: usize = 1024;

/// Every difference that keeps a component from being linked, one a line; at least one.
pub(crate) fn misfits(component: &[u8], line: &dyn Line, role: Role, linker: &Linker<State>) -> Vec<String> {
    let mut told = differences(component, line, role);
    let wasi = decoded(component).map(|(resolve, world)| wasi(&resolve, &resolve.worlds[world], linker));
    told.extend(wasi.unwrap_or_default());
    if told.is_empty() {
        told.push(
            "what it imports from WASI has another shape here: build it with the standard tools for WASI 0.2".into(),
        );
    }
    shortened(told)
}

/// The differences between a component and the contract alone, one a line. None are found in what is no WIT world.
pub(crate) fn differences(component: &[u8], line: &dyn Line, role: Role) -> Vec<String> {
    let (Some((theirs, world)), Some((ours, contract))) = (decoded(component), contract(line, role)) else {
        return Vec::new();
    };
    let (world, contract) = (&theirs.worlds[world], &ours.worlds[contract]);
    let mut comparison = Comparison::new(&theirs, &ours);
    for given in interfaces(&theirs, &world.exports) {
        if let Some(wanted) = of_same_name(&ours, &contract.exports, given) {
            comparison.export(given, wanted);
        }
    }
    for given in interfaces(&theirs, &world.imports).filter(|given| is_contract(&theirs, given)) {
        match of_same_name(&ours, &contract.imports, given) {
            Some(offered) => comparison.import(given, offered),
            None => comparison.unknown(given, role),
        }
    }
    shortened(comparison.told)
}

/// A component's type as WIT. Nothing of it was made by this host, and what reads it is written for the files of
/// developers: should it not bear one, there is no explanation, and no harm.
fn decoded(component: &[u8]) -> Option<(Resolve, WorldId)> {
    let decoded = catch_unwind(AssertUnwindSafe(|| wit_parser::decoding::decode(component)));
    match decoded.ok()?.ok()? {
        DecodedWasm::Component(resolve, world) => Some((resolve, world)),
        DecodedWasm::WitPackage(..) => None,
    }
}

/// The world of a role as the line has it.
fn contract(line: &dyn Line, role: Role) -> Option<(Resolve, WorldId)> {
    let mut files = SourceMap::default();
    for (number, text) in line.wit().iter().enumerate() {
        files.push_str(&format!("{number}.wit"), *text);
    }
    let mut resolve = Resolve::default();
    let package = resolve.push_group(files.parse().ok()?).ok()?;
    let world = *resolve.packages[package].worlds.get(&format!("{role}-plugin"))?;
    Some((resolve, world))
}

type Items = wit_parser::IndexMap<wit_parser::WorldKey, WorldItem>;

fn interfaces<'a>(resolve: &'a Resolve, items: &'a Items) -> impl Iterator<Item = &'a Interface> {
    items.values().filter_map(|item| match item {
        WorldItem::Interface { id, .. } => Some(&resolve.interfaces[*id]),
        WorldItem::Function(_) | WorldItem::Type { .. } => None,
    })
}

fn of_same_name<'a>(resolve: &'a Resolve, items: &'a Items, like: &Interface) -> Option<&'a Interface> {
    interfaces(resolve, items).find(|interface| interface.name == like.name)
}

fn is_contract(resolve: &Resolve, interface: &Interface) -> bool {
    interface.package.is_some_and(|package| {
        let name = &resolve.packages[package].name;
        (name.namespace.as_str(), name.name.as_str()) == ("mortise", "plugin")
    })
}

/// Functions of WASI that a component imports and this host does not have.
fn wasi(theirs: &Resolve, world: &World, linker: &Linker<State>) -> Vec<String> {
    let mut told = Vec::new();
    for interface in interfaces(theirs, &world.imports).filter(|interface| !is_contract(theirs, interface)) {
        let (Some(package), Some(name)) = (interface.package, &interface.name) else { continue };
        let package = &theirs.packages[package].name;
        let path = format!("{}:{}/{name}", package.namespace, package.name);
        let missing = interface.functions.values().filter(|function| !offers(linker, &path, &function.name));
        told.extend(
            missing
                .map(|function| format!("import {path}: this host has no `{}`", notation::function(theirs, function))),
        );
    }
    told
}

/// Patch versions of WASI 0.2 that may be asked for.
const PATCHES: u32 = 64;

/// Whether a linker has a function, under whichever version of WASI 0.2 it offers the interface.
fn offers(linker: &Linker<State>, interface: &str, function: &str) -> bool {
    let mut probe = linker.clone();
    // Defining what is defined already is refused, which is the one way to ask.
    probe.allow_shadowing(false);
    (0..PATCHES).any(|patch| {
        let defined = probe
            .instance(&format!("{interface}@0.2.{patch}"))
            .and_then(|mut instance| instance.func_new(function, |_, _, _, _| Ok(())));
        defined.is_err()
    })
}

fn shortened(mut told: Vec<String>) -> Vec<String> {
    let more = told.len().saturating_sub(MOST);
    told.truncate(MOST);
    let mut told: Vec<String> = told.iter().map(|line| cut(line, LONGEST)).collect();
    if more > 0 {
        told.push(format!("and {more} more differences"));
    }
    told
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_line_has_its_worlds() {
        for line in crate::lines::all() {
            for role in Role::ALL {
                let Some(room) = line.room(role) else { continue };
                let (resolve, world) = contract(line, role).unwrap_or_else(|| panic!("{line:?} has no {role}"));
                let world = &resolve.worlds[world];
                let imports: Vec<_> = interfaces(&resolve, &world.imports).flat_map(|i| i.name.as_deref()).collect();
                let mut room = room.to_vec();
                room.sort_unstable();
                let mut sorted = imports.clone();
                sorted.sort_unstable();
                assert_eq!(room, sorted, "{line:?}: what a {role} may import and what its world imports");
            }
        }
    }

    #[test]
    fn linkers_are_asked_for_functions() {
        let sandbox = crate::engine::Sandbox::new(false).unwrap();
        let linker = sandbox.linker(Role::Chunker);
        assert!(offers(linker, "wasi:cli/environment", "get-environment"));
        assert!(!offers(linker, "wasi:cli/environment", "get-secrets"));
        assert!(!offers(linker, "wasi:keyvalue/store", "open"));
        assert!(offers(sandbox.linker(Role::ChatModel), "wasi:http/outgoing-handler", "handle"));
        assert!(!offers(linker, "wasi:http/outgoing-handler", "handle"));
    }

    #[test]
    fn much_is_made_short() {
        let told = shortened((0..60).map(|number| format!("{number}{}", "x".repeat(2000))).collect());
        assert_eq!(told.len(), MOST + 1);
        assert!(told[0].len() <= LONGEST + 3);
        assert_eq!(told[MOST], "and 10 more differences");
    }

    #[test]
    fn what_is_no_world_is_not_explained() {
        let line = crate::lines::all().last().unwrap();
        for bytes in [&b""[..], b"\0asm\x0d\0\x01\0", b"\0asm\x0d\0\x01\0\x0a\xff"] {
            assert!(differences(bytes, line, Role::Chunker).is_empty());
        }
    }
}
