//! The page of settings is written from the list of them, and the texts that repeat a default say the same.
//! After a change of the list `INSTA_UPDATE=always cargo test -p cph-tests --test contract configuration` writes the page.

use std::{fmt::Write as _, fs, path::Path};

use cph::{Setting, SettingDefault};

const PAGE: &str = "crates/cph/docs/configuration.md";

const HEAD: &str = "\
Everything has a default but region or endpoint, project and credentials; `build` names \
all that is missing or wrong at once. What is set in code, or by a flag of the command, counts first; then variables, then the \
credentials file. A profile that is asked for by name comes before the variables.

The library reads variables and credentials file only where `environment` is set on the builder. Those of the proxy, in \
small letters too, and of the certificates are always read, unless code sets what they say. `CPH_REGION` and `CPH_ENDPOINT` are for the command alone. With \
`--sim` the command reads none of them. How the command prints is in `cph --help`.

A `~/.netrc` is never read, redirects are not followed, and no setting switches the check of certificates off.
";

fn page() -> String {
    let mut page = format!(
        "{HEAD}\n| setting | in code | variable | key in the file | flag | default |\n|---|---|---|---|---|---|\n"
    );
    let codes = |names: &mut dyn Iterator<Item = &str>| {
        names.map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
    };
    for setting in Setting::all() {
        let Setting { name, method, variables, profile_keys, flag, default, .. } = setting;
        let default = default.to_string();
        let is_url = default.starts_with("http");
        let default = if is_url { format!("`{default}`") } else { default };
        writeln!(
            page,
            "| {name} | {} | {} | {} | {} | {default} |",
            codes(&mut method.split(", ")),
            codes(&mut variables.iter().copied()),
            codes(&mut profile_keys.iter().copied()),
            codes(&mut flag.iter().copied()),
        )
        .unwrap();
    }
    page += "\n| setting | applies to | on the wire it |\n|---|---|---|\n";
    for Setting { name, scope, effect, .. } in Setting::all() {
        writeln!(page, "| {name} | {scope} | {effect} |").unwrap();
    }
    page
}

fn source(path: &str) -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(path)).unwrap()
}

#[test]
#[expect(clippy::disallowed_methods, reason = "whoever runs the test asks for the page")]
fn the_page_is_what_the_list_says() {
    if std::env::var_os("INSTA_UPDATE").is_some_and(|update| update == "always") {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(PAGE);
        fs::write(path, page()).unwrap();
    }
    assert!(
        source(PAGE) == page(),
        "{PAGE} is stale; INSTA_UPDATE=always cargo test -p cph-tests --test contract configuration writes it"
    );
}

#[test]
fn every_setting_of_the_builder_is_in_the_list_and_its_docs_tell_the_default() {
    let builder = source("crates/cph/src/builder/mod.rs");
    let methods = builder.split("    pub fn ").skip(1);
    let mut documented: Vec<&str> = Vec::new();
    let mut docs = builder.as_str();
    for method in methods {
        let name = method.split(['(', '<']).next().unwrap();
        let (before, after) = docs.split_once(&format!("    pub fn {name}")).unwrap();
        docs = after;
        // The docs of a method stand right before it.
        let doc = before.rsplit("\n\n").next().unwrap();
        documented.push(name);
        let is_this = |setting: &&Setting| setting.method.split(", ").any(|method| method == name);
        let settings: Vec<_> = Setting::all().iter().filter(is_this).collect();
        assert!(!settings.is_empty(), "{name} is in no setting");
        for setting in settings {
            if !matches!(setting.default, SettingDefault::Text(_)) {
                let default = format!("Default {}", setting.default);
                assert!(doc.contains(&default), "{name} does not say: {default}");
            }
        }
    }
    for method in Setting::all().iter().flat_map(|setting| setting.method.split(", ")) {
        assert!(method.contains("::") || documented.contains(&method), "there is no {method}");
    }
}

#[test]
fn variables_and_keys_are_those_that_are_read() {
    let variables = || Setting::all().iter().flat_map(|setting| setting.variables);
    for name in cph::Environment::NAMES {
        assert!(variables().any(|variable| *variable == name), "{name} is in no setting");
    }
    let region = cph::Environment::endpoint_name("<region>");
    assert!(variables().any(|variable| *variable == region), "{region} is in no setting");
    let profile = source("crates/cph/src/identity/profile.rs");
    for key in Setting::all().iter().flat_map(|setting| setting.profile_keys) {
        assert!(profile.contains(&format!("\"{key}\"")), "no profile has {key}");
    }
}
