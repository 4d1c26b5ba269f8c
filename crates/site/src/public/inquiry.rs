//! The form by which a visitor becomes a lead, as it stands on a page: `templates/public/inquiry_form.html`.

use crm::{
    ids::ListingId,
    input::max,
    inquiries::{Fault, InquiryKind, LONGEST_MESSAGE, Subject, Typed, form_tokens},
    values::{EmailAddress, PhoneNumber},
};

use super::Visited;
use crate::Site;

/// The field that nobody sees, and that only programs fill in.
pub(crate) const TRAP: &str = "website_url";

/// A field of the form.
pub(crate) struct Input {
    pub name: &'static str,
    pub label: String,
    pub kind: &'static str,
    /// What a browser may fill in (HTML, section 4.10.18.7).
    pub fills: &'static str,
    pub value: String,
    pub most: usize,
    pub is_required: bool,
    pub hint: Option<String>,
    pub wrong: Option<String>,
}

/// A form on a page.
pub(crate) struct Inquiry {
    /// Where it is sent.
    pub action: String,
    pub inputs: Vec<Input>,
    /// Fields that are sent along, unseen.
    pub hidden: Vec<(String, String)>,
    pub trap: &'static str,
    pub trap_label: String,
    /// What is agreed to.
    pub consent: String,
    pub button: String,
    pub wrong: Option<String>,
    pub optional: String,
}

impl Inquiry {
    /// Whatever the visitor wants to say.
    pub fn contact(site: &Site, visited: &Visited) -> Self {
        Self::of(site, visited, &Subject::Contact, &Typed::default(), &[])
    }

    /// A question about a listing.
    pub fn about_listing(site: &Site, visited: &Visited, listing: ListingId) -> Self {
        Self::of(site, visited, &Subject::Question(listing), &Typed::default(), &[])
    }

    /// What a home is worth.
    pub fn valuation(site: &Site, visited: &Visited) -> Self {
        Self::of(site, visited, &Subject::Valuation, &Typed::default(), &[])
    }

    /// The request for a guide.
    pub fn for_guide(site: &Site, visited: &Visited, slug: &str) -> Self {
        Self::of(site, visited, &Subject::Guide(slug.to_owned()), &Typed::default(), &[])
    }

    /// A form with what was typed into it, and what is wrong with that.
    pub fn of(
        site: &Site,
        visited: &Visited,
        subject: &Subject,
        typed: &Typed,
        wrong: &[(&'static str, Fault)],
    ) -> Self {
        let t = visited.words;
        let kind = subject.kind();
        let said = |field: &str| {
            let (_, fault) = wrong.iter().find(|(of, _)| *of == field)?;
            Some(match fault {
                Fault::Missing => t.say("form-missing"),
                Fault::NoReach => t.say("form-no-reach"),
                Fault::NotAnAddress => t.say("form-no-address"),
                Fault::TooLong(most) => t.say_with("form-too-long", &[("count", &most.to_string())]),
            })
        };
        let input = |name, kind, fills, value: &str, most| Input {
            name,
            label: t.say(&format!("form-{name}")),
            kind,
            fills,
            value: value.to_owned(),
            most,
            is_required: false,
            hint: None,
            wrong: said(name),
        };
        let is_guide = kind == InquiryKind::Guide;
        let mut inputs = Vec::new();
        if kind == InquiryKind::Valuation {
            inputs.push(Input {
                is_required: true,
                hint: Some(t.say("form-address-hint")),
                ..input("address", "text", "street-address", &typed.address, max::ADDRESS)
            });
        }
        inputs.push(Input { is_required: true, ..input("name", "text", "name", &typed.name, max::NAME) });
        inputs.push(Input {
            is_required: is_guide,
            hint: (!is_guide).then(|| t.say("form-reach")),
            ..input("email", "email", "email", &typed.email, EmailAddress::MAX)
        });
        inputs.push(input("phone", "tel", "tel", &typed.phone, PhoneNumber::MAX));
        if !is_guide {
            let label = match kind {
                InquiryKind::Question => "form-message-question",
                InquiryKind::Valuation => "form-message-valuation",
                InquiryKind::Contact | InquiryKind::Guide => "form-message",
            };
            let message = input("message", "area", "off", &typed.message, LONGEST_MESSAGE);
            inputs.push(Input { label: t.say(label), ..message });
        }
        let (rest, button) = match subject {
            Subject::Contact => (String::from("/contact"), "form-send"),
            Subject::Question(listing) => (format!("/listings/{listing}"), "form-ask"),
            Subject::Valuation => (String::from("/valuation"), "form-value"),
            Subject::Guide(slug) => (format!("/guides/{slug}"), "form-get"),
        };
        let mut hidden = vec![
            (String::from("token"), form_tokens::make(&site.crm, visited.agent(), &subject.form(t.tag))),
            (String::from("language"), t.tag.to_owned()),
        ];
        let arrival = &visited.arrived.arrival;
        hidden.extend(arrival.page.clone().map(|page| (String::from("page"), page)));
        hidden.extend(arrival.referrer.clone().map(|referrer| (String::from("referrer"), referrer)));
        hidden.extend(arrival.campaign.iter().cloned());
        Self {
            action: format!("{}#inquiry", visited.link(&rest)),
            inputs,
            hidden,
            trap: TRAP,
            trap_label: t.say("form-trap"),
            consent: consent(visited),
            button: t.say(button),
            wrong: (!wrong.is_empty()).then(|| t.say("form-wrong")),
            optional: t.say("form-optional"),
        }
    }

    /// The same, within a frame on another site.
    pub fn framed(mut self) -> Self {
        self.hidden.push((String::from("framed"), String::from("1")));
        self
    }
}

/// The words beside the button.
pub(crate) fn consent(visited: &Visited) -> String {
    visited.words.say_with("form-consent", &[("name", &visited.website.profile.name)])
}
