//! Compares what was generated with what is on disk, and writes it.

use std::{collections::BTreeMap, fs, io, path::Path};

/// One generated file.
#[derive(Debug)]
pub(crate) struct Output {
    /// From the root of the repository.
    pub(crate) file: &'static str,
    pub(crate) text: String,
}

/// A file that is not what would be generated now.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Stale {
    pub(crate) file: &'static str,
    pub(crate) how: String,
}

impl Output {
    /// `None` if the file is fresh.
    pub(crate) fn stale(&self, root: &Path) -> io::Result<Option<Stale>> {
        let how = match fs::read(root.join(self.file)) {
            Ok(found) if found == self.text.as_bytes() => return Ok(None),
            Ok(found) => difference(&String::from_utf8_lossy(&found), &self.text),
            Err(error) if error.kind() == io::ErrorKind::NotFound => "is missing".into(),
            Err(error) => return Err(error),
        };
        Ok(Some(Stale { file: self.file, how }))
    }

    pub(crate) fn write(&self, root: &Path) -> io::Result<()> {
        fs::write(root.join(self.file), &self.text)
    }
}

fn difference(found: &str, wanted: &str) -> String {
    let mut balance: BTreeMap<&str, i64> = BTreeMap::new();
    wanted.lines().for_each(|line| *balance.entry(line).or_default() += 1);
    found.lines().for_each(|line| *balance.entry(line).or_default() -= 1);
    let missing: i64 = balance.values().filter(|count| **count > 0).sum();
    let extra: i64 = -balance.values().filter(|count| **count < 0).sum::<i64>();
    if missing + extra == 0 {
        "has its lines in another order, or other line ends".into()
    } else {
        format!("lacks {} and has {} too many", lines(missing), lines(extra))
    }
}

fn lines(count: i64) -> String {
    if count == 1 { "1 line".into() } else { format!("{count} lines") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fresh_file_is_not_stale_and_a_stale_one_says_how() {
        let root = tempfile::tempdir().unwrap();
        let output = Output { file: "out.txt", text: "a\nb\nc\n".into() };
        let how = |output: &Output| output.stale(root.path()).unwrap().map(|stale| stale.how);
        assert_eq!(how(&output).as_deref(), Some("is missing"));
        output.write(root.path()).unwrap();
        assert_eq!(how(&output), None);
        fs::write(root.path().join("out.txt"), "a\nx\ny\nc\n").unwrap();
        assert_eq!(how(&output).as_deref(), Some("lacks 1 line and has 2 lines too many"));
        fs::write(root.path().join("out.txt"), "c\nb\na\n").unwrap();
        assert_eq!(
            how(&output).as_deref(),
            Some("has its lines in another order, or other line ends")
        );
    }
}
