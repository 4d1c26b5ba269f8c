//! What search engines are told of a page beside its words: schema.org in JSON-LD.

use crm::listings::{Listing, ListingStatus, PropertyType};
use crm::shelves::HomeKind;
use serde_json::{Value, json};

use super::{Frame, Visited, cards, photos::Shown};
use crate::Site;

/// JSON as it can stand in a page: nothing in it ends the element that it stands in.
pub(crate) fn written(nodes: &[Value]) -> String {
    let text = json!({"@context": "https://schema.org", "@graph": nodes}).to_string();
    let mut out = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '<' => out.push_str("\\u003c"),
            '>' => out.push_str("\\u003e"),
            '&' => out.push_str("\\u0026"),
            '\u{2028}' => out.push_str("\\u2028"),
            '\u{2029}' => out.push_str("\\u2029"),
            letter => out.push(letter),
        }
    }
    out
}

/// By what the agent is known in the other nodes.
fn agent_id(site: &Site, visited: &Visited) -> String {
    format!("{}#agent", visited.outside(site, ""))
}

/// Without what is not known.
fn known(mut node: Value) -> Value {
    if let Some(fields) = node.as_object_mut() {
        fields.retain(|_, value| !value.is_null() && value.as_array().is_none_or(|list| !list.is_empty()));
    }
    node
}

/// The agent.
pub(crate) fn agent(site: &Site, visited: &Visited) -> Value {
    let website = &visited.website;
    let profile = &website.profile;
    let photo = website.photo.as_ref().map(|hash| visited.absolute(site, &super::photos::own_path(visited, hash)));
    let brokerage = profile.brokerage.as_ref().map(|name| json!({"@type": "Organization", "name": name}));
    let areas = profile.service_areas.iter().map(|name| json!({"@type": "Place", "name": name})).collect::<Vec<_>>();
    known(json!({
        "@type": "RealEstateAgent",
        "@id": agent_id(site, visited),
        "name": profile.name,
        "url": visited.outside(site, ""),
        "telephone": profile.phone,
        "image": photo,
        "parentOrganization": brokerage,
        "identifier": profile.licence,
        "areaServed": areas,
        "knowsLanguage": profile.languages,
    }))
}

/// The way from the home page to a page: what each is called, and the path behind the website's own.
pub(crate) fn way(site: &Site, visited: &Visited, steps: &[(&str, &str)]) -> Value {
    let home = [(visited.website.profile.name.as_str(), "")];
    let items = home.iter().chain(steps).zip(1..).map(|((name, rest), place)| {
        json!({"@type": "ListItem", "position": place, "name": name, "item": visited.canonical(site, rest, visited.words.tag)})
    });
    json!({"@type": "BreadcrumbList", "itemListElement": items.collect::<Vec<_>>()})
}

/// What kind of thing is on offer.
fn kind(listing: &Listing) -> &'static str {
    let details = &listing.details;
    let word = details.property_sub_type.map(|kind| kind.name()).or(details.property_type.map(PropertyType::name));
    match word.and_then(HomeKind::of) {
        Some(HomeKind::House | HomeKind::Manufactured) => "SingleFamilyResidence",
        Some(HomeKind::Townhouse | HomeKind::MultiFamily) => "House",
        Some(HomeKind::Condo) => "Apartment",
        Some(HomeKind::Land | HomeKind::Commercial) => "Place",
        None => "House",
    }
}

/// A listing, with its home and its offer.
pub(crate) fn listing(site: &Site, visited: &Visited, listing: &Listing, frame: &Frame, photos: &[Shown]) -> Value {
    let details = &listing.details;
    let url = frame.canonical.clone().unwrap_or_default();
    let kind = kind(listing);
    let is_dwelling = kind != "Place";
    let availability = match listing.status {
        ListingStatus::ComingSoon => "https://schema.org/PreOrder",
        ListingStatus::Closed => "https://schema.org/SoldOut",
        ListingStatus::ActiveUnderContract | ListingStatus::Pending => "https://schema.org/LimitedAvailability",
        _ => "https://schema.org/InStock",
    };
    let function = if cards::is_lease(listing) { "LeaseOut" } else { "Sell" };
    let geo = details.latitude.zip(details.longitude);
    let street = cards::parted(&listing.address).0;
    let home = known(json!({
        "@type": kind,
        "name": listing.address,
        "address": known(json!({
            "@type": "PostalAddress",
            "streetAddress": street,
            "addressLocality": details.city,
            "addressRegion": details.state_or_province,
            "postalCode": details.postal_code,
            "addressCountry": details.country,
        })),
        "geo": geo.map(|(latitude, longitude)| json!({"@type": "GeoCoordinates", "latitude": latitude, "longitude": longitude})),
        "numberOfBedrooms": listing.bedrooms.filter(|_| is_dwelling),
        "numberOfBathroomsTotal": listing.bathrooms.filter(|_| is_dwelling).map(|rooms| rooms.rooms().round() as i64),
        "floorSize": listing.sqft.filter(|_| is_dwelling).map(|size| json!({"@type": "QuantitativeValue", "value": size, "unitCode": "FTK"})),
        "yearBuilt": details.year_built.filter(|_| is_dwelling),
    }));
    let images = photos.iter().take(10).map(|photo| visited.absolute(site, &photo.whole)).collect::<Vec<_>>();
    known(json!({
        "@type": "RealEstateListing",
        "@id": format!("{url}#listing"),
        "url": url,
        "name": listing.address,
        "description": frame.description,
        "inLanguage": visited.words.tag,
        "datePosted": listing.created_at.to_rfc3339(),
        "dateModified": listing.updated_at.to_rfc3339(),
        "image": images,
        "mainEntity": home,
        "offers": {
            "@type": "Offer",
            "url": url,
            "price": cards::price_of(listing).units(),
            "priceCurrency": listing.currency,
            "availability": availability,
            "businessFunction": format!("http://purl.org/goodrelations/v1#{function}"),
            "seller": {"@id": agent_id(site, visited)},
        },
    }))
}

/// A list of listings.
pub(crate) fn list(site: &Site, visited: &Visited, cards: &[cards::Card]) -> Value {
    let items = cards.iter().zip(1..).map(
        |(card, place)| json!({"@type": "ListItem", "position": place, "url": visited.absolute(site, &card.path)}),
    );
    json!({"@type": "ItemList", "itemListElement": items.collect::<Vec<_>>()})
}

/// A post.
pub(crate) fn post(site: &Site, visited: &Visited, post: &crm::posts::Post, frame: &Frame) -> Value {
    known(json!({
        "@type": "BlogPosting",
        "headline": post.title,
        "url": frame.canonical,
        "description": frame.description,
        "inLanguage": post.language,
        "datePublished": post.published_at.map(|at| at.to_rfc3339()),
        "dateModified": post.updated_at.to_rfc3339(),
        "author": {"@id": agent_id(site, visited)},
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_in_it_ends_the_element_that_it_stands_in() {
        let text = written(&[json!({"name": "</script><script>alert(1)</script><!-- & \u{2028}"})]);
        assert!(!text.contains(['<', '>', '&', '\u{2028}']), "{text}");
        let read: Value = serde_json::from_str(&text).unwrap();
        assert_eq!(read["@graph"][0]["name"], "</script><script>alert(1)</script><!-- & \u{2028}");
    }
}
