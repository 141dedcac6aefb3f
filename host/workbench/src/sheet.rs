//! What a component is, on one sheet: who it says it is, what it takes, what it needs.

use crate::paint::{Paint, columns, line, safe, size};
use mortise_domain::{Json, PluginInfo};
use mortise_runtime::Inspection;
use serde_json::json;

/// The sheet for people. `signature` says in words what is known of the component's signature.
pub fn sheet(inspection: &Inspection, signature: Option<&str>, paint: Paint) -> String {
    let Inspection { role, info, misfits, contract, imports, exports, size: bytes, digest } = inspection;
    let mut lines = Vec::new();
    if let Some(info) = info {
        lines.push(format!("{} {}", paint.bold(&safe(&info.name)), safe(&info.version)));
        lines.extend([safe(&info.summary), String::new()]);
    }
    let mut fact = |name: &str, value: String| lines.push(format!("{} {value}", paint.dim(&format!("{name:<11}"))));
    fact("role", role.to_string());
    fact("contract", format!("mortise:plugin@{contract}"));
    fact("size", size(*bytes));
    fact("digest", format!("sha256:{digest}"));
    if let Some(signature) = signature {
        fact("signature", signature.to_owned());
    }
    misfits.iter().for_each(|misfit| fact("misfit", safe(misfit)));
    if let Some(info) = info {
        if !info.extensions.is_empty() || !info.media_types.is_empty() {
            let extensions = info.extensions.iter().map(|extension| format!(".{extension}"));
            fact("reads", safe(&extensions.chain(info.media_types.iter().cloned()).collect::<Vec<_>>().join(", ")));
        }
        match &*info.requests {
            [] => fact("asks for", "nothing".into()),
            requests => requests.iter().for_each(|request| fact("asks for", safe(request))),
        }
        lines.push(String::new());
        lines.extend(settings_table(info, paint));
    }
    for (name, list) in [("imports", imports), ("exports", exports)] {
        lines.extend([String::new(), paint.dim(name)]);
        lines.extend(by_package(list));
    }
    lines.join("\n") + "\n"
}

fn settings_table(info: &PluginInfo, paint: Paint) -> Vec<String> {
    let settings = settings(&info.config_schema);
    if settings.is_empty() {
        return vec![paint.dim("no settings")];
    }
    let mut rows = vec![["setting", "type", "default", "description"].map(str::to_owned).to_vec()];
    rows.extend(settings.into_iter().map(|s| vec![s.name, s.kind, s.default, s.description]));
    let mut table = columns(&rows, &[]).into_iter();
    table.next().map(|head| paint.dim(&head)).into_iter().chain(table).collect()
}

/// The sheet for machines.
pub fn sheet_json(inspection: &Inspection, signature: Option<&str>) -> Json {
    let Inspection { role, info, misfits, contract, imports, exports, size, digest } = inspection;
    let mut sheet = json!({
        "role": role.as_str(),
        "contract": contract,
        "size": size,
        "digest": digest,
        "signature": signature,
        "misfits": misfits,
        "imports": imports,
        "exports": exports,
    });
    if let (Some(info), Json::Object(sheet)) = (info, &mut sheet) {
        let PluginInfo { name, version, summary, config_schema, requests, extensions, media_types, .. } = info;
        let said = json!({
            "name": name,
            "version": version,
            "summary": summary,
            "extensions": **extensions,
            "media_types": **media_types,
            "requests": **requests,
            "config_schema": **config_schema,
        });
        if let Json::Object(said) = said {
            sheet.extend(said);
        }
    }
    sheet
}

/// Interfaces, a line for every package: the standard library of a guest alone imports a dozen.
fn by_package(interfaces: &[String]) -> Vec<String> {
    let mut packages: Vec<(String, Vec<&str>)> = Vec::new();
    for interface in interfaces {
        let (name, version) = interface.split_once('@').unwrap_or((interface, ""));
        let (package, name) = name.split_once('/').unwrap_or((name, ""));
        let package = if version.is_empty() { package.to_owned() } else { format!("{package}@{version}") };
        match packages.iter_mut().find(|(known, _)| *known == package) {
            Some((_, names)) => names.push(name),
            None => packages.push((package, vec![name])),
        }
    }
    let rows: Vec<Vec<String>> = packages
        .into_iter()
        .map(|(package, names)| vec![format!("  {}", safe(&package)), safe(&names.join(", "))])
        .collect();
    columns(&rows, &[])
}

/// One setting of a schema.
#[derive(Debug, PartialEq)]
struct Setting {
    /// Dotted path.
    name: String,
    kind: String,
    default: String,
    description: String,
}

fn settings(schema: &Json) -> Vec<Setting> {
    let mut found = Vec::new();
    collect(schema, "", 0, &mut found);
    found
}

/// Objects in objects are told by dotted names; a schema that nests deeper than any settings do is cut.
fn collect(schema: &Json, path: &str, depth: usize, found: &mut Vec<Setting>) {
    const DEEPEST: usize = 5;
    let required = |name: &str| schema["required"].as_array().is_some_and(|list| list.iter().any(|item| item == name));
    for (name, property) in schema["properties"].as_object().into_iter().flatten() {
        let path = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
        if property["properties"].is_object() && depth < DEEPEST {
            collect(property, &path, depth + 1, found);
            continue;
        }
        let default = match property.get("default") {
            Some(default) => line(&default.to_string(), 40),
            None if required(name) => "required".into(),
            None => "–".into(),
        };
        let description = line(property["description"].as_str().unwrap_or_default(), 80);
        found.push(Setting { name: line(&path, 60), kind: line(&kind(property), 40), default, description });
    }
}

/// A property's type, with what it may be where that is said.
fn kind(property: &Json) -> String {
    if let Some(values) = property["enum"].as_array() {
        return values.iter().map(Json::to_string).collect::<Vec<_>>().join(" | ");
    }
    let kind = match &property["type"] {
        Json::String(kind) => kind.clone(),
        Json::Array(kinds) => kinds.iter().filter_map(Json::as_str).collect::<Vec<_>>().join(" | "),
        _ => "any".into(),
    };
    match (property["minimum"].as_f64(), property["maximum"].as_f64()) {
        (Some(least), Some(most)) => format!("{kind} {least}..{most}"),
        (Some(least), None) => format!("{kind} ≥ {least}"),
        (None, Some(most)) => format!("{kind} ≤ {most}"),
        (None, None) => kind,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn schema() -> Json {
        json!({
            "type": "object",
            "properties": {
                "chunk_token_num": {"type": "integer", "minimum": 1, "maximum": 8192, "default": 512, "description": "Most tokens\n of a chunk."},
                "model": {"type": "string"},
                "layout": {"enum": ["plain", "deep"], "default": "plain"},
                "raptor": {"type": "object", "properties": {"on": {"type": ["boolean", "null"]}}},
            },
            "required": ["model"],
        })
    }

    #[test]
    fn settings_are_read_from_the_schema() {
        let row = |name: &str, kind: &str, default: &str, description: &str| Setting {
            name: name.into(),
            kind: kind.into(),
            default: default.into(),
            description: description.into(),
        };
        let expected = [
            row("chunk_token_num", "integer 1..8192", "512", "Most tokens of a chunk."),
            row("model", "string", "required", ""),
            row("layout", "\"plain\" | \"deep\"", "\"plain\"", ""),
            row("raptor.on", "boolean | null", "–", ""),
        ];
        assert_eq!(settings(&schema()), expected);
        assert!(settings(&json!({})).is_empty());
    }

    #[test]
    fn a_sheet_holds_everything() {
        let info = PluginInfo {
            name: "evil\x1b[2J".into(),
            version: "1.2.3".into(),
            summary: "S".into(),
            role: mortise_domain::Role::ChatModel,
            tenant: None,
            digest: "d1".into(),
            config_schema: schema().into(),
            requests: ["http: a model".to_owned()].into(),
            extensions: [].into(),
            media_types: [].into(),
            pages: false,
            built_in: false,
        };
        let inspection = Inspection {
            role: info.role,
            digest: info.digest.clone(),
            info: Some(info),
            misfits: vec!["lacks `split`".into()],
            contract: "0.1.0".into(),
            imports: ["wasi:io/error@0.2.6", "mortise:plugin/log@0.1.0", "wasi:io/poll@0.2.6"]
                .map(str::to_owned)
                .to_vec(),
            exports: vec!["mortise:plugin/chat-model@0.1.0".into()],
            size: 54_000,
        };
        let text = sheet(&inspection, Some("none"), Paint::default());
        for part in [
            "1.2.3",
            "chat-model",
            "mortise:plugin@0.1.0",
            "54.0 kB",
            "sha256:d1",
            "signature   none",
            "http: a model",
            "misfit      lacks `split`",
            "raptor.on",
            "  wasi:io@0.2.6         error, poll\n",
        ] {
            assert!(text.contains(part), "{part}: {text}");
        }
        assert!(!text.contains('\x1b'), "{text}");
        assert!(!sheet(&inspection, None, Paint::default()).contains("signature"));
        assert_eq!(sheet_json(&inspection, None)["role"], "chat-model");
    }
}
