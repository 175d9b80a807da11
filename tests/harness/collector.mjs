// Takes what a process sends by OTLP (JSON over HTTP), as an OpenTelemetry collector does.
import { Loopback } from "./loopback.mjs";

const attributes = (list = []) => Object.fromEntries(list.map(({ key, value }) => [key, Object.values(value)[0]]));

export class Collector extends Loopback {
  /** Every span that was sent: `{trace, span, parent, name, service, failed, said}`. */
  spans = [];
  /** All that was sent, as it was. */
  text = "";
  headers = [];

  answer({ method, url, headers, body }) {
    if (method !== "POST" || url !== "/v1/traces") return { status: 404 };
    this.headers.push(headers);
    this.text += body;
    for (const { resource, scopeSpans } of JSON.parse(body).resourceSpans) {
      const service = attributes(resource.attributes)["service.name"];
      for (const one of scopeSpans.flatMap(({ spans }) => spans)) {
        const { traceId: trace, spanId: span, parentSpanId: parent, name, status, attributes: said } = one;
        this.spans.push({ trace, span, parent: parent || undefined, name, service, failed: status?.message || undefined, said: attributes(said) });
      }
    }
    return { body: {} };
  }

  /** The spans of the traces that begin with one of this name. */
  of(name) {
    const begun = new Set(this.spans.filter((span) => span.name === name && !span.parent).map(({ trace }) => trace));
    return [...begun].map((trace) => this.spans.filter((span) => span.trace === trace));
  }
}
