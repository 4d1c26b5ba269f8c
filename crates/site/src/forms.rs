//! What is wrong with a form.

use crm::{Error, FieldError};

use crate::times::Times;

/// What is wrong with a form, to be shown beside its fields.
#[derive(Default)]
pub(crate) struct Wrong(Vec<FieldError>);

impl Wrong {
    /// The errors of a use case.
    ///
    /// # Errors
    /// What is no fault of the form.
    pub fn of(error: Error) -> Result<Self, Error> {
        match error {
            Error::Invalid(errors) => Ok(Self(errors)),
            error => Err(error),
        }
    }

    /// The same, with instants in words.
    pub fn in_words(mut self, times: &Times) -> Self {
        self.0.iter_mut().for_each(|error| error.message = times.in_words(&error.message));
        self
    }

    /// Of one field, or of its elements, as a sentence.
    pub fn at(&self, field: &str) -> Option<String> {
        let text = self.after(field)?;
        let mut letters = text.chars();
        let first = letters.next()?;
        Some(format!("{}{}", first.to_uppercase(), letters.as_str()))
    }

    /// Of one field, or of its elements, as the rest of a sentence that begins with its name.
    pub fn after(&self, field: &str) -> Option<String> {
        let of = self.0.iter().filter(|error| {
            let rest = error.field.strip_prefix(field);
            rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(['[', '.']))
        });
        let text = of.map(|error| error.message.clone()).collect::<Vec<_>>().join("; ");
        (!text.is_empty()).then(|| format!("{text}."))
    }

    /// Whether there is anything.
    pub fn any(&self) -> bool {
        !self.0.is_empty()
    }
}
