import type { Logger } from 'pino';
import type { Settings } from '../config/settings.js';
import { createApolloServer } from '../graphql/apollo-server.js';
import type { OnOperation } from '../graphql/execution/finish-operation.js';
import { OperationCosts } from '../graphql/cost/operation-costs.js';
import { cachedExecutor } from '../graphql/execution/execute-cached.js';
import { PlanCache } from '../graphql/execution/plan-cache.js';
import { requestRefuser } from '../graphql/execution/refuse-request.js';
import { buildGatewaySchema } from '../graphql/schema/schema.js';
import { validateDocuments } from '../graphql/trusted/validate-documents.js';
import { RequestedDocuments } from '../graphql/trusted/requested-document.js';
import { TrustedDocuments } from '../graphql/trusted/trusted-documents.js';
import type { GatewayMetrics } from '../metrics/gateway-metrics.js';

/** The GraphQL side of a gateway. */
export interface GraphqlParts {
  readonly schema: GatewaySchema;
  readonly costs: OperationCosts;
  readonly apollo: ReturnType<typeof createApolloServer>;
  readonly executeCached: ReturnType<typeof cachedExecutor>;
  readonly documents: RequestedDocuments;
  readonly refuse: ReturnType<typeof requestRefuser>;
}

type GatewaySchema = Awaited<ReturnType<typeof buildGatewaySchema>>;

/** Builds the schema, and what executes operations over it; trusted documents are ready to be run. */
export async function openGraphql(
  settings: Settings,
  metrics: GatewayMetrics,
  log: Logger,
): Promise<GraphqlParts> {
  const schema = await buildGatewaySchema(settings);
  const costs = new OperationCosts(schema, settings.maxAnswerBytes);
  const known = new PlanCache(schema, costs);
  const trusted = new TrustedDocuments(settings.trustedDocuments);
  const validationParts = { schema, costs, options: settings };
  const errors = validateDocuments(trusted, validationParts, (text, document) => known.keep(text, document));
  for (const { id, message } of errors) {
    log.warn({ documentId: id, fault: message }, 'a trusted document cannot be run');
  }
  const onOperation: OnOperation = (type, codes) => metrics.operationEnded(type, codes);
  return {
    schema,
    costs,
    apollo: createApolloServer(schema, settings, onOperation, known, costs),
    executeCached: cachedExecutor(known, schema, onOperation),
    documents: new RequestedDocuments(trusted, settings),
    refuse: requestRefuser(schema, onOperation),
  };
}
