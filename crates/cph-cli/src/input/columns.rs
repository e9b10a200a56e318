//! Which columns a table of phones may have, and what each is for.

use std::collections::HashMap;

use cph::PropertyKey;

/// What a column is for.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Column {
    PhoneId,
    /// The image that this phone is to have.
    SetImageId,
    /// The property of this key.
    Property(String),
    /// Printed by this command, and changes nothing.
    Ignored,
}

/// What `phone list`, `phone show` and the records of a run print besides `phone_id`. `imei` is a property key of the old
/// list too; printed, it is what the phone has, so only `property.imei` sets it.
const IGNORED: &[&str] = &[
    "phone_name",
    "server_id",
    "status",
    "phone_model_name",
    "image_id",
    "image_version",
    "imei",
    "type",
    "traffic_type",
    "volume_mode",
    "availability_zone",
    "has_encrypt",
    "vnc_enable",
    "order_id",
    "product_id",
    "create_time",
    "update_time",
    "property",
    "custom_property",
    "access_infos",
    "volume_type",
    "volume_size",
    "outcome",
    "reason",
    "request_id",
    "job_id",
    "error_code",
    "error_msg",
    "seconds",
    "output",
];

/// The columns that a table was seen to have.
#[derive(Debug, Default)]
pub(super) struct Columns {
    /// `None` is for those that there are not.
    known: HashMap<String, Option<Column>>,
    /// Names of those without effect, with a hint where they look as if they had one.
    pub(super) ignored: Vec<String>,
}

impl Columns {
    /// What the column of this name is for. A problem with it is told when it is met first.
    pub(super) fn meet(&mut self, name: &str, problem: impl FnOnce(String)) -> Option<&Column> {
        if !self.known.contains_key(name) {
            let column = column(name);
            match &column {
                None => problem(unknown(name)),
                Some(Column::Ignored) => self.ignored.push(format!("{name}{}", hint(name))),
                Some(Column::Property(key)) => {
                    let prefixed = format!("property.{key}");
                    let other = if name == prefixed { key } else { &prefixed };
                    if matches!(self.known.get(other), Some(Some(Column::Property(_)))) {
                        problem(format!(
                            "{name} and {other} set the same property; leave one of them out"
                        ));
                    }
                }
                Some(Column::PhoneId | Column::SetImageId) => {}
            }
            self.known.insert(name.to_owned(), column);
        }
        self.known.get(name)?.as_ref()
    }
}

/// Whether a table may have a column of this name, read or ignored.
pub(super) fn is_column(name: &str) -> bool {
    IGNORED.contains(&name) || column(name).is_some()
}

fn column(name: &str) -> Option<Column> {
    match name {
        "phone_id" => Some(Column::PhoneId),
        "set_image_id" => Some(Column::SetImageId),
        _ if IGNORED.contains(&name) => Some(Column::Ignored),
        _ => {
            let custom = name.strip_prefix("property.").filter(|key| !key.is_empty());
            let key = custom.or(PropertyKey::find(name).map(|property| property.key));
            key.map(|key| Column::Property(key.to_owned()))
        }
    }
}

fn hint(name: &str) -> &'static str {
    match name {
        "image_id" => " (the present image; set_image_id changes it)",
        "imei" => " (property.imei sets it)",
        "property" => " (property.KEY sets one)",
        "custom_property" => " (cph phone set --custom sets one)",
        _ => "",
    }
}

fn unknown(name: &str) -> String {
    let documented = PropertyKey::all().iter().map(|property| property.key);
    let names =
        ["phone_id", "set_image_id"].into_iter().chain(documented).chain(IGNORED.iter().copied());
    let distance = |known: &&str| strsim::damerau_levenshtein(&name.to_lowercase(), known);
    let near = names.min_by_key(distance).filter(|known| distance(known) * 3 <= known.len());
    let advice = match near {
        Some(near) => format!("did you mean {near}?"),
        None => "a property that the vendor does not list is set by property.KEY".to_owned(),
    };
    format!("{}: no such column; {advice}", name.escape_debug())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn met(names: &[&str]) -> (Vec<String>, Vec<String>) {
        let (mut columns, mut problems) = (Columns::default(), Vec::new());
        for name in names {
            columns.meet(name, |problem| problems.push(problem));
        }
        (problems, columns.ignored)
    }

    #[test]
    fn only_imei_is_both_printed_and_a_property_key() {
        let both: Vec<&str> =
            IGNORED.iter().copied().filter(|name| PropertyKey::find(name).is_some()).collect();
        assert_eq!(both, ["imei"]);
        assert_eq!(column("imei"), Some(Column::Ignored));
        assert_eq!(column("property.imei"), Some(Column::Property("imei".to_owned())));
    }

    #[test]
    fn keys_of_both_vintages_and_any_key_are_columns() {
        for (name, key) in [
            ("com.cph.mainkeys", "com.cph.mainkeys"),
            ("phone_num", "phone_num"),
            ("property.phone_num", "phone_num"),
            ("property.my.key", "my.key"),
            ("property.phone_id", "phone_id"),
        ] {
            assert_eq!(column(name), Some(Column::Property(key.to_owned())), "{name}");
        }
    }

    #[test]
    fn an_unknown_column_is_told_once_with_the_nearest_name() {
        for (name, says) in [
            ("set_imge_id", "set_imge_id: no such column; did you mean set_image_id?"),
            ("Phone_ID", "Phone_ID: no such column; did you mean phone_id?"),
            ("com.cph.mainkey", "com.cph.mainkey: no such column; did you mean com.cph.mainkeys?"),
            ("statsu", "statsu: no such column; did you mean status?"),
            (
                "colour",
                "colour: no such column; a property that the vendor does not list is set by property.KEY",
            ),
            ("property.", "property.: no such column; did you mean property?"),
            (
                "a\nb",
                "a\\nb: no such column; a property that the vendor does not list is set by property.KEY",
            ),
        ] {
            assert_eq!(met(&[name, name]).0, [says]);
        }
    }

    #[test]
    fn a_property_has_one_column() {
        for names in [["imsi", "property.imsi"], ["property.imsi", "imsi"]] {
            let says = format!(
                "{} and {} set the same property; leave one of them out",
                names[1], names[0]
            );
            assert_eq!(met(&names).0, [says]);
        }
        let (problems, ignored) = met(&["imei", "property.imei", "image_id", "status", "status"]);
        assert_eq!(problems, [""; 0]);
        assert_eq!(
            ignored,
            [
                "imei (property.imei sets it)",
                "image_id (the present image; set_image_id changes it)",
                "status"
            ]
        );
    }
}
