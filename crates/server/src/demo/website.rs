//! The demo's website: what the agent says of themselves, their picture, drawn homes for the listings, an open house, posts.

use std::collections::{BTreeMap, HashMap};

use crm::{
    AgentId, Crm, Error,
    clock::UnixMillis,
    ids::ListingId,
    listing_photos::{self, Arrival},
    open_houses, photos,
    posts::{self, PostStatus, TypedPost},
    profiles::{self, TypedProfile},
    websites::{self, Look, Texts},
};

macro_rules! picture {
    ($name:literal) => {
        include_bytes!(concat!("pictures/", $name, ".jpg"))
    };
}

/// A picture, and what is said of it.
type Picture = (&'static [u8], &'static str);

const LIVING: Picture = (picture!("living"), "The living room, with the garden behind it");
const KITCHEN: Picture = (picture!("kitchen"), "The kitchen, with an island for four");
const BEDROOM: Picture = (picture!("bedroom"), "The main bedroom");

/// Pictures of the sample's listings, by the names that they have in it.
const PICTURES: [(&str, &[Picture]); 10] = [
    ("oak", &[(picture!("oak"), "From Oak Avenue, in the evening"), LIVING, KITCHEN, BEDROOM]),
    ("brickell", &[(picture!("brickell"), "From the bay")]),
    ("gables", &[(picture!("gables"), "From Alhambra Circle")]),
    ("shores", &[(picture!("shores"), "")]),
    ("wynwood", &[(picture!("wynwood"), "The mural faces the courtyard")]),
    ("pinecrest", &[(picture!("pinecrest"), "The pool at dusk")]),
    ("beach", &[(picture!("beach"), "From the balcony")]),
    ("kendall", &[(picture!("kendall"), "With the mango trees")]),
    ("grove2", &[(picture!("grove2"), "From Coconut Avenue")]),
    ("edgewater", &[(picture!("edgewater"), "Across Margaret Pace Park")]),
];

const ABOUT_EN: &str = "I have sold homes in Miami for fourteen years, and lived here for twice as long. Before that I kept the books of a builder, \
which is where I learned what a house costs to keep.\n\nI take on few clients at a time, and I do the work myself: the showings, the paperwork, the call \
on a Sunday evening. You will always know what happens next, and why.\n\nIf buying is not a good idea this year, I will say so.";
const ABOUT_ES: &str = "Llevo catorce años vendiendo casas en Miami y el doble viviendo aquí. Antes llevaba las cuentas de una constructora: \
allí aprendí lo que cuesta mantener una casa.\n\nTrabajo con pocos clientes a la vez y lo hago todo yo: las visitas, los papeles, la llamada \
del domingo por la noche. Usted siempre sabrá qué sigue y por qué.\n\nSi este año no le conviene comprar, se lo diré.";
const POST: &str = "A listing tells you the price. It does not tell you the insurance, which in Miami can be the second largest bill of the house. \
Ask these three questions before you fall in love.\n\n## How old is the roof?\n\nInsurers look at the roof first. One that is older than fifteen years can \
double what you pay, or leave you with a single company to choose from. Ask for the permit, not for a guess.\n\n## What does the elevation certificate say?\n\n\
Two homes on the same street can stand in different flood zones. The certificate is one page, and it decides whether flood insurance is a *choice* or a \
**condition of the loan**.\n\n## When were the windows changed?\n\nImpact windows pay for themselves: in lower premiums, in quiet, and in not having to climb \
a ladder each time a storm has a name.\n\n- Get a quote before the inspection ends.\n- Ask the seller for their last two bills.\n- Put the number beside the \
mortgage, not below it.\n\nSend me the address, and I will tell you what I know about the house.";

/// Gives the sample's agent a website.
pub(super) async fn seed(
    crm: &Crm,
    agent: AgentId,
    names: &HashMap<String, String>,
    now: UnixMillis,
) -> Result<(), Error> {
    let profile = TypedProfile {
        name: String::from("Sarah Johnson"),
        time_zone: String::from("America/New_York"),
        licence: String::from("FL SL3412345"),
        brokerage: String::from("Bay & Grove Realty"),
        phone: String::from("(305) 555-0100"),
        languages: String::from("English\nSpanish"),
        service_areas: String::from("Miami\nCoral Gables\nMiami Shores\nPinecrest\nMiami Beach"),
        brand: String::new(),
    };
    profiles::replace(crm, agent, &profile).await?;
    photos::replace(crm, agent, picture!("portrait").to_vec()).await?;
    let listing = |name: &str| names.get(name).and_then(|id| id.parse::<ListingId>().ok());
    for (name, pictures) in PICTURES {
        let Some(id) = listing(name) else { continue };
        for (bytes, caption) in pictures {
            let mut arrival = Arrival::begin(crm, agent, id).await?;
            arrival.push(bytes).await?;
            let photo = arrival.finish(crm, agent).await?;
            listing_photos::describe(crm, agent, id, photo, caption).await?;
        }
    }
    if let Some(id) = listing("oak") {
        // A Saturday of the next days, at eleven in Miami's winter; the first of January 1970 was a Thursday.
        let day = 24 * 60 * 60 * 1_000;
        let next = (now.0 / day + 2) * day;
        let saturday = next + (13 - (next / day + 4) % 7) % 7 * day;
        let at = |hours: i64| UnixMillis(saturday + (hours + 5) * 60 * 60 * 1_000);
        open_houses::create(crm, agent, id, at(11), at(13), "Parking on the street; please ring.").await?;
    }
    let texts = |headline: &str, intro: &str, about: &str| Texts {
        headline: headline.to_owned(),
        intro: intro.to_owned(),
        about: about.to_owned(),
    };
    let look = Look {
        texts: BTreeMap::from([
            (
                String::from("en"),
                texts(
                    "Come home to Miami",
                    "Fourteen years, three hundred families, one agent who answers the phone.",
                    ABOUT_EN,
                ),
            ),
            (
                String::from("es"),
                texts(
                    "Su casa en Miami",
                    "Catorce años, trescientas familias, una agente que contesta el teléfono.",
                    ABOUT_ES,
                ),
            ),
        ]),
        ..Look::default()
    };
    websites::save(crm, agent, look).await?;
    websites::publish(crm, agent).await?;
    let post = TypedPost {
        title: String::from("Three questions to ask before you buy in Miami"),
        slug: String::new(),
        language: String::from("en"),
        text: POST.to_owned(),
    };
    let post = posts::create(crm, agent, &post, None).await?.value.id;
    posts::set_status(crm, agent, post, PostStatus::Published).await
}
