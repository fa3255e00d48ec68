import type { FormattedExecutionResult } from 'graphql';
import type { Credential } from '../../auth/credential.js';
import { refusedRequest } from '../documents/operation-checks.js';
import { codesOf } from '../errors/request-errors.js';
import type { DeliveryParts } from './response-stream.js';
import type { SubscriptionOperation } from './operation.js';
import {
  type BegunSubscription,
  endingErrors,
  type SubscriptionRequest,
  type Subscriptions,
} from './subscriptions.js';

/** Who asks for a subscription that has a connection to itself. */
interface SoleSubscriber {
  readonly requestId: string;
  readonly credential: Credential;
  /** Validates the credential anew. */
  readonly authenticate: () => Promise<Credential>;
  /** Waits until an event may be on its way to the client. */
  readonly acquireDelivery: DeliveryParts['acquire'];
  /** Ends the connection of a client that does not keep up, with this answer. */
  readonly dropOverloaded: (answer: FormattedExecutionResult) => void;
}

/** A subscription that has a connection to itself. */
export interface SoleSubscription {
  /** The responses, errors in wire format; they end with the subscription. */
  readonly answers: AsyncIterable<FormattedExecutionResult>;
  /** Ends it from outside, without another answer. */
  readonly end: () => void;
}

/** Begins a subscription; a refusal is its only response. */
export function subscribeAlone(
  subscriptions: Subscriptions,
  payload: SubscriptionRequest,
  { requestId, credential, authenticate, acquireDelivery, dropOverloaded }: SoleSubscriber,
): SoleSubscription {
  const operation = subscriptions.open({
    requestId,
    acquireDelivery,
    onOverload: (error) => {
      operation.end([error.code]);
      dropOverloaded({ errors: subscriptions.present([refusedRequest(error, requestId)], operation) });
    },
  });
  operation.credential = credential;
  try {
    const begun = subscriptions.begin(operation, payload, authenticate);
    return { answers: answersOf(subscriptions, operation, begun), end: () => operation.end() };
  } catch (error) {
    operation.end(['INTERNAL_ERROR']);
    throw error;
  }
}

async function* answersOf(
  subscriptions: Subscriptions,
  operation: SubscriptionOperation,
  begun: BegunSubscription,
): AsyncGenerator<FormattedExecutionResult, undefined> {
  try {
    if ('errors' in begun) {
      const errors = subscriptions.present(begun.errors, operation);
      operation.end(codesOf(errors));
      yield { errors };
      return;
    }
    for await (const { data = null, errors } of await subscriptions.subscribe(begun.args)) {
      if (errors === undefined) {
        yield { data };
        continue;
      }
      const presented = subscriptions.present(errors, operation);
      for (const code of codesOf(presented)) subscriptions.parts.metrics.errorAnswered(code);
      yield { errors: presented, data };
    }
  } catch (error) {
    const errors = subscriptions.present(endingErrors(error, operation), operation);
    operation.end(codesOf(errors));
    yield { errors };
  } finally {
    operation.end();
  }
}
