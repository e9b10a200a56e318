//! What a source file shows to others, a line each; what is said of it, derived for it or done inside is left out.

use syn::{
    Attribute, Fields, FnArg, GenericArgument, ImplItem, Item, ItemImpl, ItemMacro, Pat,
    PathArguments, ReceiverKind, ReturnType, Signature, TraitItemConst, Type, TypeParamBound,
    Visibility,
    buffer::{Cursor, TokenBuffer},
};

/// A public type with its fields or variants, the public functions and constants of an `impl`, or a macro that makes
/// them.
pub(crate) fn outline(item: &Item) -> Option<String> {
    match item {
        Item::Struct(item) if is_public(&item.vis) => Some(format!(
            "{}struct {}{}",
            openness(&item.attrs),
            item.ident,
            public_fields(&item.fields)
        )),
        Item::Enum(item) if is_public(&item.vis) => {
            let variants = item.variants.iter().map(|variant| {
                format!(
                    "    {}{}\n",
                    variant.ident,
                    fields_outline(&variant.fields).trim_end_matches('\n').replace('\n', "\n    ")
                )
            });
            let variants: String = variants.collect();
            Some(format!("{}enum {} {{\n{variants}}}\n", openness(&item.attrs), item.ident))
        }
        Item::Type(item) if is_public(&item.vis) => {
            Some(format!("type {} = {}\n", item.ident, name(&item.ty)))
        }
        Item::Const(item) if is_public(&item.vis) => {
            Some(format!("const {}: {}\n", item.ident, name(&item.ty)))
        }
        Item::Fn(item) if is_public(&item.vis) => Some(format!("{}\n", signature(&item.sig))),
        Item::Impl(item) if item.trait_.is_none() => {
            block(&format!("impl {}", name(&item.self_ty)), &members(item))
        }
        Item::Macro(item) => macro_outline(item),
        _ => None,
    }
}

fn is_public(visibility: &Visibility) -> bool {
    matches!(visibility, Visibility::Public(_))
}

/// Whether fields or variants may be added without breaking anybody.
fn openness(attributes: &[Attribute]) -> &'static str {
    let open = attributes.iter().any(|attribute| attribute.path().is_ident("non_exhaustive"));
    if open { "non-exhaustive " } else { "" }
}

/// `None` where there is no line.
fn block(head: &str, lines: &[String]) -> Option<String> {
    let lines = lines.join("\n    ");
    (!lines.is_empty()).then(|| format!("{head} {{\n    {lines}\n}}\n"))
}

/// The public fields of a struct.
fn public_fields(fields: &Fields) -> String {
    if !fields.is_empty() && !fields.iter().any(|field| is_public(&field.vis)) {
        return "\n".to_owned();
    }
    let mut fields = fields.clone();
    if let Fields::Named(fields) = &mut fields {
        let named = std::mem::take(&mut fields.named).into_iter();
        fields.named = named.filter(|field| is_public(&field.vis)).collect();
    }
    fields_outline(&fields)
}

fn fields_outline(fields: &Fields) -> String {
    match fields {
        Fields::Named(fields) => {
            let fields = fields.named.iter().map(|field| {
                format!("    {}: {},\n", field.ident.as_ref().unwrap(), name(&field.ty))
            });
            format!(" {{\n{}}}\n", fields.collect::<String>())
        }
        Fields::Unnamed(fields) => {
            let types: Vec<_> = fields.unnamed.iter().map(|field| name(&field.ty)).collect();
            format!("({})\n", types.join(", "))
        }
        Fields::Unit => "\n".to_owned(),
    }
}

fn members(item: &ItemImpl) -> Vec<String> {
    let line = |item: &ImplItem| match item {
        ImplItem::Fn(item) if is_public(&item.vis) => Some(signature(&item.sig)),
        ImplItem::Const(item) if is_public(&item.vis) => {
            Some(format!("const {}: {}", item.ident, name(&item.ty)))
        }
        _ => None,
    };
    item.items.iter().filter_map(line).collect()
}

fn signature(signature: &Signature) -> String {
    assert!(
        signature.generics.params.is_empty(),
        "{}: outline.rs has no words for generics",
        signature.ident
    );
    let inputs: Vec<_> = signature.inputs.iter().map(argument).collect();
    let output = match &signature.output {
        ReturnType::Default => String::new(),
        ReturnType::Type(_, r#type) => format!(" -> {}", name(r#type)),
    };
    let modifiers = [
        signature.constness.is_some().then_some("const "),
        signature.asyncness.is_some().then_some("async "),
    ];
    let modifiers: String = modifiers.into_iter().flatten().collect();
    format!("{modifiers}fn {}({}){output}", signature.ident, inputs.join(", "))
}

fn argument(argument: &FnArg) -> String {
    match argument {
        FnArg::Receiver(receiver) => match &receiver.kind {
            ReceiverKind::Value => "self".to_owned(),
            ReceiverKind::Reference(_, _, mutability) if mutability.is_some() => {
                "&mut self".to_owned()
            }
            ReceiverKind::Reference(..) => "&self".to_owned(),
            _ => panic!("outline.rs has no words for such a receiver"),
        },
        FnArg::Typed(typed) => {
            let Pat::Ident(pattern) = &*typed.pat else { panic!("an argument without a name") };
            format!("{}: {}", pattern.ident, name(&typed.ty))
        }
    }
}

/// A type without the path that leads to it.
fn name(r#type: &Type) -> String {
    match r#type {
        Type::Path(path) => path_name(&path.path),
        Type::Reference(reference) => {
            let lifetime =
                reference.lifetime.as_ref().map(|lifetime| format!("'{} ", lifetime.ident));
            let mutable = if reference.mutability.is_some() { "mut " } else { "" };
            format!("&{}{mutable}{}", lifetime.unwrap_or_default(), name(&reference.elem))
        }
        Type::Slice(slice) => format!("[{}]", name(&slice.elem)),
        Type::Tuple(tuple) => {
            format!("({})", tuple.elems.iter().map(name).collect::<Vec<_>>().join(", "))
        }
        Type::ImplTrait(r#impl) => {
            let bounds = r#impl.bounds.iter().map(|bound| match bound {
                TypeParamBound::Trait(bound) => path_name(&bound.path),
                _ => panic!("outline.rs has no words for such a bound"),
            });
            format!("impl {}", bounds.collect::<Vec<_>>().join(" + "))
        }
        _ => panic!("outline.rs has no words for such a type"),
    }
}

fn path_name(path: &syn::Path) -> String {
    let last = path.segments.last().unwrap();
    let PathArguments::AngleBracketed(arguments) = &last.arguments else {
        return last.ident.to_string();
    };
    let arguments = arguments.args.iter().map(|argument| match argument {
        GenericArgument::Type(r#type) => name(r#type),
        GenericArgument::AssocType(assigned) => {
            format!("{} = {}", assigned.ident, name(&assigned.ty))
        }
        _ => panic!("outline.rs has no words for such an argument of a type"),
    });
    format!("{}<{}>", last.ident, arguments.collect::<Vec<_>>().join(", "))
}

/// What a macro is called with, or the public functions and constants that it writes.
fn macro_outline(item: &ItemMacro) -> Option<String> {
    let tokens = TokenBuffer::new2(item.mac.tokens.clone());
    match &item.ident {
        Some(own) => block(&format!("macro {own}!"), &written(tokens.begin())),
        None => block(&format!("{}!", path_name(&item.mac.path)), &arguments(tokens.begin(), ";")),
    }
}

/// The arguments of a macro without their docs, cut into lines at every `end` and, in braces, at commas.
fn arguments(mut cursor: Cursor<'_>, end: &str) -> Vec<String> {
    let mut lines = vec![String::new()];
    while let Some((token, mut next)) = cursor.token_tree() {
        let token = token.to_string();
        if token == "#" {
            (_, next) = next.token_tree().expect("the brackets of an attribute");
        } else if token == end {
            lines.push(String::new());
        } else if token.starts_with('{') {
            let (inside, ..) = cursor.any_group().unwrap();
            lines.extend(arguments(inside, ",").iter().map(|line| format!("    {line}")));
        } else {
            let line = lines.last_mut().unwrap();
            let joined =
                line.is_empty() || line.ends_with('-') || [",", ":", ">"].contains(&&*token);
            line.push_str(if joined { "" } else { " " });
            line.push_str(&token);
        }
        cursor = next;
    }
    lines.retain(|line| !line.is_empty());
    lines
}

/// The public functions and constants that stand in the definition of a macro.
fn written(mut cursor: Cursor<'_>) -> Vec<String> {
    let mut lines = Vec::new();
    while let Some((token, mut next)) = cursor.token_tree() {
        if let Some((inside, ..)) = cursor.any_group() {
            lines.extend(written(inside));
        } else if token.to_string() == "pub" {
            let mut head = String::new();
            while let Some((token, rest)) = next.token_tree() {
                let token = token.to_string();
                if token == "=" || token == ";" || token.starts_with('{') {
                    break;
                }
                head.push_str(&token);
                // What a macro is given stands there by its name.
                head.push_str(if token == "$" || token == "-" { "" } else { " " });
                next = rest;
            }
            let head = head.replace('$', "");
            if let Ok(function) = syn::parse_str::<Signature>(&head) {
                lines.push(signature(&function));
            } else if let Ok(constant) = syn::parse_str::<TraitItemConst>(&format!("{head};")) {
                lines.push(format!("const {}: {}", constant.ident, name(&constant.ty)));
            }
        }
        cursor = next;
    }
    lines
}
