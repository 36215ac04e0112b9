//! Where in a file a setting stands.

use toml::de::{DeTable, DeValue};

/// The line of the setting at `place`, such as `clients[3].redirect_uris[2]`; of what it would stand in, if it is not there.
pub(crate) fn line_of(text: &str, place: &str) -> Option<usize> {
    let table = DeTable::parse(text).ok()?;
    let mut value = DeValue::Table(table.get_ref().clone());
    let mut start = None;
    for step in place.split(['.', '[', ']']).filter(|step| !step.is_empty()) {
        let Some((at, next)) = within(&value, step) else { break };
        (start, value) = (Some(at), next);
    }
    Some(text.get(..start?)?.matches('\n').count() + 1)
}

/// Where `step` stands in `value`, and what it is.
fn within<'t>(value: &DeValue<'t>, step: &str) -> Option<(usize, DeValue<'t>)> {
    let found = match value {
        DeValue::Table(table) => table.iter().find(|(key, _)| key.get_ref() == step)?.1,
        DeValue::Array(list) => list.get(step.parse::<usize>().ok()?)?,
        DeValue::String(_) | DeValue::Integer(_) | DeValue::Float(_) | DeValue::Boolean(_) | DeValue::Datetime(_) => {
            return None;
        }
    };
    Some((found.span().start, found.get_ref().clone()))
}

#[cfg(test)]
mod tests {
    use super::line_of;

    #[test]
    fn a_setting_is_found_by_its_place() {
        let text = "name = \"x\"\n\n[sandbox]\nusers = [\n  {username = \"a\"},\n  {username = \"b\",\n\
                    password = \"\"},\n]\n\n[[clients]]\nclient_id = \"a\"\n[[clients]]\nclient_id = \"b\"\n\
                    redirect_uris = [\"x\",\n \"y\"]\n";
        let table = [
            ("name", Some(1)),
            ("sandbox.users[0].username", Some(5)),
            ("sandbox.users[1].username", Some(6)),
            ("sandbox.users[1].password", Some(7)),
            ("clients[0].client_id", Some(11)),
            ("clients[1].client_id", Some(13)),
            ("clients[1].redirect_uris[1]", Some(15)),
            ("clients[1].missing", Some(12)),
            ("missing", None),
        ];
        for (place, expected) in table {
            assert_eq!(line_of(text, place), expected, "{place}");
        }
    }
}
