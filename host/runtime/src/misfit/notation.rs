//! Types and functions as WIT writes them.

use wit_parser::{Function, FunctionKind, Handle, Resolve, Type, TypeDefKind, TypeId};

/// A function: `split: func(input: borrow<reader>, config: json) -> result<chunks, error>`.
pub(super) fn function(resolve: &Resolve, function: &Function) -> String {
    format!("{}: {}", name(function), signature(resolve, function))
}

/// A function's name, with its resource before it.
pub(super) fn name(function: &Function) -> &str {
    match function.name.strip_prefix('[').and_then(|name| name.split_once(']')) {
        Some((_, name)) => name,
        None => &function.name,
    }
}

/// What a function takes and gives: `func(offset: u64) -> list<u8>`.
pub(super) fn signature(resolve: &Resolve, function: &Function) -> String {
    let method = matches!(function.kind, FunctionKind::Method(_) | FunctionKind::AsyncMethod(_));
    let params = function.params.iter().skip(usize::from(method));
    let params: Vec<String> = params.map(|param| format!("{}: {}", param.name, notation(resolve, &param.ty))).collect();
    let kind = match function.kind {
        FunctionKind::Freestanding | FunctionKind::Method(_) => "func",
        FunctionKind::AsyncFreestanding | FunctionKind::AsyncMethod(_) => "async func",
        FunctionKind::Static(_) => "static func",
        FunctionKind::AsyncStatic(_) => "static async func",
        FunctionKind::Constructor(_) => return format!("constructor({})", params.join(", ")),
    };
    let result = function.result.as_ref().map(|result| format!(" -> {}", notation(resolve, result)));
    format!("{kind}({}){}", params.join(", "), result.unwrap_or_default())
}

/// A type, by its name if it has one.
pub(super) fn notation(resolve: &Resolve, ty: &Type) -> String {
    match ty {
        Type::Bool => "bool".into(),
        Type::U8 => "u8".into(),
        Type::U16 => "u16".into(),
        Type::U32 => "u32".into(),
        Type::U64 => "u64".into(),
        Type::S8 => "s8".into(),
        Type::S16 => "s16".into(),
        Type::S32 => "s32".into(),
        Type::S64 => "s64".into(),
        Type::F32 => "f32".into(),
        Type::F64 => "f64".into(),
        Type::Char => "char".into(),
        Type::String => "string".into(),
        Type::ErrorContext => "error-context".into(),
        Type::Id(id) => defined(resolve, *id),
    }
}

fn defined(resolve: &Resolve, id: TypeId) -> String {
    let of = |ty: &Type| notation(resolve, ty);
    let maybe = |ty: &Option<Type>| ty.as_ref().map_or("_".into(), of);
    let definition = &resolve.types[id];
    if let Some(name) = &definition.name {
        return name.clone();
    }
    match &definition.kind {
        TypeDefKind::Handle(Handle::Own(resource)) => defined(resolve, *resource),
        TypeDefKind::Handle(Handle::Borrow(resource)) => format!("borrow<{}>", defined(resolve, *resource)),
        TypeDefKind::Tuple(tuple) => format!("tuple<{}>", tuple.types.iter().map(of).collect::<Vec<_>>().join(", ")),
        TypeDefKind::Option(inner) => format!("option<{}>", of(inner)),
        TypeDefKind::List(inner) => format!("list<{}>", of(inner)),
        TypeDefKind::FixedLengthList(inner, length) => format!("list<{}, {length}>", of(inner)),
        TypeDefKind::Map(key, value) => format!("map<{}, {}>", of(key), of(value)),
        TypeDefKind::Result(result) => match (&result.ok, &result.err) {
            (None, None) => "result".into(),
            (Some(ok), None) => format!("result<{}>", of(ok)),
            (ok, err) => format!("result<{}, {}>", maybe(ok), maybe(err)),
        },
        TypeDefKind::Future(inner) => format!("future<{}>", maybe(inner)),
        TypeDefKind::Stream(inner) => format!("stream<{}>", maybe(inner)),
        TypeDefKind::Type(inner) => of(inner),
        // These have names wherever WIT writes them.
        TypeDefKind::Record(_)
        | TypeDefKind::Resource
        | TypeDefKind::Flags(_)
        | TypeDefKind::Variant(_)
        | TypeDefKind::Enum(_)
        | TypeDefKind::Unknown => definition.kind.as_str().into(),
    }
}
