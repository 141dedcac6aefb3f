//! The element tree, in one array: cheap to make, and flat to walk and to drop, however deep the page nests.

use crate::build::{LINK, LINK_END, Options};
use html5ever::tendril::StrTendril;
use html5ever::tree_builder::{ElementFlags, NodeOrText, QuirksMode, TreeSink};
use html5ever::{Attribute, ExpandedName, QualName, local_name, ns};
use std::borrow::Cow;
use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::rc::Rc;

/// Index of a node; 0 is the document.
pub(crate) type Id = usize;

/// "No such node": the document is nobody's child or sibling.
pub(crate) const NONE: Id = 0;

pub(crate) enum Data {
    Document,
    Element {
        name: Rc<QualName>,
        attrs: Vec<(&'static str, String)>,
    },
    Text(String),
    /// Holds the mark of a link, or a name where [`Options::anchors`] asks for them.
    Comment(String),
}

pub(crate) struct Node {
    pub(crate) parent: Id,
    pub(crate) first: Id,
    pub(crate) last: Id,
    pub(crate) next: Id,
    previous: Id,
    depth: u32,
    pub(crate) data: Data,
}

/// A finished tree.
pub(crate) struct Tree {
    nodes: Vec<Node>,
}

impl Tree {
    pub(crate) fn node(&self, id: Id) -> &Node {
        &self.nodes[id]
    }

    /// Local name of an HTML, SVG or MathML element; empty for everything else.
    pub(crate) fn name(&self, id: Id) -> &str {
        match &self.nodes[id].data {
            Data::Element { name, .. } => &name.local,
            _ => "",
        }
    }

    pub(crate) fn attr(&self, id: Id, wanted: &str) -> Option<&str> {
        match &self.nodes[id].data {
            Data::Element { attrs, .. } => attrs.iter().find(|(n, _)| *n == wanted).map(|(_, v)| v.as_str()),
            _ => None,
        }
    }

    pub(crate) fn children(&self, id: Id) -> impl Iterator<Item = Id> {
        let first = self.nodes[id].first;
        std::iter::successors((first != NONE).then_some(first), |id| {
            let next = self.nodes[*id].next;
            (next != NONE).then_some(next)
        })
    }

    /// Visits everything below `root`, and leaves every element again.
    pub(crate) fn steps(&self, root: Id) -> Steps<'_> {
        Steps { tree: self, root, last: Step::Enter(root) }
    }

    /// All nodes below `root`, in document order.
    pub(crate) fn descendants(&self, root: Id) -> impl Iterator<Item = Id> {
        let mut steps = self.steps(root);
        std::iter::from_fn(move || {
            loop {
                if let Step::Enter(id) = steps.next()? {
                    return Some(id);
                }
            }
        })
    }
}

/// One step of a walk.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Step {
    Enter(Id),
    Leave(Id),
}

/// A walk below a node, without recursion.
pub(crate) struct Steps<'t> {
    tree: &'t Tree,
    root: Id,
    last: Step,
}

impl Steps<'_> {
    /// The next step; none when the root would be left.
    pub(crate) fn next(&mut self) -> Option<Step> {
        let sibling_or_parent = |id: Id| {
            if id == self.root {
                return None;
            }
            let node = self.tree.node(id);
            Some(if node.next != NONE { Step::Enter(node.next) } else { Step::Leave(node.parent) })
        };
        let step = match self.last {
            Step::Enter(id) => match self.tree.node(id).first {
                NONE => Step::Leave(id),
                first => Step::Enter(first),
            },
            Step::Leave(id) => sibling_or_parent(id)?,
        };
        if matches!(step, Step::Leave(id) if id == self.root) {
            return None;
        }
        self.last = step;
        Some(step)
    }

    /// Leaves out what is below the node just entered, and its leaving.
    pub(crate) fn skip(&mut self) {
        if let Step::Enter(id) = self.last {
            self.last = Step::Leave(id);
        }
    }
}

/// Attributes that anything here looks at; others are not kept.
const KEPT: &[&str] = &[
    "alt",
    "charset",
    "class",
    "colspan",
    "content",
    "encoding",
    "epub:type",
    "hidden",
    "href",
    "id",
    "lang",
    "name",
    "property",
    "role",
    "rowspan",
    "src",
    "start",
    "style",
    "type",
    "value",
];

/// Whether an attribute of that element is worth its memory: addresses may hold whole pictures.
fn is_kept(element: &str, attribute: &str, options: Options) -> Option<&'static str> {
    let wanted = match attribute {
        "src" => options.pictures && element == "img",
        "href" => options.pictures && element == "image",
        _ => true,
    };
    KEPT.iter().find(|kept| wanted && **kept == attribute).copied()
}

#[derive(Clone)]
pub(crate) struct Handle {
    id: Id,
    name: Rc<QualName>,
}

/// Receives the tree from html5ever.
pub(crate) struct Sink {
    nodes: RefCell<Vec<Node>>,
    templates: RefCell<BTreeMap<Id, Id>>,
    no_name: Rc<QualName>,
    options: Options,
    /// Depth of the element that was put in last: about how many elements are open.
    pub(crate) depth: Cell<u32>,
}

impl Sink {
    pub(crate) fn new(options: Options) -> Self {
        let sink = Self {
            options,
            nodes: RefCell::default(),
            templates: RefCell::default(),
            no_name: Rc::new(QualName::new(None, ns!(), local_name!(""))),
            depth: Cell::new(0),
        };
        sink.create(Data::Document);
        sink
    }

    pub(crate) fn count(&self) -> usize {
        self.nodes.borrow().len()
    }

    fn create(&self, data: Data) -> Id {
        let mut nodes = self.nodes.borrow_mut();
        nodes.push(Node { parent: NONE, first: NONE, last: NONE, next: NONE, previous: NONE, depth: 0, data });
        nodes.len() - 1
    }

    fn handle(&self, data: Data) -> Handle {
        let name = match &data {
            Data::Element { name, .. } => Rc::clone(name),
            _ => Rc::clone(&self.no_name),
        };
        Handle { id: self.create(data), name }
    }

    fn detach(&self, id: Id) {
        let nodes = &mut *self.nodes.borrow_mut();
        let (parent, previous, next) = (nodes[id].parent, nodes[id].previous, nodes[id].next);
        match previous {
            NONE if nodes[parent].first == id => nodes[parent].first = next,
            NONE => {}
            previous => nodes[previous].next = next,
        }
        match next {
            NONE if nodes[parent].last == id => nodes[parent].last = previous,
            NONE => {}
            next => nodes[next].previous = previous,
        }
        (nodes[id].parent, nodes[id].previous, nodes[id].next) = (NONE, NONE, NONE);
    }

    /// Puts `id` below `parent`, before `before` or last.
    fn insert(&self, parent: Id, id: Id, before: Id) {
        self.detach(id);
        let nodes = &mut *self.nodes.borrow_mut();
        let previous = if before == NONE { nodes[parent].last } else { nodes[before].previous };
        let depth = nodes[parent].depth + 1;
        nodes[id].parent = parent;
        nodes[id].depth = depth;
        nodes[id].previous = previous;
        nodes[id].next = before;
        match previous {
            NONE => nodes[parent].first = id,
            previous => nodes[previous].next = id,
        }
        match before {
            NONE => nodes[parent].last = id,
            before => nodes[before].previous = id,
        }
        if matches!(nodes[id].data, Data::Element { .. }) {
            self.depth.set(depth);
        }
    }

    fn insert_text(&self, parent: Id, text: &str, before: Id) {
        {
            let nodes = &mut *self.nodes.borrow_mut();
            if let Data::Element { name, .. } = &nodes[parent].data
                && matches!(&*name.local, "script" | "style" | "noscript")
            {
                return;
            }
            let neighbour = if before == NONE { nodes[parent].last } else { nodes[before].previous };
            if neighbour != NONE
                && let Data::Text(known) = &mut nodes[neighbour].data
            {
                known.push_str(text);
                return;
            }
        }
        let id = self.create(Data::Text(text.to_string()));
        self.insert(parent, id, before);
    }

    fn put(&self, parent: Id, child: NodeOrText<Handle>, before: Id) {
        match child {
            NodeOrText::AppendNode(node) => self.insert(parent, node.id, before),
            NodeOrText::AppendText(text) => self.insert_text(parent, &text, before),
        }
    }

    fn parent(&self, id: Id) -> Id {
        self.nodes.borrow()[id].parent
    }
}

impl TreeSink for Sink {
    type Handle = Handle;
    type Output = Tree;
    type ElemName<'a> = ExpandedName<'a>;

    fn finish(self) -> Tree {
        Tree { nodes: self.nodes.into_inner() }
    }
    fn parse_error(&self, _message: Cow<'static, str>) {}
    fn get_document(&self) -> Handle {
        Handle { id: 0, name: Rc::clone(&self.no_name) }
    }
    fn elem_name<'a>(&'a self, target: &'a Handle) -> ExpandedName<'a> {
        target.name.expanded()
    }
    fn create_element(&self, name: QualName, attrs: Vec<Attribute>, flags: ElementFlags) -> Handle {
        let kept = attrs.into_iter().filter_map(|a| {
            let kept = is_kept(&name.local, &a.name.local, self.options)?;
            Some((kept, a.value.to_string()))
        });
        let kept: Vec<_> = kept.collect();
        let handle = self.handle(Data::Element { name: Rc::new(name), attrs: kept });
        if flags.template {
            let content = self.create(Data::Document);
            self.templates.borrow_mut().insert(handle.id, content);
        }
        handle
    }
    fn create_comment(&self, text: StrTendril) -> Handle {
        let kept = self.options.anchors || matches!(&*text, LINK | LINK_END);
        self.handle(Data::Comment(if kept { text.to_string() } else { String::new() }))
    }
    fn create_pi(&self, _target: StrTendril, _data: StrTendril) -> Handle {
        self.handle(Data::Comment(String::new()))
    }
    fn append(&self, parent: &Handle, child: NodeOrText<Handle>) {
        self.put(parent.id, child, NONE);
    }
    fn append_based_on_parent_node(&self, element: &Handle, previous: &Handle, child: NodeOrText<Handle>) {
        match self.parent(element.id) {
            NONE => self.put(previous.id, child, NONE),
            parent => self.put(parent, child, element.id),
        }
    }
    fn append_doctype_to_document(&self, _name: StrTendril, _public: StrTendril, _system: StrTendril) {}
    fn get_template_contents(&self, target: &Handle) -> Handle {
        let id = self.templates.borrow().get(&target.id).copied().unwrap_or(target.id);
        Handle { id, name: Rc::clone(&self.no_name) }
    }
    fn same_node(&self, x: &Handle, y: &Handle) -> bool {
        x.id == y.id
    }
    fn set_quirks_mode(&self, _mode: QuirksMode) {}
    fn append_before_sibling(&self, sibling: &Handle, child: NodeOrText<Handle>) {
        self.put(self.parent(sibling.id), child, sibling.id);
    }
    fn add_attrs_if_missing(&self, target: &Handle, attrs: Vec<Attribute>) {
        if let Data::Element { attrs: own, name: element } = &mut self.nodes.borrow_mut()[target.id].data {
            for attr in attrs {
                if let Some(name) = is_kept(&element.local, &attr.name.local, self.options)
                    && !own.iter().any(|(n, _)| *n == name)
                {
                    own.push((name, attr.value.to_string()));
                }
            }
        }
    }
    fn remove_from_parent(&self, target: &Handle) {
        self.detach(target.id);
    }
    fn reparent_children(&self, node: &Handle, new_parent: &Handle) {
        loop {
            let first = self.nodes.borrow()[node.id].first;
            if first == NONE {
                return;
            }
            self.insert(new_parent.id, first, NONE);
        }
    }
}
