//! Names in the spellings that files, constants and methods have.

/// The words of a camel-case or separated name in lower case, such as `restart-cloud-phone` of `RestartCloudPhone`.
pub(crate) fn joined(name: &str, separator: &str) -> String {
    let mut words: Vec<String> = Vec::new();
    let mut fresh = true;
    for letter in name.chars() {
        if !letter.is_ascii_alphanumeric() {
            fresh = true;
            continue;
        }
        if fresh || letter.is_ascii_uppercase() {
            words.push(String::new());
        }
        fresh = false;
        words.last_mut().into_iter().for_each(|word| word.push(letter.to_ascii_lowercase()));
    }
    words.join(separator)
}

/// `ListJobs` and `request_ids` together as `LIST_JOBS_REQUEST_IDS`.
pub(crate) fn constant(names: &[&str]) -> String {
    names.iter().map(|name| joined(name, "_")).collect::<Vec<_>>().join("_").to_uppercase()
}

/// The same for names that differ only in case or separators, which generated code cannot tell apart.
pub(crate) fn folded(name: &str) -> String {
    name.chars()
        .filter(char::is_ascii_alphanumeric)
        .map(|letter| letter.to_ascii_lowercase())
        .collect()
}

/// `RestartCloudPhone`: words with one capital each, so that every spelling of it can be worked out.
pub(crate) fn is_pascal(name: &str) -> bool {
    let letters: Vec<char> = name.chars().collect();
    letters.first().is_some_and(char::is_ascii_uppercase)
        && letters.iter().all(char::is_ascii_alphanumeric)
        && !letters.windows(2).any(|pair| pair.iter().all(char::is_ascii_uppercase))
}

/// `restart-cloud-phone` or `restart_cloud_phone`, as the separator says.
pub(crate) fn is_lower(name: &str, separator: char) -> bool {
    name.split(separator).all(|word| {
        !word.is_empty()
            && word.chars().all(|letter| letter.is_ascii_lowercase() || letter.is_ascii_digit())
    })
}
