//! Closed lists of words: one enum each, with the same words in JSON, in the database and in the API's description.

/// Defines enums whose variants are words of the outside world.
macro_rules! choices {
    ($($(#[$doc:meta])* $name:ident { $($variant:ident = $word:tt,)+ })+) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize, utoipa::ToSchema)]
        pub enum $name {
            $(
                #[doc = $word]
                #[serde(rename = $word)]
                $variant,
            )+
        }

        impl $name {
            /// Every word with what it stands for, in the usual order.
            pub const WORDS: &'static [(&'static str, Self)] = &[$(($word, Self::$variant)),+];

            /// The word.
            #[must_use]
            pub fn name(self) -> &'static str {
                match self {
                    $(Self::$variant => $word,)+
                }
            }
        }

        impl db::FromColumn for $name {
            fn from_column(row: &db::Row<'_>, index: usize) -> Result<Self, db::DbError> {
                let text = row.text(index)?;
                let found = Self::WORDS.iter().find(|(word, _)| *word == text).map(|(_, choice)| *choice);
                found.ok_or_else(|| db::DbError::Internal(format!("column {index} is no {}", stringify!($name))))
            }
        }

        impl From<$name> for db::Value<'_> {
            fn from(choice: $name) -> Self {
                db::Value::Text(choice.name())
            }
        }
    )+};
}

pub(crate) use choices;
