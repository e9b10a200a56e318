//! Documented rules of what lies in buckets and on shared storage.

use crate::{
    Problem,
    servers::request::{charset, filled},
    text::shown,
};

/// Adds what is wrong with the value of a field.
pub(crate) fn field(name: &str, problem: Option<String>, problems: &mut Vec<Problem>) {
    problems.extend(problem.map(|problem| Problem::new(format!("{name}: {problem}"))));
}

/// A bucket: documented on the pages `cph_api_0534` and `cph_api_0546`. They allow no capitals, and the first has one in its
/// example, so capitals pass. Assumed: bucket-names-take-capitals.
pub(crate) fn bucket(name: &str) -> Option<String> {
    let chars = name.chars().count();
    if !(3..=63).contains(&chars) {
        return Some(format!("{} has {chars} characters; allowed are 3 to 63", shown(name)));
    }
    let allowed = |char: char| char.is_ascii_alphanumeric() || matches!(char, '-' | '.');
    charset(name, allowed, "lower-case letters, digits, `-` and `.`")
}

/// The key of an object: documented on the pages `cph_api_0534` and `cph_api_0546`.
pub(crate) fn object_path(path: &str) -> Option<String> {
    let chars = path.chars().count();
    if !(1..=1024).contains(&chars) {
        return Some(format!("{} has {chars} characters; allowed are 1 to 1024", shown(path)));
    }
    let allowed = |char: char| char.is_ascii_alphanumeric() || "./-_+#=".contains(char);
    charset(path, allowed, "letters, digits and `.` `/` `-` `_` `+` `#` `=`")
}

/// A directory to list: documented on page `cph_api_0541`.
pub(crate) fn directory(path: &str) -> Option<String> {
    let wrong = |what: &str| Some(format!("{} {what}", shown(path)));
    if !path.starts_with('/') {
        return wrong("does not begin with `/`");
    }
    if path == "/" {
        return wrong("is the root; name a directory below it");
    }
    if let Some(part) = ["../", "//"].into_iter().find(|part| path.contains(part)) {
        return wrong(&format!("contains `{part}`"));
    }
    let allowed = |char: char| char.is_ascii_alphanumeric() || ".+-_/=".contains(char);
    charset(path, allowed, "letters, digits and `.` `+` `-` `_` `/` `=`")
}

/// A file to delete: documented on page `cph_api_0535`.
pub(crate) fn file_path(path: &str) -> Option<String> {
    const MAX_BYTES: usize = 4096;
    let wrong = |what: &str| Some(format!("{} {what}", shown(path)));
    if path.len() > MAX_BYTES {
        return wrong(&format!("has {} bytes; allowed are {MAX_BYTES}", path.len()));
    }
    if !path.starts_with('/') {
        return wrong("does not begin with `/`");
    }
    if path.trim_end_matches('/').is_empty() {
        return wrong("is the root, which holds everything");
    }
    if path.contains("..") {
        return wrong("contains `..`");
    }
    let allowed = |char: char| char.is_ascii_alphanumeric() || "./- _=".contains(char);
    charset(path, allowed, "letters, digits, spaces and `.` `/` `-` `_` `=`")
}

/// The package name of an app: documented on the pages `cph_api_0547` and `ListShareAppsSnapshot`.
pub(crate) fn package_name(name: &str) -> Option<String> {
    const MAX_BYTES: usize = 128;
    let wrong = |what: &str| Some(format!("{} {what}", shown(name)));
    if name.len() > MAX_BYTES {
        return wrong(&format!("has {} bytes; allowed are {MAX_BYTES}", name.len()));
    }
    let allowed = |char: char| char.is_ascii_alphanumeric() || matches!(char, '_' | '.');
    if let Some(problem) =
        filled(name).or_else(|| charset(name, allowed, "letters, digits, `_` and `.`"))
    {
        return Some(problem);
    }
    if name.starts_with(|first: char| first.is_ascii_digit() || first == '_') {
        return wrong("begins with a digit or `_`");
    }
    if !name.contains('.') {
        return wrong("has no `.`");
    }
    if name.ends_with('.') { wrong("ends with `.`") } else { None }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The values that a rule turns down, with its words.
    fn refused<'a>(rule: fn(&str) -> Option<String>, values: &[&'a str]) -> Vec<&'a str> {
        values.iter().copied().filter(|value| rule(value).is_some()).collect()
    }

    #[test]
    fn paths_keep_the_documented_rules() {
        let directories =
            ["/data/data", "/d", "/", "", "data", "/a/../b", "/a//b", "/a b", "/a/.."];
        assert_eq!(refused(directory, &directories), ["/", "", "data", "/a/../b", "/a//b", "/a b"]);
        let files = ["/data/data/test.apk", "/my file_=", "data", "", "/a..b", "/a+b", "/文"];
        assert_eq!(refused(file_path, &files), ["data", "", "/a..b", "/a+b", "/文"]);
        assert_eq!(
            file_path("/文").as_deref(),
            Some(
                "`/文` contains '文'; allowed are letters, digits, spaces and `.` `/` `-` `_` `=`"
            )
        );
        let long = format!("/{}", "a".repeat(4096));
        assert!(file_path(&long).unwrap().ends_with("…` has 4097 bytes; allowed are 4096"));
    }

    #[test]
    fn buckets_and_their_objects_keep_the_documented_rules() {
        assert_eq!(refused(bucket, &["push-bucket.1", "bucketA", "ab", "a_b"]), ["ab", "a_b"]);
        assert_eq!(refused(object_path, &["my_apps/a+#=.tar", "", "a b"]), ["", "a b"]);
        assert!(object_path(&"a".repeat(1025)).is_some());
    }

    #[test]
    fn package_names_keep_the_documented_rules() {
        let names =
            ["com.miniteck.mini_world2", "", "com", "1com.a", "_com.a", "com.a.", "com.a-b", "a.b"];
        assert_eq!(
            refused(package_name, &names),
            ["", "com", "1com.a", "_com.a", "com.a.", "com.a-b"]
        );
    }
}
