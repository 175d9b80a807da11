//! Traces: what one request or one event comes to, step by step, sent to a collector by OTLP.
//!
//! Without `OTEL_EXPORTER_OTLP_ENDPOINT` nothing is traced and a span costs a look at one word. With it, a share of all requests and
//! events is. A span never holds what people write, nor who they are.

use std::{
    borrow::Cow,
    collections::HashMap,
    sync::{Arc, OnceLock},
    time::{Duration, SystemTime},
};

use http::{HeaderMap, HeaderName, HeaderValue};
use opentelemetry::{
    Context, KeyValue, Value,
    propagation::TextMapPropagator as _,
    trace::{
        Span as _, SpanBuilder, SpanContext, SpanKind, Status, TraceContextExt as _, Tracer as _,
        TracerProvider as _,
    },
};
use opentelemetry_otlp::{SpanExporter, WithExportConfig as _, WithHttpConfig as _};
use opentelemetry_sdk::{
    Resource,
    propagation::TraceContextPropagator,
    trace::{Sampler, SdkTracer, SdkTracerProvider, Span as Recorded},
};
use secrecy::{ExposeSecret as _, SecretString};

use crate::{Env, clock, process::StartError};

/// How long the collector may take.
const PATIENCE: Duration = Duration::from_secs(5);
/// How long what was not sent yet may take at the end.
const LAST: Duration = Duration::from_secs(1);
/// The share that is traced unless said otherwise: of a thousand events a second, ten.
const SHARE: f64 = 0.01;
/// What carries a trace from one process to another (W3C Trace Context).
const TRACEPARENT: HeaderName = HeaderName::from_static("traceparent");

static TRACER: OnceLock<SdkTracer> = OnceLock::new();

/// Where traces are sent.
#[derive(Debug)]
pub struct TracesConfig {
    endpoint: Option<String>,
    headers: Option<SecretString>,
    share: f64,
    service: Option<String>,
}

impl TracesConfig {
    /// Reads `OTEL_EXPORTER_OTLP_ENDPOINT`, `OTEL_EXPORTER_OTLP_HEADERS`, `OTEL_TRACES_SAMPLER_ARG` and `OTEL_SERVICE_NAME`.
    pub fn read(env: &mut Env) -> Self {
        let endpoint = env.web_address("OTEL_EXPORTER_OTLP_ENDPOINT").map(|uri| uri.to_string());
        let headers = env.secret("OTEL_EXPORTER_OTLP_HEADERS");
        let share = env.number("OTEL_TRACES_SAMPLER_ARG", SHARE, 0.0, 1.0);
        let service = env.text("OTEL_SERVICE_NAME");
        if let Some(headers) = &headers
            && pairs(headers).is_none()
        {
            env.problem("OTEL_EXPORTER_OTLP_HEADERS must be name=value pairs with commas between them");
        }
        Self { endpoint, headers, share, service }
    }

    /// Begins to trace, where somebody wants to see it.
    pub(crate) fn start(self, version: &'static str) -> Result<Option<Sending>, StartError> {
        let Some(endpoint) = self.endpoint else { return Ok(None) };
        let exporter = SpanExporter::builder()
            .with_http()
            .with_endpoint(format!("{}/v1/traces", endpoint.trim_end_matches('/')))
            .with_timeout(PATIENCE)
            .with_headers(self.headers.as_ref().and_then(pairs).unwrap_or_default())
            .build()?;
        let name = self.service.unwrap_or_else(own_name);
        let resource = Resource::builder()
            .with_service_name(name.clone())
            .with_attribute(KeyValue::new("service.version", version))
            .with_attribute(KeyValue::new("service.instance.id", uuid::Uuid::new_v4().to_string()))
            .build();
        let provider = SdkTracerProvider::builder()
            .with_batch_exporter(exporter)
            .with_sampler(Sampler::ParentBased(Box::new(Sampler::TraceIdRatioBased(self.share))))
            .with_resource(resource)
            .build();
        TRACER.set(provider.tracer("plenum")).ok();
        tracing::info!(endpoint, share = self.share, service = name, "traces are sent to a collector");
        Ok(Some(Sending(provider)))
    }
}

fn own_name() -> String {
    let path = std::env::current_exe().ok();
    path.and_then(|path| Some(path.file_name()?.to_str()?.to_owned())).unwrap_or_else(|| "plenum".to_owned())
}

/// Headers as OpenTelemetry writes them.
fn pairs(text: &SecretString) -> Option<HashMap<String, String>> {
    let pair = |pair: &str| {
        let (name, value) = pair.split_once('=')?;
        let name = HeaderName::try_from(name.trim()).ok()?;
        HeaderValue::try_from(value.trim()).ok()?;
        Some((name.to_string(), value.trim().to_owned()))
    };
    text.expose_secret().split(',').map(pair).collect()
}

/// What sends spans in the background.
pub(crate) struct Sending(SdkTracerProvider);

impl Sending {
    /// Sends what is left. Blocks.
    pub(crate) fn end(self) {
        if let Err(error) = self.0.shutdown_with_timeout(LAST) {
            tracing::warn!(%error, "the last traces were not sent");
        }
    }
}

/// Where in a trace something happens; none when it is not traced. Cheap to keep and to clone.
#[derive(Debug, Clone, Default)]
pub struct Trace(Option<Arc<SpanContext>>);

impl Trace {
    /// What another process of ours says that this request belongs to.
    #[must_use]
    pub fn of(headers: &HeaderMap) -> Self {
        match headers.get(&TRACEPARENT).and_then(|text| text.to_str().ok()) {
            Some(text) if TRACER.get().is_some() => Self::parse(text),
            _ => Self::default(),
        }
    }

    /// What [`Self::text`] has written.
    #[must_use]
    pub fn parse(text: &str) -> Self {
        let carrier = HashMap::from([(TRACEPARENT.to_string(), text.to_owned())]);
        let context = TraceContextPropagator::new().extract_with_context(&Context::new(), &carrier);
        let span = context.span().span_context().clone();
        Self((span.is_valid() && span.is_sampled()).then(|| Arc::new(span)))
    }

    /// The same in W3C's words; none when it is not traced.
    #[must_use]
    pub fn text(&self) -> Option<String> {
        let mut carrier = HashMap::new();
        TraceContextPropagator::new().inject_context(&self.context()?, &mut carrier);
        carrier.remove(TRACEPARENT.as_str())
    }

    /// Says to whoever answers this request where it belongs, and nothing that a client said of it.
    pub fn write(&self, headers: &mut HeaderMap) {
        headers.remove(&TRACEPARENT);
        if let Some(text) = self.text().and_then(|text| HeaderValue::try_from(text).ok()) {
            headers.insert(TRACEPARENT, text);
        }
    }

    /// Whether it is traced.
    #[must_use]
    pub const fn is_on(&self) -> bool {
        self.0.is_some()
    }

    /// A step of it that begins now.
    #[must_use]
    pub fn step(&self, name: &'static str) -> Span {
        self.begin(name.into(), SpanKind::Internal)
    }

    /// A step of it that has ended now and took this long.
    pub fn has_just_taken(&self, name: &'static str, took: Duration, say: &[(&'static str, &str)]) {
        let (Some(tracer), Some(context)) = (TRACER.get(), self.context()) else { return };
        let ended = SystemTime::from(clock::now());
        let began = ended.checked_sub(took).unwrap_or(ended);
        let said = say.iter().map(|(key, value)| KeyValue::new(*key, (*value).to_owned())).collect();
        let builder = SpanBuilder::from_name(name).with_start_time(began).with_attributes::<Vec<_>>(said);
        tracer.build_with_context(builder, &context).end_with_timestamp(ended);
    }

    fn context(&self) -> Option<Context> {
        let span = self.0.as_deref()?.clone();
        Some(Context::new().with_remote_span_context(span))
    }

    fn begin(&self, name: Cow<'static, str>, kind: SpanKind) -> Span {
        match (TRACER.get(), self.context()) {
            (Some(tracer), Some(context)) => Span::begin(tracer, name, kind, &context),
            _ => Span::default(),
        }
    }
}

/// Something that takes its time; it ends when this is dropped.
#[derive(Debug, Default)]
pub struct Span(Option<Box<Recorded>>);

impl Span {
    /// Something that a client has asked: the beginning of a trace, of which a share is taken.
    #[must_use]
    pub fn of_client(name: &'static str) -> Self {
        match TRACER.get() {
            Some(tracer) => Self::begin(tracer, name.into(), SpanKind::Server, &Context::new()),
            None => Self::default(),
        }
    }

    /// A request that another process of ours has passed on, or the beginning of a trace where it says nothing.
    #[must_use]
    pub fn of_request(name: &'static str, from: &Trace) -> Self {
        if from.is_on() { from.begin(name.into(), SpanKind::Server) } else { Self::of_client(name) }
    }

    fn begin(tracer: &SdkTracer, name: Cow<'static, str>, kind: SpanKind, parent: &Context) -> Self {
        let span = tracer.build_with_context(SpanBuilder::from_name(name).with_kind(kind), parent);
        Self(span.span_context().is_sampled().then(|| Box::new(span)))
    }

    /// What steps of it belong to.
    #[must_use]
    pub fn trace(&self) -> Trace {
        Trace(self.0.as_ref().map(|span| Arc::new(span.span_context().clone())))
    }

    /// Says something of it.
    pub fn say(&mut self, key: &'static str, value: impl Into<Value>) {
        if let Some(span) = &mut self.0 {
            span.set_attribute(KeyValue::new(key, value));
        }
    }

    /// It did not go well.
    pub fn failed(&mut self, code: &'static str) {
        if let Some(span) = &mut self.0 {
            span.set_status(Status::error(code));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_traced_says_nothing_and_believes_nobody() {
        let mut headers = HeaderMap::new();
        let strange = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
        headers.insert(TRACEPARENT, HeaderValue::from_static(strange));
        assert!(!Trace::of(&headers).is_on(), "nobody traces here");
        Trace::default().write(&mut headers);
        assert!(headers.is_empty(), "what a client said of a trace goes no further");
    }

    #[test]
    fn a_trace_goes_from_process_to_process_in_the_standards_words() {
        let text = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
        assert_eq!(Trace::parse(text).text().as_deref(), Some(text));
        for bad in
            ["", "00-0-0-01", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00", &"x".repeat(10_000)]
        {
            assert_eq!(Trace::parse(bad).text(), None, "{bad}");
        }
    }
}
