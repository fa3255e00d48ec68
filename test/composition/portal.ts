import { stitchingDirectives } from '@graphql-tools/stitching-directives';
import { stitchSchemas } from '@graphql-tools/stitch';
import type { ExecutionRequest, ExecutionResult } from '@graphql-tools/utils';
import { buildSchema, graphql, type GraphQLSchema, print } from 'graphql';
import { z } from 'zod';

/** What a portal sent to one of its services, newest last. */
export interface SentRequest {
  readonly query: string;
}

const executionResult = z.object({ data: z.unknown().optional(), errors: z.array(z.unknown()).optional() });

/** Executes on a service by its URL alone; every request is noted. */
function remoteExecutor(url: string, token: string, sent: SentRequest[]) {
  return async ({ document, variables }: ExecutionRequest): Promise<ExecutionResult> => {
    const query = print(document);
    sent.push({ query });
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
