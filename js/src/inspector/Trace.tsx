import { price, seconds } from "../base/words";
import type { Span } from "../protocol";
import { ErrorText, Value } from "./contents";

/** The steps of a run, each below the one that called it. What they were given and gave is text. */
export function Trace({ spans }: { spans: readonly Span[] }) {
  return (
    <ol class="oprs-trace">
      {spans.map((span) => (
        <li key={span.id} style={`--oprs-depth:${Math.min(span.depth, 12)}`}>
          <Step span={span} />
        </li>
      ))}
    </ol>
  );
}

function Step({ span }: { span: Span }) {
  const { name, kind, model, error, tokens, cost } = span;
  return (
    <details>
      <summary class="oprs-step">
        <span class="oprs-kind" data-kind={kind}>
          {kind}
        </span>
        <strong class="oprs-clip" title={name}>
          {name}
        </strong>
        {error && <span class="oprs-trouble oprs-clip">✕ {error.type}</span>}
        {model && <span class="oprs-quiet oprs-clip">{model}</span>}
        <span class="oprs-quiet oprs-number oprs-figures">{price(tokens, cost)}</span>
        <span class="oprs-quiet oprs-number oprs-took">
          {span.seconds === null ? "unfinished" : seconds(span.seconds)}
        </span>
      </summary>
      <div class="oprs-io">
        {error && <ErrorText error={error} />}
        <h4>Input</h4>
        <Value value={span.input} nothing="There is no input." />
        <h4>Output</h4>
        <Value value={span.output} nothing="There is no output." />
      </div>
    </details>
  );
}
