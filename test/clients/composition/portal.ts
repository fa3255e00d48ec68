import { stitchingDirectives } from '@graphql-tools/stitching-directives';
import { stitchSchemas } from '@graphql-tools/stitch';
import type { ExecutionRequest, ExecutionResult } from '@graphql-tools/utils';
import {
  buildSchema,
  graphql,
  type GraphQLSchema,
  OperationTypeNode,
  parse,
  print,
  subscribe,
} from 'graphql';
import { createClient } from 'graphql-ws';
import { WebSocket } from 'ws';
import { z } from 'zod';

/** What a portal sent to one of its services, newest last. */
export interface SentRequest {
  readonly query: string;
}

const executionResult = z.object({ data: z.unknown().optional(), errors: z.array(z.unknown()).optional() });

/** Executes on a service by its URL alone, subscriptions over WebSocket; every request is noted. */
function remoteExecutor(url: string, token: string, sent: SentRequest[]) {
  const client = createClient({
    url: url.replace('http', 'ws'),
    webSocketImpl: WebSocket,
    connectionParams: { authorization: `Bearer ${token}` },
  });
  return async ({
    document,
    variables,
    operationType,
  }: ExecutionRequest): Promise<ExecutionResult | AsyncIterable<ExecutionResult>> => {
    const query = print(document);
    sent.push({ query });
    if (operationType === OperationTypeNode.SUBSCRIPTION) {
      const events: unknown = client.iterate({
        query,
        variables: z.record(z.string(), z.unknown()).parse(variables ?? {}),
      });
      if (!isEvents(events)) throw new Error('The service does not tell of events.');
      return events;
    }
    const response = await fetch(url, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: `Bearer ${token}` },
      body: JSON.stringify({ query, variables: z.unknown().parse(variables) }),
    });
    const result: unknown = await response.json();
    if (!isExecutionResult(result)) throw new Error('The service did not answer with an object.');
    return result;
  };
}

function isExecutionResult(value: unknown): value is ExecutionResult {
  return typeof value === 'object' && value !== null;
}

function isEvents(value: unknown): value is AsyncIterable<ExecutionResult> {
  return typeof value === 'object' && value !== null && Symbol.asyncIterator in value;
}

/** A portal that stitches the gateway, known by its URL, with a service of its own. */
export async function stitchedPortal(
  gateway: { readonly url: string; readonly token: string; readonly sent: SentRequest[] },
  own: GraphQLSchema,
): Promise<GraphQLSchema> {
  const { stitchingDirectivesTransformer } = stitchingDirectives();
  const executor = remoteExecutor(gateway.url, gateway.token, gateway.sent);
  const response = await fetch(gateway.url, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ query: '{ _sdl }' }),
  });
  const { data } = z.object({ data: z.object({ _sdl: z.string() }) }).parse(await response.json());
  const remote = buildSchema(data._sdl, { assumeValidSDL: true });
  return stitchSchemas({
    subschemaConfigTransforms: [stitchingDirectivesTransformer],
    subschemas: [{ schema: remote, executor, batch: true }, { schema: own }],
  });
}

/** Runs a query on a portal's schema. */
export async function ask(schema: GraphQLSchema, source: string): Promise<z.infer<typeof executionResult>> {
  return executionResult.parse(JSON.parse(JSON.stringify(await graphql({ schema, source }))));
}

/** Starts a subscription on a portal's schema. */
export async function watch(
  schema: GraphQLSchema,
  source: string,
): Promise<AsyncGenerator<z.infer<typeof executionResult>>> {
  const events = await subscribe({ schema, document: parse(source) });
  if (!(Symbol.asyncIterator in events)) throw new Error(`The portal refuses: ${JSON.stringify(events)}`);
  return plain(events);
}

async function* plain(events: AsyncIterable<unknown>): AsyncGenerator<z.infer<typeof executionResult>> {
  for await (const event of events) yield executionResult.parse(JSON.parse(JSON.stringify(event)));
}
