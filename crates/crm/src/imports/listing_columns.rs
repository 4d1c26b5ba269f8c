//! What the columns of a file of listings are: the names of the RESO Data Dictionary, those of our API, and what usual programs and
//! people write, in English and Spanish.
//!
//! A plain `id` is none of them: programs number their rows from 1, and one's seventh home is not another's.

use super::columns::{Column, key};

/// How what stands in a column is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// As it is.
    Text,
    /// An amount of money.
    Money,
    /// An area, in square feet unless a column beside it says otherwise.
    Area,
    /// A number.
    Number,
    /// Yes or no.
    Flag,
    /// A day.
    Date,
    /// One of the words that the API knows for it.
    Word,
    /// A part of another field.
    Part,
}

/// A field: its name (that of the API, where it is one of its fields), in words, how it is read, and the headers that it is told by:
/// lower-case letters and digits, the surest first.
pub(super) struct Field {
    pub name: &'static str,
    pub words: &'static str,
    pub kind: Kind,
    headers: &'static [&'static str],
}

/// What is left out.
pub(super) const IGNORED: &str = "ignored";
/// What a JSON file's one column is: the record itself.
const RECORD: &str = "record";

/// The one column of a file of records.
pub(super) fn of_records() -> Vec<Column> {
    vec![Column { header: RECORD.to_owned(), field: RECORD.to_owned() }]
}

/// Whether these columns are those of a file of records.
pub(super) fn are_of_records(columns: &[Column]) -> bool {
    matches!(columns, [only] if only.field == RECORD)
}

macro_rules! fields {
    ($($name:literal $kind:ident $words:literal [$($header:literal)*])+) => {
        &[$(Field { name: $name, words: $words, kind: Kind::$kind, headers: &[$($header),*] }),+]
    };
}

/// Every field.
pub(super) const FIELDS: &[Field] = fields! {
    "ignored" Part "Leave out" []
    "listingKey" Part "Key in the other program" ["listingkey" "listingkeynumeric" "listingguid"]
    "mlsNumber" Text "MLS number" ["listingid" "mlsnumber" "mls" "mlsid" "mlsno" "mlsnum" "referencia"]
    "address" Text "Address" ["unparsedaddress" "address" "fulladdress" "propertyaddress" "streetaddress" "street" "address1"
        "addressline1" "property" "direccion" "domicilio" "calle"]
    "streetNumber" Part "Address: number" ["streetnumber" "streetnumbernumeric" "housenumber" "numero"]
    "streetDirPrefix" Part "Address: direction" ["streetdirprefix"]
    "streetName" Part "Address: street" ["streetname"]
    "streetSuffix" Part "Address: suffix" ["streetsuffix" "streettype"]
    "unitNumber" Text "Address: unit" ["unitnumber" "unit" "apt" "apartment" "suite" "piso"]
    "city" Text "City" ["city" "town" "ciudad" "municipio" "localidad"]
    "stateOrProvince" Text "State" ["stateorprovince" "state" "province" "provincia"]
    "postalCode" Text "Postal code" ["postalcode" "zip" "zipcode" "postcode" "codigopostal" "cp"]
    "countyOrParish" Text "County" ["countyorparish" "county" "parish"]
    "country" Text "Country" ["country" "pais"]
    "price" Money "Price" ["listprice" "price" "askingprice" "currentprice" "listingprice" "precio" "precioventa"]
    "currency" Text "Currency" ["currency" "listpricecurrency" "moneda" "divisa"]
    "status" Word "Status" ["standardstatus" "status" "mlsstatus" "listingstatus" "estado" "estatus" "situacion"]
    "propertyType" Word "Property type" ["propertytype" "type" "class" "tipo"]
    "propertySubType" Word "Kind" ["propertysubtype" "subtype" "propertykind" "style" "subtipo"]
    "description" Text "Description" ["publicremarks" "description" "remarks" "marketingremarks" "publicdescription" "descripcion"]
    "bedrooms" Number "Bedrooms" ["bedroomstotal" "bedrooms" "beds" "bed" "br" "totalbedrooms" "habitaciones" "dormitorios"
        "recamaras"]
    "bathrooms" Number "Bathrooms" ["bathroomstotaldecimal" "bathrooms" "baths" "bath" "ba" "totalbaths" "banos"
        "bathroomstotalinteger"]
    "bathroomsFull" Part "Bathrooms: full" ["bathroomsfull" "fullbaths" "bathsfull"]
    "bathroomsThreeQuarter" Part "Bathrooms: three quarters" ["bathroomsthreequarter"]
    "bathroomsHalf" Part "Bathrooms: half" ["bathroomshalf" "halfbaths" "bathshalf" "aseos"]
    "bathroomsOneQuarter" Part "Bathrooms: one quarter" ["bathroomsonequarter"]
    "sqft" Area "Living area" ["livingarea" "sqft" "squarefeet" "squarefootage" "livingareasqft" "buildingareatotal" "area" "size"
        "superficie"]
    "sqftUnits" Part "Living area: unit" ["livingareaunits" "buildingareaunits"]
    "lotSizeSqft" Area "Lot" ["lotsizesquarefeet" "lotsizesqft" "lotsqft" "lotsize" "lotsizearea" "parcela"]
    "lotSizeUnits" Part "Lot: unit" ["lotsizeunits"]
    "lotSizeAcres" Part "Lot in acres" ["lotsizeacres" "acres"]
    "yearBuilt" Number "Year built" ["yearbuilt" "year" "built" "anodeconstruccion" "ano"]
    "garageSpaces" Number "Garage spaces" ["garagespaces" "garage" "garages" "garaje" "cochera"]
    "hasPool" Flag "Private pool" ["poolprivateyn" "haspool" "pool" "piscina" "alberca"]
    "latitude" Number "Latitude" ["latitude" "lat" "latitud"]
    "longitude" Number "Longitude" ["longitude" "lng" "lon" "long" "longitud"]
    "associationFee" Money "Association fee" ["associationfee" "hoafee" "hoa" "hoadues" "comunidad"]
    "associationFeeFrequency" Word "Fee is due" ["associationfeefrequency" "hoafrequency" "feefrequency"]
    "taxAnnualAmount" Money "Tax a year" ["taxannualamount" "annualtax" "taxes" "propertytax"]
    "originalPrice" Money "Original price" ["originallistprice" "originalprice"]
    "closePrice" Money "Closing price" ["closeprice" "soldprice" "saleprice"]
    "closeDate" Date "Closed on" ["closedate" "solddate" "saledate"]
    "onMarketDate" Date "On the market since" ["onmarketdate" "listingcontractdate" "listdate" "listingdate"]
    "expirationDate" Date "Agreement ends" ["expirationdate" "expires" "expirydate"]
    "closeDateByDay" Part "Closed on, day first (31/12/2026)" []
    "onMarketDateByDay" Part "On the market since, day first (31/12/2026)" []
    "expirationDateByDay" Part "Agreement ends, day first (31/12/2026)" []
    "virtualTourUrl" Text "Virtual tour" ["virtualtoururlunbranded" "virtualtoururl" "virtualtour" "tour" "tourvirtual"]
    "privateRemarks" Text "Private remarks" ["privateremarks" "agentremarks" "notes" "notas"]
    "showingInstructions" Text "Showing instructions" ["showinginstructions"]
};

/// The field of a name.
pub(super) fn field(name: &str) -> Option<&'static Field> {
    FIELDS.iter().find(|field| field.name == name)
}

/// How the name of a field ends whose days are written with the day first.
const BY_DAY: &str = "ByDay";

/// The field of a day, where this one is it with the day first.
pub(super) fn by_day(field: &Field) -> Option<&'static Field> {
    field.name.strip_suffix(BY_DAY).and_then(self::field)
}

/// Which orders the days of a column can only be in.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Orders {
    /// Some of them begin with what can be no month.
    pub is_day_first: bool,
    /// Some of them have it second.
    pub is_month_first: bool,
}

/// Reads the days of each column in the order that all of them can be in, where only one is possible. Whether that is another than before.
pub(super) fn put_in_order(columns: &mut [Column], orders: &[Orders]) -> bool {
    let mut is_changed = false;
    for (column, orders) in columns.iter_mut().zip(orders) {
        let Some(known) = field(&column.field) else { continue };
        let put = match (by_day(known), orders.is_day_first, orders.is_month_first) {
            (Some(base), false, true) => base.name.to_owned(),
            (None, true, false) if known.kind == Kind::Date => format!("{}{BY_DAY}", known.name),
            _ => continue,
        };
        column.field = put;
        is_changed = true;
    }
    is_changed
}

/// The field that a header tells of, and how sure that is: the lower, the surer.
pub(super) fn told_by(header: &str) -> Option<(&'static Field, usize)> {
    let key = key(header);
    FIELDS.iter().find_map(|field| {
        let place = field.headers.iter().position(|known| *known == key);
        let own = || (field.name.to_ascii_lowercase() == key && field.name != IGNORED).then_some(field.headers.len());
        place.or_else(own).map(|place| (field, place))
    })
}

/// What the columns under these headers are likely to be. Of several that may be the same the surest is, and the first of those.
pub(super) fn guess(headers: Vec<String>) -> Vec<Column> {
    let told = headers.iter().map(|header| told_by(header)).collect::<Vec<_>>();
    let is_best = |place: usize| {
        let (field, rank) = told[place]?;
        let others = told.iter().enumerate().filter_map(|(other, told)| told.map(|(known, rank)| (other, known, rank)));
        let better = others
            .filter(|(other, known, other_rank)| known.name == field.name && (*other_rank, *other) < (rank, place));
        (better.count() == 0).then_some(field.name)
    };
    let fields = (0..headers.len()).map(|place| is_best(place).unwrap_or(IGNORED).to_owned()).collect::<Vec<_>>();
    headers.into_iter().zip(fields).map(|(header, field)| Column { header, field }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_are_read_in_the_one_order_that_all_of_them_can_be_in() {
        let orders = |is_day_first, is_month_first| Orders { is_day_first, is_month_first };
        let put = |field: &str, orders| {
            let mut columns = [Column { header: String::new(), field: field.to_owned() }];
            let is_changed = put_in_order(&mut columns, &[orders]);
            (columns[0].field.clone(), is_changed)
        };
        assert_eq!(put("closeDate", orders(true, false)), ("closeDateByDay".to_owned(), true));
        assert_eq!(put("closeDateByDay", orders(false, true)), ("closeDate".to_owned(), true));
        for (field, orders) in [
            ("closeDate", orders(false, false)),
            ("closeDate", orders(true, true)),
            ("closeDate", orders(false, true)),
            ("closeDateByDay", orders(true, false)),
            ("closeDateByDay", orders(false, false)),
            ("address", orders(true, false)),
            ("ignored", orders(true, false)),
        ] {
            assert_eq!(put(field, orders), (field.to_owned(), false));
        }
    }

    fn fields(headers: &[&str]) -> Vec<String> {
        guess(headers.iter().map(|header| (*header).to_owned()).collect())
            .into_iter()
            .map(|column| column.field)
            .collect()
    }

    #[test]
    fn usual_headers_are_known() {
        assert_eq!(
            fields(&[
                "MLS #",
                "Street Address",
                "City",
                "State",
                "Zip",
                "List Price",
                "Beds",
                "Baths",
                "Sq Ft",
                "Status",
                "Photo"
            ]),
            [
                "mlsNumber",
                "address",
                "city",
                "stateOrProvince",
                "postalCode",
                "price",
                "bedrooms",
                "bathrooms",
                "sqft",
                "status",
                "ignored"
            ]
        );
        assert_eq!(
            fields(&["Dirección", "Precio", "Habitaciones", "Baños", "Superficie", "Estado", "Descripción"]),
            ["address", "price", "bedrooms", "bathrooms", "sqft", "status", "description"]
        );
    }

    #[test]
    fn of_two_that_say_the_same_the_surer_is_taken() {
        assert_eq!(fields(&["MlsStatus", "StandardStatus"]), ["ignored", "status"]);
        assert_eq!(fields(&["BathroomsTotalInteger", "bathrooms", "baths"]), ["ignored", "bathrooms", "ignored"]);
        assert_eq!(fields(&["address", "Address"]), ["address", "ignored"]);
    }

    #[test]
    fn no_header_tells_of_two_fields_and_every_name_of_the_api_is_known() {
        let mut seen = std::collections::HashSet::new();
        for field in FIELDS {
            assert!(field.headers.iter().all(|header| seen.insert(*header)), "{}", field.name);
            if field.name != IGNORED {
                assert_eq!(told_by(field.name).map(|(known, _)| known.name), Some(field.name));
            }
        }
    }
}
