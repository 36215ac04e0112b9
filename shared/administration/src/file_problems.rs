//! Problems of a workspace file, with their positions.

use std::collections::BTreeMap;
use std::fmt;

/// All problems of one file, in the order of its lines.
#[derive(Debug)]
pub struct FileError {
    name: String,
    problems: Vec<Problem>,
}

/// A problem and its position.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Problem {
    /// The line, from 1.
    pub line: usize,
    /// The column, from 1, in characters.
    pub column: usize,
    /// What is wrong and what to do.
    pub message: String,
}

impl FileError {
    /// The problems of the file `name`.
    #[must_use]
    pub fn new(name: &str, mut problems: Vec<Problem>) -> Self {
        problems.sort();
        problems.dedup();
        Self { name: name.into(), problems }
    }

    /// The problems, in the order of the lines.
    #[must_use]
    pub fn problems(&self) -> &[Problem] {
        &self.problems
    }
}

impl std::error::Error for FileError {}

/// One line per problem, in the form that editors and terminals turn into a link: `file:line:column: message`.
impl fmt::Display for FileError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (position, Problem { line, column, message }) in self.problems.iter().enumerate() {
            let separator = if position == 0 { "" } else { "\n" };
            write!(formatter, "{separator}{}:{line}:{column}: {message}", self.name)?;
        }
        Ok(())
    }
}

/// The positions of the settings of a file, by path, such as `clients[2].redirect_uris[0]`.
#[derive(Default)]
pub(crate) struct Places(BTreeMap<String, usize>);

impl Places {
    /// Records that `path` starts at the byte offset `start`.
    pub(crate) fn note(&mut self, path: &str, start: usize) {
        self.0.insert(path.to_owned(), start);
    }

    /// Whether the file has something at `path`.
    pub(crate) fn has(&self, path: &str) -> bool {
        self.0.contains_key(path)
    }

    /// Returns the start of `path`, or of the nearest table or list around it.
    pub(crate) fn find(&self, path: &str) -> usize {
        let mut path = path;
        loop {
            if let Some(start) = self.0.get(path) {
                return *start;
            }
            match path.rfind(['.', '[']) {
                Some(end) => path = path.get(..end).unwrap_or_default(),
                None => return 0,
            }
        }
    }
}

/// Line and column of the byte `start` of `text`.
#[must_use]
pub(crate) fn position(text: &str, start: usize) -> (usize, usize) {
    let before = text.get(..start).unwrap_or(text);
    let line = before.matches('\n').count() + 1;
    let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
    (line, column)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_and_columns_are_counted_from_one_and_in_characters() {
        let text = "a = 1\nb\u{e4} = 2\n";
        for (start, expected) in [(0, (1, 1)), (4, (1, 5)), (6, (2, 1)), (10, (2, 4)), (100, (3, 1))] {
            assert_eq!(position(text, start), expected, "{start}");
        }
    }

    #[test]
    fn a_missing_setting_is_located_at_the_surrounding_table() {
        let mut places = Places::default();
        places.note("clients[0]", 10);
        places.note("clients[0].scope", 20);
        for (path, start) in [("clients[0].scope[2]", 20), ("clients[0].jwks", 10), ("clients[1]", 0), ("name", 0)] {
            assert_eq!(places.find(path), start, "{path}");
        }
    }

    #[test]
    fn problems_are_listed_by_line_and_once() {
        let problem = |line, message: &str| Problem { line, column: 1, message: message.into() };
        let error = FileError::new("x.toml", vec![problem(3, "b"), problem(1, "a"), problem(3, "b")]);
        assert_eq!(error.to_string(), "x.toml:1:1: a\nx.toml:3:1: b");
    }
}
