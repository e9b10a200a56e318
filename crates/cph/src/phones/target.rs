//! What restarting and resetting a phone have in common.

/// Declares a phone with properties and an image of its own, and whatever else the operation takes for it.
macro_rules! phone_target {
    (
        $(#[$doc:meta])*
        pub struct $name:ident, $doing:literal, at most $max_bytes:expr, {
            $($(#[$field_doc:meta])* $field:ident: $type:ty,)*
        }
    ) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq)]
        pub struct $name {
            phone_id: std::sync::Arc<str>,
            property: Option<cph_core::PropertyText>,
            image: Option<std::sync::Arc<str>>,
            $($(#[$field_doc])* $field: $type,)*
        }

        impl $name {
            /// A phone by its id; the id is checked when the batch starts.
            pub fn new(phone_id: impl Into<String>) -> Self {
                Self {
                    phone_id: phone_id.into().into(),
                    property: None,
                    image: None,
                    $($field: Default::default(),)*
                }
            }

            /// Sets properties; each must pass the documented rule of its key, keys that nobody documents pass.
            #[must_use]
            pub fn properties(mut self, properties: impl Into<cph_core::PropertyText>) -> Self {
                let text = properties.into();
                self.property = (text.as_str() != "{}").then_some(text);
                self
            }

            /// Sets the property text as it is to be sent, byte for byte. It must be a JSON object whose keys keep their rules.
            #[must_use]
            pub fn property_text(mut self, text: impl Into<String>) -> Self {
                self.property = Some(cph_core::PropertyText::new(text));
                self
            }

            #[doc = concat!("Changes this phone to an image while ", $doing, ". Phones with different images go in different calls.")]
            #[must_use]
            pub fn image(mut self, image_id: impl Into<String>) -> Self {
                self.image = Some(image_id.into().into());
                self
            }

            /// The phone's id, as given.
            pub fn phone_id(&self) -> &str {
                &self.phone_id
            }

            /// The image that was named for it alone.
            pub fn image_id(&self) -> Option<&str> {
                self.image.as_deref()
            }

            /// The property text that will be sent.
            pub fn property(&self) -> Option<&cph_core::PropertyText> {
                self.property.as_ref()
            }
        }

        impl From<&String> for $name {
            fn from(phone_id: &String) -> Self {
                Self::new(phone_id)
            }
        }

        impl From<&str> for $name {
            fn from(phone_id: &str) -> Self {
                Self::new(phone_id)
            }
        }

        impl From<String> for $name {
            fn from(phone_id: String) -> Self {
                Self::new(phone_id)
            }
        }

        impl From<cph_core::PhoneId> for $name {
            fn from(phone_id: cph_core::PhoneId) -> Self {
                Self::new(phone_id.as_str())
            }
        }

        impl From<&cph_core::PhoneId> for $name {
            fn from(phone_id: &cph_core::PhoneId) -> Self {
                Self::new(phone_id.as_str())
            }
        }

        impl<I: Into<String>, P: Into<cph_core::PropertyText>> From<(I, P)> for $name {
            fn from((phone_id, properties): (I, P)) -> Self {
                Self::new(phone_id).properties(properties)
            }
        }

        impl $crate::Target for $name {
            fn id(&self) -> &str {
                &self.phone_id
            }

            fn problems(&self) -> Vec<String> {
                let image = self.image.as_deref().and_then($crate::phones::target::image_problem);
                // Assumed: request-entity-7800-bytes-everywhere.
                let property = self.property.as_ref().and_then(|text| text.check($max_bytes).err());
                let property = property.into_iter().flatten().map(|problem| problem.to_string());
                image.into_iter().chain(property).collect()
            }
        }
    };
}

pub(super) use phone_target;

/// What is wrong with the id of an image.
pub(super) fn image_problem(image_id: &str) -> Option<String> {
    image_id.parse::<cph_core::ImageId>().err().map(|error| error.to_string())
}
