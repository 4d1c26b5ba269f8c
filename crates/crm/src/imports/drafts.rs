//! A row as the lead that it becomes.

use aws_lc_rs::digest;
use serde_json::{Map, Value};

use super::columns::{Column, Field};
use crate::{
    Error,
    fold::fold,
    leads::{NewLead, STATUSES},
};

/// The source of a lead whose row names none.
pub(super) const SOURCE: &str = "csv_import";

/// A lead as a row has it, before it is stored.
#[derive(Debug, Clone)]
pub struct LeadDraft {
    /// The lead.
    pub lead: NewLead,
    /// How far it is.
    pub status: &'static str,
    pub(super) hash: [u8; 32],
}

/// The lead of a row.
///
/// # Errors
/// What is wrong with it, in words for whoever made the file.
pub(super) fn read(cells: &[String], columns: &[Column]) -> Result<LeadDraft, String> {
    if cells.len() > columns.len() && cells[columns.len()..].iter().any(|cell| !cell.trim().is_empty()) {
        return Err(format!("has {} cells, more than there are columns ({})", cells.len(), columns.len()));
    }
    let row = Cells { cells, columns };
    let mut fields = Map::new();
    let mut put = |name: &str, text: String| {
        if !text.is_empty() {
            fields.insert(name.to_owned(), Value::String(text));
        }
    };
    let (email, phone) = (row.first(Field::Email), row.first(Field::Phone));
    let name = row.name().or_else(|| email.or(phone).map(str::to_owned));
    put("name", name.unwrap_or_default());
    put("email", email.unwrap_or_default().to_owned());
    put("phone", phone.unwrap_or_default().to_owned());
    put("source", row.first(Field::Source).unwrap_or(SOURCE).to_owned());
    put("propertyAddress", row.address());
    let said = row.first(Field::Status);
    let status = said.and_then(|said| {
        let key = fold(said).replace([' ', '-'], "_");
        STATUSES.into_iter().find(|status| *status == key)
    });
    put("notes", row.notes(said.filter(|_| status.is_none())));
    let lead = NewLead::read(&fields).map_err(|error| row.told(error))?;
    Ok(LeadDraft { lead, status: status.unwrap_or(STATUSES[0]), hash: row.hash() })
}

struct Cells<'a> {
    cells: &'a [String],
    columns: &'a [Column],
}

impl<'a> Cells<'a> {
    /// The texts under columns of a field, blank ones left out.
    fn all(&self, field: Field) -> impl Iterator<Item = (&'a Column, &'a str)> {
        let cells = self.columns.iter().zip(self.cells).filter(move |(column, _)| column.field == field.name());
        cells.map(|(column, cell)| (column, plain(cell.trim()))).filter(|(_, cell)| !cell.is_empty())
    }

    fn first(&self, field: Field) -> Option<&'a str> {
        self.all(field).next().map(|(_, cell)| cell)
    }

    /// The name, whole or of its parts.
    fn name(&self) -> Option<String> {
        let parts = [self.first(Field::FirstName), self.first(Field::LastName)];
        let joined = parts.into_iter().flatten().collect::<Vec<_>>().join(" ");
        self.first(Field::Name).map(str::to_owned).or(Some(joined)).filter(|name| !name.is_empty())
    }

    fn address(&self) -> String {
        let region =
            [self.first(Field::State), self.first(Field::Zip)].into_iter().flatten().collect::<Vec<_>>().join(" ");
        let parts = [self.first(Field::Address), self.first(Field::City), Some(region.as_str())];
        parts.into_iter().flatten().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(", ")
    }

    /// The notes; what has no place of its own is written beneath them, with its header.
    fn notes(&self, status: Option<&str>) -> String {
        let mut lines = Vec::new();
        for (n, (column, cell)) in self.all(Field::Notes).enumerate() {
            lines.push(if n == 0 { cell.to_owned() } else { format!("{}: {cell}", column.header) });
        }
        lines.extend(status.map(|status| format!("Status: {status}")));
        lines.extend(self.first(Field::Created).map(|created| format!("Came in: {created}")));
        lines.join("\n")
    }

    /// What tells the row from others: its id where it has one, else everything in it.
    fn hash(&self) -> [u8; 32] {
        let mut context = digest::Context::new(&digest::SHA256);
        match self.first(Field::Id) {
            Some(id) => {
                context.update(b"id\0");
                context.update(id.as_bytes());
            }
            None => {
                context.update(b"row");
                for cell in self.cells {
                    context.update(b"\0");
                    context.update(cell.trim().as_bytes());
                }
            }
        }
        context.finish().as_ref().try_into().expect("SHA-256 gives 32 bytes")
    }

    /// Errors by the headers of the file.
    fn told(&self, error: Error) -> String {
        let Error::Invalid(errors) = error else { return error.to_string() };
        let told = errors.into_iter().map(|error| {
            let field = match error.field.as_str() {
                "propertyAddress" => Some(Field::Address),
                name => Field::from_name(name),
            };
            let column = field.and_then(|field| self.columns.iter().find(|column| column.field == field.name()));
            match (error.field.as_str(), column) {
                ("name", _) if error.message == "is required" => {
                    String::from("has no name, e-mail address or phone number")
                }
                (_, Some(column)) => format!("{}: {}", column.header, error.message),
                (name, None) => format!("{name}: {}", error.message),
            }
        });
        told.collect::<Vec<_>>().join("; ")
    }
}

/// Text without the quote that keeps a spreadsheet from taking it for a formula, as our own sheets have it.
pub(super) fn plain(text: &str) -> &str {
    text.strip_prefix('\'').filter(|rest| rest.starts_with(['=', '+', '-', '@'])).unwrap_or(text)
}

#[cfg(test)]
mod tests {
    use super::{super::columns::guess, *};

    fn draft(headers: &str, row: &str) -> Result<LeadDraft, String> {
        let split = |text: &str| text.split('|').map(str::to_owned).collect::<Vec<_>>();
        read(&split(row), &guess(split(headers)))
    }

    #[test]
    fn a_row_becomes_a_lead() {
        let draft = draft(
            "First Name|Last Name|Nickname|Email 1|Phone|Address|City|State|Zip|Notes|Comments|Stage|Created",
            "Ada|Lovelace|x|ada@example.com|'+1 555|1 Main St|Miami|FL|33101|Wants a garden|Rang|Hot|2024-01-02",
        );
        let draft = draft.unwrap();
        assert_eq!(draft.lead.name, "Ada Lovelace");
        assert_eq!(draft.lead.phone.unwrap().as_str(), "+1 555");
        assert_eq!(draft.lead.property_address.as_deref(), Some("1 Main St, Miami, FL 33101"));
        let notes = "Wants a garden\nComments: Rang\nStatus: Hot\nCame in: 2024-01-02";
        assert_eq!((draft.lead.notes.as_deref(), draft.status), (Some(notes), "new"));
        assert_eq!(draft.lead.source, SOURCE);
    }

    #[test]
    fn a_status_of_ours_is_taken_and_a_name_is_made_of_what_there_is() {
        let draft = draft("Status|Email", "Do not contact|ada@example.com").unwrap();
        assert_eq!((draft.status, draft.lead.name.as_str()), ("do_not_contact", "ada@example.com"));
    }

    #[test]
    fn what_is_wrong_is_told_by_the_header() {
        assert_eq!(draft("Nombre|Correo", " | ").unwrap_err(), "has no name, e-mail address or phone number");
        assert!(draft("Nombre|Correo", "Ada|nobody").unwrap_err().starts_with("Correo: "));
        assert!(draft("Nombre|Correo", "Ada|a@b.co|more").unwrap_err().starts_with("has 3 cells"));
    }

    #[test]
    fn a_row_is_known_by_its_id_else_by_all_it_holds() {
        let hash = |headers, row| draft(headers, row).unwrap().hash;
        assert_eq!(hash("Id|Name", "7|Ada"), hash("Id|Name", "7|Ada Lovelace"));
        assert_ne!(hash("Id|Name", "7|Ada"), hash("Id|Name", "8|Ada"));
        assert_ne!(hash("Name|Notes", "Ada|x"), hash("Name|Notes", "Ada|y"));
        assert_eq!(hash("Name|Notes", "Ada|x"), hash("Name|Notes", " Ada |x"));
    }
}
