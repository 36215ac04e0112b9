//! Changes of a workspace, for people and for scripts.

use std::io::IsTerminal as _;

use administration::plan::Change;
use serde_json::{Value, json};

/// Values longer than this are cut: the file has them.
const MAX_VALUE_CHARACTERS: usize = 160;

/// Whether lines are coloured: for people at a terminal, unless they say otherwise (`NO_COLOR`).
pub(super) fn is_coloured() -> bool {
    std::io::stdout().is_terminal() && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty())
}

/// One line for each change: `+` for what is added, `-` for what is removed, `~` for what becomes another.
pub(super) fn as_text(changes: &[Change], coloured: bool) -> String {
    let line = |change: &Change| {
        let (sign, colour, text) = match (&change.before, &change.after) {
            (None, Some(after)) => ('+', 32, format!("{}: {}", change.path, shortened(after))),
            (Some(before), None) => ('-', 31, format!("{}: {}", change.path, shortened(before))),
            (Some(before), Some(after)) if before == after => {
                ('~', 33, format!("{}: {}", change.path, shortened(after)))
            }
            (Some(before), Some(after)) => {
                ('~', 33, format!("{}: {} -> {}", change.path, shortened(before), shortened(after)))
            }
            (None, None) => ('~', 33, change.path.clone()),
        };
        if coloured { format!("  \u{1b}[{colour}m{sign} {text}\u{1b}[0m") } else { format!("  {sign} {text}") }
    };
    changes.iter().map(line).collect::<Vec<_>>().join("\n")
}

/// The changes as members of a JSON document.
pub(super) fn as_json(changes: &[Change]) -> Value {
    let one = |change: &Change| {
        let action = match (&change.before, &change.after) {
            (None, _) => "add",
            (_, None) => "remove",
            (Some(_), Some(_)) => "change",
        };
        json!({ "path": change.path, "action": action, "before": change.before, "after": change.after })
    };
    changes.iter().map(one).collect()
}

/// How many changes, in words.
pub(super) fn counted(count: usize) -> String {
    match count {
        0 => "no changes".into(),
        1 => "1 change".into(),
        count => format!("{count} changes"),
    }
}

/// A value in one line, without control characters that a terminal would obey.
fn shortened(value: &Value) -> String {
    let text = value.to_string();
    let visible = text.chars().filter(|letter| !letter.is_control());
    if text.chars().count() <= MAX_VALUE_CHARACTERS {
        return visible.collect();
    }
    visible.take(MAX_VALUE_CHARACTERS).chain("…".chars()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn change(path: &str, before: Option<Value>, after: Option<Value>) -> Change {
        Change { path: path.into(), before, after }
    }

    #[test]
    fn a_change_has_a_line_and_a_member() {
        let changes = [
            change("lifetimes.access_token", Some(json!(600)), Some(json!(900))),
            change("scopes[a]", None, Some(json!({"name": "a"}))),
            change("clients[old]", Some(json!("\u{1b}[31m")), None),
            change("clients[x].client_secret_sha256", Some(json!("(secret)")), Some(json!("(secret)"))),
        ];
        let expected = "  ~ lifetimes.access_token: 600 -> 900\n  + scopes[a]: {\"name\":\"a\"}\n  \
                        - clients[old]: \"\\u001b[31m\"\n  ~ clients[x].client_secret_sha256: \"(secret)\"";
        assert_eq!(as_text(&changes, false), expected);
        assert!(as_text(&changes, true).contains("\u{1b}[32m+ scopes[a]"));
        let actions: Vec<Value> =
            as_json(&changes).as_array().into_iter().flatten().map(|one| one["action"].clone()).collect();
        assert_eq!(actions, ["change", "add", "remove", "change"]);
        let long = change("x", None, Some(json!("a".repeat(500))));
        assert!(as_text(&[long], false).chars().count() < 200);
        assert_eq!([0, 1, 2].map(counted), ["no changes", "1 change", "2 changes"]);
    }
}
