//! What the columns of a file of leads are: guessed from their headers, in English and Spanish and as usual programs name them.

use serde::{Deserialize, Serialize};

use crate::fold::fold;

/// What a column of a file of leads is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Field {
    /// Passed over.
    Ignored,
    /// The whole name.
    Name,
    /// The first name.
    FirstName,
    /// The last name.
    LastName,
    /// The e-mail address.
    Email,
    /// The phone number.
    Phone,
    /// Where the lead came from.
    Source,
    /// The property asked about, or its street.
    Address,
    /// The property's city.
    City,
    /// The property's state.
    State,
    /// The property's postal code.
    Zip,
    /// What the person wrote, or what is known.
    Notes,
    /// How far the lead is.
    Status,
    /// When it came in, in the program that the file is from.
    Created,
    /// Its id there.
    Id,
}

impl Field {
    /// Every field, with its name in forms and in words.
    pub const NAMES: [(Self, &'static str, &'static str); 15] = [
        (Self::Ignored, "ignored", "Leave out"),
        (Self::Name, "name", "Name"),
        (Self::FirstName, "firstName", "First name"),
        (Self::LastName, "lastName", "Last name"),
        (Self::Email, "email", "E-mail"),
        (Self::Phone, "phone", "Phone"),
        (Self::Source, "source", "Source"),
        (Self::Address, "address", "Property: address"),
        (Self::City, "city", "Property: city"),
        (Self::State, "state", "Property: state"),
        (Self::Zip, "zip", "Property: postal code"),
        (Self::Notes, "notes", "Notes"),
        (Self::Status, "status", "Status"),
        (Self::Created, "created", "Came in on (kept as a note)"),
        (Self::Id, "id", "Id in the other program"),
    ];

    /// The field of a name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::NAMES.iter().find(|(_, known, _)| *known == name).map(|(field, ..)| *field)
    }

    /// The name in forms.
    pub fn name(self) -> &'static str {
        Self::NAMES.iter().find(|(field, ..)| *field == self).map_or("ignored", |(_, name, _)| name)
    }
}

/// A column of the file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Column {
    /// What stands above it.
    pub header: String,
    /// What it is: the name of one of its subject's fields.
    pub field: String,
}

/// A header as it is compared: folded and without anything but letters and digits.
pub(super) fn key(header: &str) -> String {
    fold(header).chars().filter(|letter| letter.is_alphanumeric()).collect()
}

/// Headers, folded and without anything but letters and digits.
const HEADERS: [(Field, &[&str]); 14] = [
    (
        Field::Name,
        &[
            "name",
            "fullname",
            "contactname",
            "leadname",
            "clientname",
            "displayname",
            "person",
            "contact",
            "nombrecompleto",
            "nombreyapellidos",
            "nombre",
            "cliente",
            "contacto",
            "interesado",
        ],
    ),
    (Field::FirstName, &["firstname", "first", "givenname", "fname", "primernombre", "nombres", "nombredepila"]),
    (
        Field::LastName,
        &["lastname", "last", "surname", "familyname", "lname", "apellido", "apellidos", "primerapellido"],
    ),
    (
        Field::Email,
        &[
            "email",
            "emailaddress",
            "email1",
            "emailaddress1",
            "primaryemail",
            "email1value",
            "email1address",
            "homeemail",
            "workemail",
            "personalemail",
            "mail",
            "correo",
            "correoelectronico",
            "direcciondecorreo",
            "email2",
            "email2value",
        ],
    ),
    (
        Field::Phone,
        &[
            "phone",
            "phonenumber",
            "phone1",
            "primaryphone",
            "phone1value",
            "mobile",
            "mobilephone",
            "mobilenumber",
            "cell",
            "cellphone",
            "cellnumber",
            "telephone",
            "tel",
            "telefono",
            "telefonomovil",
            "telefono1",
            "movil",
            "celular",
            "homephone",
            "workphone",
            "businessphone",
            "dayphone",
            "phone2",
            "phone2value",
        ],
    ),
    (
        Field::Source,
        &[
            "source",
            "leadsource",
            "originalsource",
            "origin",
            "sourcename",
            "channel",
            "fuente",
            "origen",
            "canal",
            "procedencia",
            "portal",
        ],
    ),
    (
        Field::Address,
        &[
            "propertyaddress",
            "address",
            "streetaddress",
            "street",
            "property",
            "propertyofinterest",
            "listingaddress",
            "propertystreet",
            "address1",
            "addressline1",
            "homeaddress",
            "homestreet",
            "inquiryaddress",
            "direccion",
            "inmueble",
            "propiedad",
            "domicilio",
            "calle",
            "vivienda",
        ],
    ),
    (Field::City, &["city", "propertycity", "homecity", "town", "ciudad", "municipio", "localidad", "poblacion"]),
    (Field::State, &["state", "propertystate", "homestate", "province", "stateprovince", "provincia", "region"]),
    (
        Field::Zip,
        &[
            "zip",
            "zipcode",
            "postalcode",
            "postcode",
            "propertyzip",
            "propertypostalcode",
            "homepostalcode",
            "codigopostal",
            "cp",
        ],
    ),
    (
        Field::Notes,
        &[
            "notes",
            "note",
            "comments",
            "comment",
            "message",
            "description",
            "background",
            "inquiry",
            "remarks",
            "notas",
            "nota",
            "comentarios",
            "comentario",
            "mensaje",
            "observaciones",
            "descripcion",
            "consulta",
        ],
    ),
    (Field::Status, &["status", "leadstatus", "stage", "leadstage", "estado", "etapa", "situacion", "fase"]),
    (
        Field::Created,
        &[
            "created",
            "createdat",
            "createdate",
            "createddate",
            "datecreated",
            "creationdate",
            "createdon",
            "createdtime",
            "dateadded",
            "added",
            "leaddate",
            "registered",
            "registerdate",
            "inquirydate",
            "fecha",
            "fechadecreacion",
            "fechacreacion",
            "fechadealta",
            "fechaalta",
            "fechaderegistro",
        ],
    ),
    (
        Field::Id,
        &[
            "id",
            "leadid",
            "contactid",
            "personid",
            "recordid",
            "externalid",
            "customerid",
            "identificador",
            "referencia",
        ],
    ),
];

/// What the columns under these headers are likely to be.
pub(super) fn guess(headers: Vec<String>) -> Vec<Column> {
    let guessed = |header: &String| {
        let key = key(header);
        HEADERS.iter().find(|(_, known)| known.contains(&key.as_str())).map_or(Field::Ignored, |(field, _)| *field)
    };
    let mut fields = headers.iter().map(guessed).collect::<Vec<_>>();
    // Beside a last name, `Name` or `Nombre` is the first.
    if fields.contains(&Field::LastName) && !fields.contains(&Field::FirstName) {
        fields.iter_mut().filter(|field| **field == Field::Name).for_each(|field| *field = Field::FirstName);
    }
    let columns = headers.into_iter().zip(fields);
    columns.map(|(header, field)| Column { header, field: field.name().to_owned() }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fields(headers: &[&str]) -> Vec<String> {
        let columns = guess(headers.iter().map(|header| (*header).to_owned()).collect());
        columns.into_iter().map(|column| column.field).collect()
    }

    #[test]
    fn usual_headers_are_known() {
        assert_eq!(
            fields(&["First Name", "Last Name", "E-mail 1 - Value", "Phone 1 - Value", "Lead Source", "tenantId"]),
            ["firstName", "lastName", "email", "phone", "source", "ignored"]
        );
        assert_eq!(
            fields(&["Nombre", "Apellidos", "Correo electrónico", "Teléfono móvil", "Dirección", "Código Postal"]),
            ["firstName", "lastName", "email", "phone", "address", "zip"]
        );
        assert_eq!(fields(&["Nombre", "Estado", "Observaciones"]), ["name", "status", "notes"]);
        let own =
            ["id", "name", "email", "phone", "status", "source", "propertyAddress", "notes", "createdAt", "updatedAt"];
        assert_eq!(
            fields(&own),
            ["id", "name", "email", "phone", "status", "source", "address", "notes", "created", "ignored"]
        );
    }

    #[test]
    fn a_field_round_trips_by_its_name() {
        for (field, name, _) in Field::NAMES {
            assert_eq!((Field::from_name(name), field.name()), (Some(field), name));
        }
    }
}
