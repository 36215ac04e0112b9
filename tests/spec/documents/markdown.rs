//! A minimal Markdown parser for the checks: prose, inline code, links, headings, tables and fenced code.

use std::collections::{BTreeMap, BTreeSet};

use regex::Regex;

/// A Markdown document.
pub(super) struct Document {
    /// The path relative to the root of the repository.
    pub(super) name: String,
    /// The text, with fenced code blanked out so that line numbers stay the same.
    prose: String,
    /// The fenced code blocks.
    pub(super) fences: Vec<Fence>,
}

/// A fenced code block.
pub(super) struct Fence {
    /// The info string after the opening fence.
    pub(super) language: String,
    /// The lines.
    pub(super) lines: Vec<Excerpt>,
}

/// A piece of a document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Excerpt {
    /// The first line, counted from one.
    pub(super) line: usize,
    /// The text.
    pub(super) text: String,
}

/// A table.
pub(super) struct Table {
    /// The line of the header.
    pub(super) line: usize,
    /// The cells of the header.
    pub(super) head: Vec<String>,
    /// The cells of each row, with its line.
    pub(super) rows: Vec<(usize, Vec<String>)>,
}

impl Document {
    /// Parses `text`.
    pub(super) fn parse(name: &str, text: &str) -> Self {
        let (mut prose, mut fences, mut open) = (String::new(), Vec::new(), None::<Fence>);
        for (index, line) in text.lines().enumerate() {
            let marker = line.trim_start().strip_prefix("```");
            match (&mut open, marker) {
                (None, Some(language)) => open = Some(Fence { language: language.trim().into(), lines: Vec::new() }),
                (None, None) => prose.push_str(line),
                (Some(_), Some(_)) => fences.extend(open.take()),
                (Some(fence), None) => fence.lines.push(Excerpt { line: index + 1, text: line.into() }),
            }
            prose.push('\n');
        }
        Self { name: name.into(), prose, fences }
    }

    /// The folder that relative paths start from, with a trailing slash, or empty for the root.
    pub(super) fn folder(&self) -> &str {
        self.name.rfind('/').map_or("", |slash| &self.name[..=slash])
    }

    /// Returns the inline code.
    pub(super) fn code(&self) -> Vec<Excerpt> {
        let code = Regex::new("`([^`]+)`").unwrap();
        let found = code.captures_iter(&self.prose).map(|found| found.get(1).unwrap());
        found.filter(|found| !found.as_str().contains("\n\n")).map(|found| self.excerpt(found)).collect()
    }

    /// Returns the targets of links and images.
    pub(super) fn links(&self) -> Vec<Excerpt> {
        let code = Regex::new("`[^`]+`").unwrap();
        let blank = code.replace_all(&self.prose, |found: &regex::Captures<'_>| {
            found[0].chars().map(|char| if char == '\n' { '\n' } else { ' ' }).collect::<String>()
        });
        let link = Regex::new(r"\]\(([^()\s]+)\)").unwrap();
        let found = link.captures_iter(&blank).map(|found| found.get(1).unwrap());
        found.map(|found| Excerpt { line: line_at(&blank, found.start()), text: found.as_str().into() }).collect()
    }

    fn excerpt(&self, found: regex::Match<'_>) -> Excerpt {
        let text = found.as_str().split_whitespace().collect::<Vec<_>>().join(" ").replace("\\|", "|");
        Excerpt { line: line_at(&self.prose, found.start()), text }
    }

    /// Returns the headings of this level, each with the text up to the next heading of the same or a higher level.
    pub(super) fn sections(&self, level: usize) -> Vec<(Excerpt, String)> {
        let mut sections: Vec<(Excerpt, String)> = Vec::new();
        let mut inside = false;
        for (index, line) in self.prose.lines().enumerate() {
            let depth = line.chars().take_while(|char| *char == '#').count();
            if depth == level {
                let text = line.trim_start_matches('#').trim().into();
                sections.push((Excerpt { line: index + 1, text }, String::new()));
            }
            inside = if (1..=level).contains(&depth) { depth == level } else { inside };
            if let Some((_, body)) = sections.last_mut().filter(|_| inside && depth != level) {
                body.push_str(line);
                body.push('\n');
            }
        }
        sections
    }

    /// Returns the anchors that GitHub generates for the headings.
    pub(super) fn anchors(&self) -> BTreeSet<String> {
        let (mut seen, mut anchors) = (BTreeMap::new(), BTreeSet::new());
        for line in self.prose.lines().filter(|line| line.starts_with('#')) {
            let slug = slug(line.trim_start_matches('#').trim());
            let count = seen.entry(slug.clone()).and_modify(|count| *count += 1).or_insert(0);
            anchors.insert(if *count == 0 { slug } else { format!("{slug}-{count}") });
        }
        anchors
    }

    /// Returns the tables.
    pub(super) fn tables(&self) -> Vec<Table> {
        let (mut tables, mut open) = (Vec::new(), false);
        for (index, line) in self.prose.lines().enumerate() {
            if !line.starts_with('|') {
                open = false;
            } else if !open {
                tables.push(Table { line: index + 1, head: cells(line), rows: Vec::new() });
                open = true;
            } else if !line.trim_matches(['|', '-', ':', ' ']).is_empty() {
                tables.last_mut().unwrap().rows.push((index + 1, cells(line)));
            }
        }
        tables
    }
}

fn line_at(text: &str, offset: usize) -> usize {
    text[..offset].matches('\n').count() + 1
}

/// Splits a row into cells. An escaped bar is text.
fn cells(line: &str) -> Vec<String> {
    let row = line.trim().trim_start_matches('|').replace("\\|", "\u{1}");
    let row = row.strip_suffix('|').unwrap_or(&row);
    row.split('|').map(|cell| cell.trim().replace('\u{1}', "|")).collect()
}

/// The GitHub anchor of a heading.
fn slug(heading: &str) -> String {
    let link = Regex::new(r"\[([^\]]*)\]\([^)]*\)").unwrap();
    let text = link.replace_all(heading, "$1").to_lowercase();
    let kept = text.chars().filter(|char| char.is_alphanumeric() || matches!(char, ' ' | '-' | '_'));
    kept.map(|char| if char == ' ' { '-' } else { char }).collect()
}

#[test]
fn a_document_is_parsed() {
    let text = "# A `b` c\n\nSee [d](e.md#f) and `g\nh`.\n\n```sh\n[no](link) `no code`\n```\n\n## A b c\n\n| i | j |\n|---|---|\n| k \\| l | [`m`](n) |\n";
    let document = Document::parse("docs/x.md", text);
    let excerpt = |line, text: &str| Excerpt { line, text: text.into() };
    assert_eq!(document.folder(), "docs/");
    assert_eq!(document.code(), [excerpt(1, "b"), excerpt(3, "g h"), excerpt(14, "m")]);
    assert_eq!(document.links(), [excerpt(3, "e.md#f"), excerpt(14, "n")]);
    assert_eq!(document.anchors().into_iter().collect::<Vec<_>>(), ["a-b-c", "a-b-c-1"]);
    assert_eq!(document.fences[0].lines, [excerpt(7, "[no](link) `no code`")]);
    let tables = document.tables();
    assert_eq!((tables.len(), tables[0].line, &tables[0].head[..]), (1, 12, &["i".to_owned(), "j".to_owned()][..]));
    assert_eq!(tables[0].rows, [(14, vec!["k | l".to_owned(), "[`m`](n)".to_owned()])]);
    assert_eq!(document.sections(2)[0].0, excerpt(10, "A b c"));
}
