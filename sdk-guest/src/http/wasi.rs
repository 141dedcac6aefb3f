//! The transport inside a component: `wasi:http` 0.2, waited for with `wasi:io/poll`.

use super::request::{Method, Sound};
use super::response::{self, Response};
use super::upstream;
use crate::{Error, Result};
use std::time::Duration;
use wasip2::clocks::monotonic_clock;
use wasip2::http::outgoing_handler;
use wasip2::http::types::{
    ErrorCode, Fields, FutureIncomingResponse, HeaderError, IncomingBody, IncomingResponse, Method as WasiMethod,
    OutgoingBody, OutgoingRequest, RequestOptions, Scheme, http_error_code,
};
use wasip2::io::poll::{Pollable, poll};
use wasip2::io::streams::{InputStream, OutputStream, StreamError};

/// Asked for in one read. Reads return as soon as anything is there, so that this adds no delay.
const READ: u64 = 64 << 10;

/// The body of an answer. Fields are dropped in this order, children before their parents, as the host demands.
pub(super) struct Body {
    stream: InputStream,
    _body: IncomingBody,
    _response: IncomingResponse,
    timeout: Duration,
}

/// Sends and waits for status and headers.
pub(super) fn send(request: &Sound) -> Result<Response> {
    let authority = request.url.authority();
    let outgoing = outgoing(request)?;
    let internal = |what: &str| Error::Internal(format!("wasi:http gives no {what}"));
    let body = match request.method {
        Method::Get => None,
        Method::Post => Some(outgoing.body().map_err(|()| internal("request body"))?),
    };
    let future =
        outgoing_handler::handle(outgoing, Some(options(request.timeout))).map_err(|code| failure(&code, authority))?;
    if let Some(body) = body {
        // A request that failed or was answered early closes its body first. The future knows which, and why.
        let _ = write(body, &request.body, request.timeout);
    }
    let response = wait_for(&future, request.timeout, authority)?;
    let status = response.status();
    let headers = response
        .headers()
        .entries()
        .into_iter()
        .map(|(name, value)| (name, String::from_utf8_lossy(&value).into_owned()))
        .collect();
    let body = response.consume().map_err(|()| internal("response body"))?;
    let stream = body.stream().map_err(|()| internal("response stream"))?;
    let body = Body { stream, _body: body, _response: response, timeout: request.timeout };
    Ok(Response::new(status, headers, response::Body::Wasi(body)))
}

impl Body {
    /// The next piece, never empty; `None` at the end.
    pub(super) fn read(&mut self) -> Result<Option<Vec<u8>>> {
        loop {
            match self.stream.read(READ) {
                Ok(bytes) if bytes.is_empty() => {
                    if !wait(&self.stream.subscribe(), self.timeout) {
                        return Err(silent(self.timeout));
                    }
                }
                Ok(bytes) => return Ok(Some(bytes)),
                Err(StreamError::Closed) => return Ok(None),
                Err(StreamError::LastOperationFailed(error)) => {
                    let why = http_error_code(&error).map_or_else(|| error.to_debug_string(), |code| reason(&code));
                    return Err(upstream(format!("the answer broke off: {why}")));
                }
            }
        }
    }
}

fn outgoing(request: &Sound) -> Result<OutgoingRequest> {
    let entries: Vec<_> = request.headers.iter().map(|(n, v)| (n.clone(), v.clone().into_bytes())).collect();
    let fields = Fields::from_list(&entries).map_err(|error| {
        let names: Vec<_> = request.headers.iter().map(|(name, _)| name.as_str()).collect();
        Error::Internal(match error {
            HeaderError::Forbidden => format!("one of the headers {} may not be set by a plugin", names.join(", ")),
            _ => format!("one of the headers {} is malformed", names.join(", ")),
        })
    })?;
    let outgoing = OutgoingRequest::new(fields);
    let method = match request.method {
        Method::Get => WasiMethod::Get,
        Method::Post => WasiMethod::Post,
    };
    let scheme = if request.url.is_https() { Scheme::Https } else { Scheme::Http };
    outgoing
        .set_method(&method)
        .and_then(|()| outgoing.set_scheme(Some(&scheme)))
        .and_then(|()| outgoing.set_authority(Some(request.url.authority())))
        .and_then(|()| outgoing.set_path_with_query(Some(&request.url.path_and_query())))
        .map_err(|()| Error::Internal(format!("the host does not take the address {}", request.url)))?;
    Ok(outgoing)
}

/// The waits as wishes: a host may not support them, and the guest keeps the time itself.
fn options(timeout: Duration) -> RequestOptions {
    let options = RequestOptions::new();
    let nanoseconds = Some(nanoseconds(timeout));
    let _ = options.set_connect_timeout(nanoseconds);
    let _ = options.set_first_byte_timeout(nanoseconds);
    let _ = options.set_between_bytes_timeout(nanoseconds);
    options
}

fn write(body: OutgoingBody, bytes: &[u8], timeout: Duration) -> Result<(), ()> {
    let stream = body.write()?;
    write_all(&stream, bytes, timeout)?;
    drop(stream);
    OutgoingBody::finish(body, None).map_err(drop)
}

fn write_all(stream: &OutputStream, mut bytes: &[u8], timeout: Duration) -> Result<(), ()> {
    while !bytes.is_empty() {
        let permitted = usize::try_from(stream.check_write().map_err(drop)?).unwrap_or(usize::MAX);
        if permitted == 0 {
            if !wait(&stream.subscribe(), timeout) {
                return Err(());
            }
            continue;
        }
        let (now, later) = bytes.split_at(permitted.min(bytes.len()));
        stream.write(now).map_err(drop)?;
        bytes = later;
    }
    stream.flush().map_err(drop)
}

fn wait_for(future: &FutureIncomingResponse, timeout: Duration, authority: &str) -> Result<IncomingResponse> {
    loop {
        match future.get() {
            Some(Ok(answer)) => return answer.map_err(|code| failure(&code, authority)),
            Some(Err(())) => return Err(Error::Internal("the answer was taken twice".into())),
            None if wait(&future.subscribe(), timeout) => {}
            None => return Err(silent(timeout)),
        }
    }
}

/// Waits until something is ready; `false` when it took too long.
fn wait(ready: &Pollable, timeout: Duration) -> bool {
    let timer = monotonic_clock::subscribe_duration(nanoseconds(timeout));
    poll(&[ready, &timer]).contains(&0)
}

fn nanoseconds(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}

fn silent(timeout: Duration) -> Error {
    upstream(format!("nothing came for {} s", timeout.as_secs_f32()))
}

/// Why there was no answer. What no retry can change is not blamed on the service.
fn failure(code: &ErrorCode, authority: &str) -> Error {
    match code {
        ErrorCode::HttpRequestDenied => Error::Unsupported(format!("HTTP to {authority} is not granted")),
        ErrorCode::DestinationIpProhibited => {
            Error::Unsupported(format!("HTTP to {authority} is not granted: it resolves to a forbidden address"))
        }
        code => upstream(format!("no answer from {authority}: {}", reason(code))),
    }
}

fn reason(code: &ErrorCode) -> String {
    match code {
        ErrorCode::DnsTimeout | ErrorCode::DnsError(_) | ErrorCode::DestinationNotFound => {
            "the name was not found".into()
        }
        ErrorCode::ConnectionRefused | ErrorCode::DestinationUnavailable => "the connection was refused".into(),
        ErrorCode::ConnectionTerminated | ErrorCode::HttpResponseIncomplete => "the connection was closed".into(),
        ErrorCode::ConnectionTimeout | ErrorCode::ConnectionReadTimeout | ErrorCode::HttpResponseTimeout => {
            "it took too long".into()
        }
        ErrorCode::TlsProtocolError | ErrorCode::TlsCertificateError | ErrorCode::TlsAlertReceived(_) => {
            format!("no secure connection ({code:?})")
        }
        ErrorCode::InternalError(Some(text)) => text.clone(),
        code => format!("{code:?}"),
    }
}
