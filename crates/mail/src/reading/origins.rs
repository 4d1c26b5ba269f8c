//! Where a lead comes from, as subject, text and links say.

use super::{
    Found, Origin,
    candidates::one,
    letters::Letter,
    providers::{self, Kind, Provider},
    texts, vocabulary,
};

/// Who sent a mail that was passed on without its headers: whoever its links lead to, else whoever it names.
pub(crate) fn by_content(letter: &Letter) -> Option<&'static Provider> {
    let hosts = letter.pages.iter().flat_map(|page| &page.links).filter_map(|link| {
        let rest = link.target.split_once("://")?.1;
        rest.split(['/', '?', '#', ':']).next()
    });
    let linked = hosts
        .filter_map(providers::by_address)
        .find(|provider| provider.kind == Kind::Portal && provider.slug != "facebook");
    linked.or_else(|| {
        let named = |text: &str| providers::named_in(&texts::fold(text)).map(|(provider, _)| provider);
        let named = named(&letter.subject).or_else(|| letter.pages.first().and_then(|page| named(&page.text(6_000))));
        named.filter(|provider| matches!(provider.kind, Kind::Portal | Kind::Crm | Kind::OpenHouse))
    })
}

/// Everything that names an origin.
pub(crate) fn find(letter: &Letter, provider: Option<&'static Provider>) -> Vec<Found> {
    let mut sources = Vec::new();
    let subject = texts::fold(&letter.subject);
    let kind = provider.map(|provider| provider.kind);
    let names_origin = matches!(kind, Some(Kind::Crm)) || provider.is_none();
    if names_origin && let Some((named, _)) = providers::named_in(&subject).filter(|(named, _)| named.source.is_some())
    {
        sources.push(one(named.source.as_deref().unwrap_or_default(), 84, Origin::Subject, &letter.subject));
    }
    let text = letter.pages.iter().map(|page| page.text(6_000)).collect::<Vec<_>>().join("\n");
    let folded = texts::fold(&text);
    if names_origin || kind == Some(Kind::Form) {
        let is_sheet = texts::has_word(&subject, &["open house"])
            && texts::has_word(&subject, vocabulary::list("subjects_sheets"))
            || texts::has_word(&folded, vocabulary::list("bodies_sheets"));
        if is_sheet {
            sources.push(one("open-house", 83, Origin::Text, &letter.subject));
        }
    }
    if (kind == Some(Kind::Crm) || letter.is_sender_lost)
        && let Some((named, _)) = providers::named_in(&folded).filter(|(named, _)| named.source.is_some())
    {
        sources.push(one(named.source.as_deref().unwrap_or_default(), 70, Origin::Text, ""));
    }
    // Brands of one house send from one domain.
    if provider.is_some_and(|provider| provider.slug == "zillow") {
        for brand in ["trulia", "hotpads", "streeteasy"] {
            let says = ["via", "from", "on", "through", "by"].iter().any(|word| {
                texts::find_word(&subject, &format!("{word} {brand}")).is_some()
                    || texts::find_word(&folded, &format!("{word} {brand}")).is_some()
            });
            if says
                || letter.from.name.to_lowercase().contains(brand)
                || letter.from.address.to_lowercase().contains(brand)
            {
                sources.push(one(brand, 90, Origin::Text, brand));
            }
        }
    }
    sources
}
