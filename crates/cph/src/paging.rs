//! Lists: page after page as their rows are taken.

use futures_util::{Stream, StreamExt as _, TryStreamExt as _};

use crate::{
    Result,
    view::{View, view},
};

/// Where a page begins.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Place {
    Start,
    Offset(usize),
    Marker(String),
}

impl Place {
    pub(crate) fn offset(&self) -> Option<i64> {
        match self {
            Self::Start => Some(0),
            Self::Offset(offset) => i64::try_from(*offset).ok(),
            Self::Marker(_) => None,
        }
    }

    pub(crate) fn marker(&self) -> Option<&str> {
        match self {
            Self::Marker(marker) => Some(marker),
            Self::Start | Self::Offset(_) => None,
        }
    }
}

/// Rows of one page, and where the next begins if there is one.
#[derive(Debug)]
pub(crate) struct Page<Raw> {
    rows: Vec<Raw>,
    next: Option<Place>,
}

impl<Raw> Page<Raw> {
    /// A page of at most `limit` rows counted from the start. There is no total: one that is not full is the last.
    /// Assumed: page-that-is-not-full-is-the-last, first-page-order-is-stable.
    pub(crate) fn counted(rows: Option<Vec<Raw>>, from: &Place, limit: usize) -> Self {
        let rows = rows.unwrap_or_default();
        let before = if let Place::Offset(offset) = from { *offset } else { 0 };
        let next = (rows.len() >= limit).then_some(Place::Offset(before + rows.len()));
        Self { rows, next }
    }

    /// A page that names the next. A marker that leads to itself leads nowhere. Assumed: no-next-marker-is-the-last-page.
    pub(crate) fn marked(rows: Option<Vec<Raw>>, from: &Place, next: Option<String>) -> Self {
        let next = next.filter(|marker| !marker.is_empty()).map(Place::Marker);
        Self { rows: rows.unwrap_or_default(), next: next.filter(|next| next != from) }
    }
}

/// How many rows a page may have, as the generated client takes it.
#[expect(clippy::unnecessary_wraps, reason = "parameters of the generated client are optional")]
pub(crate) fn page_size(limit: usize) -> Option<i64> {
    Some(i64::try_from(limit).unwrap_or(i64::MAX))
}

/// A list of the service, narrowed.
pub(crate) trait Query: Sized + Send + Sync + 'static {
    type Raw: Send;
    type Row: View<Self::Raw> + Send;
    const OPERATION: &'static str;

    fn page(&self, from: &Place) -> impl Future<Output = Result<Page<Self::Raw>>> + Send;
}

/// The rows of every page. It ends after its first `Err`.
pub(crate) fn rows<Q: Query>(query: Q) -> impl Stream<Item = Result<Q::Row>> + Send + 'static
where
    Q::Raw: 'static,
    Q::Row: 'static,
{
    let pages = futures_util::stream::try_unfold(
        (query, Some(Place::Start)),
        |(query, place)| async move {
            let Some(place) = place else {
                return Ok(None);
            };
            let Page { rows, next } = query.page(&place).await?;
            let rows = rows.into_iter().map(|row| view(row, Q::OPERATION));
            Ok(Some((futures_util::stream::iter(rows.collect::<Vec<_>>()), (query, next))))
        },
    );
    // One error ends the stream, whichever page or row it is about.
    pages.try_flatten().scan(false, |failed, row| {
        let item = (!*failed).then_some(row);
        *failed |= item.as_ref().is_some_and(Result::is_err);
        std::future::ready(item)
    })
}

/// Declares a list that can be narrowed, with a setter for each filter: the setter's name, then the vendor's.
macro_rules! query {
    (
        $(#[$doc:meta])*
        pub struct $name:ident -> $row:ty {
            $($(#[$filter_doc:meta])* $setter:ident => $filter:ident: $type:ty,)*
        }
    ) => {
        $(#[$doc])*
        ///
        /// Narrow it, then take the [`stream`](Self::stream).
        #[derive(Debug, Clone)]
        #[must_use]
        pub struct $name {
            client: $crate::Client,
            $($filter: Option<$type>,)*
        }

        impl $name {
            pub(crate) fn new(client: &$crate::Client) -> Self {
                Self { client: client.clone(), $($filter: None,)* }
            }

            $(
                $(#[$filter_doc])*
                pub fn $setter(mut self, $setter: impl Into<$type>) -> Self {
                    self.$filter = Some($setter.into());
                    self
                }
            )*

            /// The rows, page after page as they are taken. It ends after its first `Err`.
            ///
            /// What comes or goes meanwhile may be missed or seen twice: the service pages as it goes. Dropping the stream
            /// asks for no more.
            pub fn stream(self) -> impl futures_util::Stream<Item = $crate::Result<$row>> + Send + 'static {
                $crate::paging::rows(self)
            }
        }
    };
}

pub(crate) use query;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_page_has_a_next_and_a_marker_that_stands_still_has_none() {
        let next = |page: Page<u8>| page.next;
        assert_eq!(next(Page::counted(Some(vec![0; 3]), &Place::Start, 3)), Some(Place::Offset(3)));
        let later = Place::Offset(3);
        assert_eq!(next(Page::counted(Some(vec![0; 3]), &later, 3)), Some(Place::Offset(6)));
        assert_eq!(next(Page::counted(Some(vec![0; 2]), &later, 3)), None);
        assert_eq!(next(Page::counted(None, &later, 3)), None);

        let here = Place::Marker("m".to_owned());
        let after = |from: &Place, next_marker: &str| {
            next(Page::marked(None, from, Some(next_marker.to_owned())))
        };
        assert_eq!(after(&Place::Start, "m"), Some(here.clone()));
        assert_eq!(after(&here, "m"), None);
        assert_eq!(after(&here, ""), None);
        assert_eq!(next(Page::marked(None, &here, None)), None);
    }
}
