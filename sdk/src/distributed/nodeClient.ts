import type { Hex } from "viem";
import type { AuthorizationKey } from "./authorizationKey.js";
import type { DistributedNode } from "./consent.js";
import type { NodeFailure } from "./errors.js";
import { asFields, MalformedMessageError, parseJson, type RequestPurpose, signRequest } from "./messages.js";

/** What happens while nodes generate a key or sign. */
export type DistributedProgress = {
  /** What the nodes are asked for. */
  readonly step: RequestPurpose;
  readonly node: DistributedNode;
  readonly outcome: "asked" | "answered" | "failed";
  /** Why it failed. */
  readonly failure?: NodeFailure;
};

export type NodeClientParameters = {
  readonly key: Hex;
  readonly authorizationKey: Pick<AuthorizationKey, "sign">;
  /** How long a node may take, in milliseconds. */
  readonly timeout: number;
  readonly onProgress?: ((progress: DistributedProgress) => void) | undefined;
};

/** What a node answered, read by the caller; or why there is nothing. */
export type NodeAnswer<value> =
  | { readonly node: DistributedNode; readonly value: value }
  | { readonly node: DistributedNode; readonly failure: NodeFailure };

const MAXIMUM_ANSWER = 1_000_000;

/** A refusal by a node, on its way to being a {@link NodeFailure}. */
class RefusedError extends Error {
  readonly code: string;
  constructor(code: string, message: string) {
    super(message);
    this.code = code;
  }
}

/** Asks nodes, each for itself: what one does or says has no effect on what comes of the others. */
export class NodeClient {
  readonly #parameters: NodeClientParameters;

  constructor(parameters: NodeClientParameters) {
    this.#parameters = parameters;
  }

  /** Asks one node. Never rejects: whatever goes wrong is the node's failure. */
  async ask<value>(
    node: DistributedNode,
    step: RequestPurpose,
    body: unknown,
    read: (answer: unknown) => value,
  ): Promise<NodeAnswer<value>> {
    const { onProgress } = this.#parameters;
    onProgress?.({ step, node, outcome: "asked" });
    try {
      const answer = await this.#post(node, step, body);
      const value = read(answer);
      onProgress?.({ step, node, outcome: "answered" });
      return { node, value };
    } catch (error) {
      const failure = toFailure(node, error);
      onProgress?.({ step, node, outcome: "failed", failure });
      return { node, failure };
    }
  }

  async #post(node: DistributedNode, purpose: RequestPurpose, body: unknown): Promise<unknown> {
    const { key, authorizationKey, timeout } = this.#parameters;
    const request = await signRequest(authorizationKey, { node: node.identity, purpose, key, body });
    return postToNode({ node, path: purpose, body: request, timeout });
  }
}

/** Posts JSON to a node. */
export async function postToNode({
  node,
  path,
  body,
  timeout,
}: {
  node: DistributedNode;
  path: string;
  body: unknown;
  timeout: number;
}): Promise<unknown> {
  const response = await fetch(`${node.url.replace(/\/+$/, "")}/v1/${path}`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(body),
    redirect: "error",
    signal: AbortSignal.timeout(timeout),
  });
  const answer = asFields("answer", parseJson(await readBounded(response)));
  if (response.ok) return answer["result"];
  const error = asFields("error", answer["error"] ?? {});
  const code = typeof error["code"] === "string" ? error["code"].slice(0, 40) : String(response.status);
  const message = typeof error["message"] === "string" ? error["message"].slice(0, 500) : "no reason given";
  throw new RefusedError(code, message);
}

async function readBounded(response: Response): Promise<string> {
  const decoder = new TextDecoder();
  const reader = response.body?.getReader();
  let text = "";
  for (;;) {
    const chunk = await reader?.read();
    if (chunk === undefined || chunk.done) return text;
    text += decoder.decode(chunk.value, { stream: true });
    if (text.length > MAXIMUM_ANSWER) {
      await reader?.cancel();
      throw new MalformedMessageError("an answer is too long");
    }
  }
}

/** What to call an error of a request to a node. */
export function toFailure(node: DistributedNode, error: unknown): NodeFailure {
  if (error instanceof RefusedError) return { node, kind: "refused", code: error.code, reason: error.message };
  if (error instanceof Error && (error.name === "TimeoutError" || error.name === "AbortError"))
    return { node, kind: "timeout", code: undefined, reason: "It did not answer in time." };
  // What `fetch` throws for whatever goes wrong on the way.
  if (error instanceof TypeError)
    return { node, kind: "unreachable", code: undefined, reason: "It could not be connected to." };
  const reason = error instanceof Error ? error.message : String(error);
  return { node, kind: "lied", code: undefined, reason: `What it said is not right: ${reason}` };
}

/** What was answered, and what failed. */
export function sortAnswers<value>(answers: readonly NodeAnswer<value>[]): {
  readonly values: readonly { readonly node: DistributedNode; readonly value: value }[];
  readonly failures: readonly NodeFailure[];
} {
  return {
    values: answers.flatMap((answer) => ("value" in answer ? [answer] : [])),
    failures: answers.flatMap((answer) => ("failure" in answer ? [answer.failure] : [])),
  };
}
