//! A value that is text of a certain form: read from text, refused with a reason, and then the same for ever.
//! It knows no form; each type names the function that reads its own.

/// Declares a type whose only door is a function from `&str` to `Result<String, Refusal>`.
macro_rules! newtype {
    ($(#[$attribute:meta])* $name:ident, $read:expr) => {
        $(#[$attribute])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, serde::Serialize)]
        #[serde(transparent)]
        pub struct $name(String);

        impl $name {
            /// The value as text.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl std::str::FromStr for $name {
            type Err = $crate::site::refusal::Refusal;

            fn from_str(text: &str) -> Result<$name, Self::Err> {
                ($read)(text).map($name)
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(&self.0)
            }
        }
    };
}

pub(super) use newtype;
