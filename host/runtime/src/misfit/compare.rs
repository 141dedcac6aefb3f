//! Two packages of WIT side by side: what the component has, and what the contract says. Names of types do not matter to
//! a linker, what they are made of does, order included.

use super::notation::{function, name, notation, signature};
use mortise_domain::Role;
use std::collections::HashSet;
use wit_parser::{Function, Handle, Interface, Resolve, Type, TypeDefKind, TypeId};

/// The differences found so far.
pub(super) struct Comparison<'a> {
    theirs: &'a Resolve,
    ours: &'a Resolve,
    /// What is being compared: `export mortise:plugin/chunker`.
    place: String,
    /// Types that were compared; each is told once.
    seen: HashSet<(TypeId, TypeId)>,
    pub(super) told: Vec<String>,
}

/// Fields of a record, cases of a variant or an enum, flags: names in order, with types where they carry some.
type Members<'a> = Vec<(&'a str, Option<&'a Type>)>;

impl<'a> Comparison<'a> {
    pub(super) fn new(theirs: &'a Resolve, ours: &'a Resolve) -> Self {
        Self { theirs, ours, place: String::new(), seen: HashSet::new(), told: Vec::new() }
    }

    /// An exported interface must have every function that the host calls.
    pub(super) fn export(&mut self, given: &Interface, wanted: &Interface) {
        self.at("export", given);
        for wanted in wanted.functions.values() {
            match given.functions.get(&wanted.name) {
                Some(given) => self.function(given, wanted),
                None => self.tell(format!("`{}` is missing", function(self.ours, wanted))),
            }
        }
    }

    /// An imported interface must have no function that the host does not offer.
    pub(super) fn import(&mut self, wanted: &Interface, offered: &Interface) {
        self.at("import", wanted);
        for wanted in wanted.functions.values() {
            match offered.functions.get(&wanted.name) {
                Some(offered) => self.function(wanted, offered),
                None => self.tell(format!("this host has no `{}`", function(self.theirs, wanted))),
            }
        }
        let (theirs, ours) = (self.theirs, self.ours);
        for (name, id) in &wanted.types {
            let is_resource = matches!(theirs.types[*id].kind, TypeDefKind::Resource);
            let known = offered.types.get(name).is_some_and(|id| matches!(ours.types[*id].kind, TypeDefKind::Resource));
            if is_resource && !known {
                self.tell(format!("this host has no resource `{name}`"));
            }
        }
    }

    /// An imported interface that the role does not have.
    pub(super) fn unknown(&mut self, wanted: &Interface, role: Role) {
        self.at("import", wanted);
        self.tell(format!("this host has no such interface for a {role}"));
    }

    fn at(&mut self, side: &str, interface: &Interface) {
        self.place = format!("{side} mortise:plugin/{}", interface.name.as_deref().unwrap_or_default());
    }

    fn tell(&mut self, what: String) {
        self.told.push(format!("{}: {what}", self.place));
    }

    fn function(&mut self, theirs: &Function, ours: &Function) {
        let mut same = theirs.params.len() == ours.params.len();
        for (theirs, ours) in theirs.params.iter().zip(&ours.params) {
            same &= self.same(&theirs.ty, &ours.ty);
        }
        same &= self.same_if_any(theirs.result.as_ref(), ours.result.as_ref());
        if !same || std::mem::discriminant(&theirs.kind) != std::mem::discriminant(&ours.kind) {
            let (has, says) = (signature(self.theirs, theirs), signature(self.ours, ours));
            self.tell(format!("`{}` is `{has}`, the contract says `{says}`", name(ours)));
        }
    }

    fn same_if_any(&mut self, theirs: Option<&Type>, ours: Option<&Type>) -> bool {
        match (theirs, ours) {
            (Some(theirs), Some(ours)) => self.same(theirs, ours),
            (theirs, ours) => theirs.is_none() && ours.is_none(),
        }
    }

    /// Whether two types are the same as far as whoever holds them can say. Differences within a record, a variant, an
    /// enum or flags are told of that one.
    fn same(&mut self, theirs: &Type, ours: &Type) -> bool {
        let (their, our) = (aliased(self.theirs, *theirs), aliased(self.ours, *ours));
        let (Type::Id(their_id), Type::Id(our_id)) = (their, our) else { return their == our };
        let (their, our) = (&self.theirs.types[their_id].kind, &self.ours.types[our_id].kind);
        match (their, our) {
            (TypeDefKind::Option(theirs), TypeDefKind::Option(ours))
            | (TypeDefKind::List(theirs), TypeDefKind::List(ours)) => self.same(theirs, ours),
            (TypeDefKind::Result(theirs), TypeDefKind::Result(ours)) => {
                // Both, for what there is to tell of either.
                let ok = self.same_if_any(theirs.ok.as_ref(), ours.ok.as_ref());
                self.same_if_any(theirs.err.as_ref(), ours.err.as_ref()) && ok
            }
            (TypeDefKind::Tuple(theirs), TypeDefKind::Tuple(ours)) => {
                let mut same = theirs.types.len() == ours.types.len();
                for (theirs, ours) in theirs.types.iter().zip(&ours.types) {
                    same &= self.same(theirs, ours);
                }
                same
            }
            (TypeDefKind::Handle(Handle::Own(theirs)), TypeDefKind::Handle(Handle::Own(ours)))
            | (TypeDefKind::Handle(Handle::Borrow(theirs)), TypeDefKind::Handle(Handle::Borrow(ours))) => {
                self.same(&Type::Id(*theirs), &Type::Id(*ours))
            }
            (TypeDefKind::Resource, TypeDefKind::Resource) => {
                self.theirs.types[their_id].name == self.ours.types[our_id].name
            }
            _ => match (members(their), members(our)) {
                (Some(theirs), Some(ours)) if their.as_str() == our.as_str() => {
                    if self.seen.insert((their_id, our_id)) {
                        self.members(our_id, theirs, ours);
                    }
                    true
                }
                // Anything else is in no line of the contract.
                _ => false,
            },
        }
    }

    fn members(&mut self, of: TypeId, theirs: Members<'_>, ours: Members<'_>) {
        let definition = &self.ours.types[of];
        let kind = definition.kind.as_str();
        let whole = format!("{kind} `{}`", definition.name.as_deref().unwrap_or_default());
        let member = match kind {
            "record" => "field",
            "flags" => "flag",
            _ => "case",
        };
        let mut same_names = true;
        for (name, ty) in &ours {
            if !theirs.iter().any(|(known, _)| known == name) {
                same_names = false;
                self.tell(format!("{whole} lacks the {member} `{}`", written(self.ours, kind, name, *ty)));
            }
        }
        for (name, their_type) in &theirs {
            let Some((_, our_type)) = ours.iter().find(|(known, _)| known == name) else {
                same_names = false;
                let extra = written(self.theirs, kind, name, *their_type);
                self.tell(format!("{whole} has a {member} `{extra}` that is not in the contract"));
                continue;
            };
            if !self.same_if_any(*their_type, *our_type) {
                let (has, says) = (carried(self.theirs, *their_type), carried(self.ours, *our_type));
                let verb = if kind == "record" { "is" } else { "carries" };
                self.tell(format!("{whole}: {member} `{name}` {verb} {has}, the contract says {says}"));
            }
        }
        let names = |members: &Members<'_>| members.iter().map(|(name, _)| *name).collect::<Vec<_>>().join(", ");
        if same_names && names(&theirs) != names(&ours) {
            let (has, says) = (names(&theirs), names(&ours));
            self.tell(format!("{whole}: the {member}s stand in another order: {has}; the contract says {says}"));
        }
    }
}

/// The type behind an alias.
fn aliased(resolve: &Resolve, mut ty: Type) -> Type {
    while let Type::Id(id) = ty
        && let TypeDefKind::Type(inner) = resolve.types[id].kind
    {
        ty = inner;
    }
    ty
}

fn members(kind: &TypeDefKind) -> Option<Members<'_>> {
    Some(match kind {
        TypeDefKind::Record(record) => {
            record.fields.iter().map(|field| (field.name.as_str(), Some(&field.ty))).collect()
        }
        TypeDefKind::Variant(variant) => {
            variant.cases.iter().map(|case| (case.name.as_str(), case.ty.as_ref())).collect()
        }
        TypeDefKind::Enum(cases) => cases.cases.iter().map(|case| (case.name.as_str(), None)).collect(),
        TypeDefKind::Flags(flags) => flags.flags.iter().map(|flag| (flag.name.as_str(), None)).collect(),
        _ => return None,
    })
}

/// A member as WIT writes it: `text: string`, `text(string)`, `stop`.
fn written(resolve: &Resolve, kind: &str, name: &str, ty: Option<&Type>) -> String {
    match ty.map(|ty| notation(resolve, ty)) {
        Some(ty) if kind == "record" => format!("{name}: {ty}"),
        Some(ty) => format!("{name}({ty})"),
        None => name.into(),
    }
}

fn carried(resolve: &Resolve, ty: Option<&Type>) -> String {
    ty.map_or("nothing".into(), |ty| format!("`{}`", notation(resolve, ty)))
}
