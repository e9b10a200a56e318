//! One call of an operation, and what the generated client sends through.

use std::{
    pin::Pin,
    sync::{Arc, Mutex, PoisonError},
};

use bytes::Bytes;
use cph_core::Operation;

use crate::{
    Error,
    client::Shared,
    transport::{Caller, canonical},
    wire,
};

/// Lives for one call and keeps what the generated types have no room for.
#[derive(Debug)]
pub(crate) struct Call {
    shared: Arc<Shared>,
    operation: &'static Operation,
    end: Mutex<End>,
}

#[derive(Debug, Default)]
struct End {
    request_id: Option<String>,
    error: Option<Error>,
}

impl Call {
    pub(crate) fn new(shared: Arc<Shared>, operation: &'static Operation) -> Self {
        Self { shared, operation, end: Mutex::default() }
    }

    /// The id that the answer's headers carried.
    pub(crate) fn request_id(&self) -> Option<String> {
        self.end.lock().unwrap_or_else(PoisonError::into_inner).request_id.clone()
    }

    /// Why there is no answer, once.
    pub(crate) fn take_error(&self) -> Option<Error> {
        self.end.lock().unwrap_or_else(PoisonError::into_inner).error.take()
    }

    /// Makes the call. The query must be in canonical form.
    pub(crate) async fn exchange(
        &self,
        request: http::Request<Bytes>,
    ) -> Result<http::Response<Bytes>, Error> {
        let Shared { transport, project, .. } = &*self.shared;
        let caller = Caller::Project(project);
        let result = transport.call(self.operation.into(), caller, request).await;
        let request_id = match &result {
            Ok(answer) => wire::request_id(answer.headers()),
            Err(error) => error.request_id().map(str::to_owned),
        };
        self.end.lock().unwrap_or_else(PoisonError::into_inner).request_id = request_id;
        result
    }
}

impl cph_raw::Transport for Call {
    fn send<'a>(
        &'a self,
        _: &'a reqwest::Client,
        _: &'static str,
        request: reqwest::Request,
    ) -> Pin<Box<dyn Future<Output = reqwest::Result<reqwest::Response>> + Send + 'a>> {
        Box::pin(async move {
            Ok(match self.exchange(canonical(request)).await {
                Ok(answer) => documented_status(answer).into(),
                // The generated client has no way to carry our error: it is left in `end`, and this answer is never looked at.
                Err(error) => {
                    self.end.lock().unwrap_or_else(PoisonError::into_inner).error = Some(error);
                    let mut nothing = http::Response::new(Bytes::new());
                    *nothing.status_mut() = http::StatusCode::INTERNAL_SERVER_ERROR;
                    nothing.into()
                }
            })
        })
    }
}

/// Pages say 200 where the chapter on returned values says 201 for POST: both are the same success.
fn documented_status(mut answer: http::Response<Bytes>) -> http::Response<Bytes> {
    if matches!(answer.status().as_u16(), 201 | 202) {
        *answer.status_mut() = http::StatusCode::OK;
    }
    answer
}
