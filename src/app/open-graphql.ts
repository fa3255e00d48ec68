import type { Settings } from '../config/settings.js';
import { createApolloServer } from '../graphql/apollo-server.js';
import type { OnOperation } from '../graphql/execution/finish-operation.js';
import { OperationCosts } from '../graphql/cost/operation-costs.js';
import { cachedExecutor } from '../graphql/execution/execute-cached.js';
import { PlanCache } from '../graphql/execution/plan-cache.js';
import { buildGatewaySchema } from '../graphql/schema/schema.js';
import type { GatewayMetrics } from '../metrics/gateway-metrics.js';

/** The GraphQL side of a gateway. */
export interface GraphqlParts {
  readonly schema: GatewaySchema;
  readonly costs: OperationCosts;
  readonly apollo: ReturnType<typeof createApolloServer>;
  readonly executeCached: ReturnType<typeof cachedExecutor>;
}

type GatewaySchema = Awaited<ReturnType<typeof buildGatewaySchema>>;

/** Builds the schema, and what executes operations over it. */
export async function openGraphql(settings: Settings, metrics: GatewayMetrics): Promise<GraphqlParts> {
  const schema = await buildGatewaySchema(settings);
  const costs = new OperationCosts(schema, settings.maxAnswerBytes);
  const known = new PlanCache(schema, costs);
  const onOperation: OnOperation = (type, codes) => metrics.operationEnded(type, codes);
  const apollo = createApolloServer(schema, settings, onOperation, known, costs);
  return { schema, costs, apollo, executeCached: cachedExecutor(known, schema, onOperation) };
}
