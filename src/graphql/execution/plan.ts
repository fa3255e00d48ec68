import type {
  FieldNode,
  FragmentDefinitionNode,
  GraphQLError,
  GraphQLOutputType,
  GraphQLResolveInfo,
  GraphQLSchema,
  OperationDefinitionNode,
} from 'graphql';
import type { AnswerMeter } from '../request/answer-meter.js';

/** Where a value stands in the answer. */
export type Path = GraphQLResolveInfo['path'];

/** The variables of a request, coerced to their types. */
export type Variables = Readonly<Record<string, unknown>>;

/** One execution of a plan. */
export interface Run {
  /** What the resolvers of the request share. */
  readonly context: unknown;
  readonly variables: Variables;
  readonly errors: FieldErrors;
  /** Undefined when the answer cannot be too long. */
  readonly meter: AnswerMeter | undefined;
}

/** Collects the errors of fields that are null instead. */
export interface FieldErrors {
  /** @param keys the path of the place that is null now; the error's own may go deeper */
  readonly add: (error: GraphQLError, keys: readonly (string | number)[]) => void;
}

/**
 * Works out the value of a field in the answer, at once or later.
 * @param source the object that has the field
 * @param parent where it stands
 * @throws the error that makes the nearest nullable field null; a promise rejects with it
 */
type Answer = (run: Run, source: unknown, parent: Path | undefined) => unknown;

/**
 * Turns what a resolver returned into the value in the answer, at once or later.
 * @param parent where the field's parent or the item's list stands
 * @param key the field's or the item's key there
 * @throws the error that makes the nearest nullable field null
 */
export type Complete = (run: Run, value: unknown, parent: Path | undefined, key: string | number) => unknown;

/** One field of a selection: everything about it that no request changes. */
export interface FieldPlan {
  /** Its name in the answer. */
  readonly key: string;
  readonly nodes: readonly FieldNode[];
  readonly returnType: GraphQLOutputType;
  readonly parentTypeName: string;
  readonly answer: Answer;
}

/** The fields of one object type that are asked for, fragments and conditions worked in. */
export type SelectionPlan = readonly FieldPlan[];

/** What a plan is made from. */
export interface PlannedOperation {
  readonly schema: GraphQLSchema;
  readonly operation: OperationDefinitionNode;
  readonly fragments: Readonly<Record<string, FragmentDefinitionNode>>;
  /** The variables that decide about `@skip` and `@include`; a plan holds for one set of their values. */
  readonly conditions: Variables;
}

/** An operation of a document, made ready to be executed many times. */
export interface Plan {
  readonly isMutation: boolean;
  readonly root: SelectionPlan;
  /** How many fields it holds. */
  readonly size: number;
}
