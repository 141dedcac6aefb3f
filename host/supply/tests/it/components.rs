//! Small components, made here.

use bytes::Bytes;
use wasm_encoder::{
    Component, ComponentExportKind, ComponentExportSection, ComponentImportSection, ComponentTypeRef,
    ComponentTypeSection, CustomSection, ImportSection, InstanceType, Module, ModuleSection, TypeSection,
};

/// What every component made here imports.
pub(crate) const IMPORT: &str = "mortise:plugin/host@0.1.0";
/// What every component made here exports.
pub(crate) const EXPORT: &str = "mortise:plugin/chunker@0.1.0";

/// A valid component, `padding` bytes long and more. Two of different padding are different.
pub(crate) fn component(padding: usize) -> Bytes {
    let mut component = Component::new();
    let mut types = ComponentTypeSection::new();
    types.instance(&InstanceType::new());
    component.section(&types);
    let mut imports = ComponentImportSection::new();
    imports.import(IMPORT, ComponentTypeRef::Instance(0));
    component.section(&imports);
    // A module within, whose own import is none of the component's.
    let mut module = Module::new();
    let mut functions = TypeSection::new();
    functions.ty().function([], []);
    module.section(&functions);
    let mut inner = ImportSection::new();
    inner.import("inner", "function", wasm_encoder::EntityType::Function(0));
    module.section(&inner);
    component.section(&ModuleSection(&module));
    let mut exports = ComponentExportSection::new();
    exports.export(EXPORT, ComponentExportKind::Instance, 0, None);
    component.section(&exports);
    component.section(&CustomSection { name: "padding".into(), data: vec![7; padding].into() });
    component.finish().into()
}
