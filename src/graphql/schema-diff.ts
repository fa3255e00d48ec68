import { CriticalityLevel, diff } from '@graphql-inspector/core';
import { buildSchema } from 'graphql';

/** One difference between two versions of the schema. */
interface SchemaChange {
  /** Whether a client that worked before may fail now. */
  readonly isBreaking: boolean;
  readonly message: string;
}

/** What changed between two schemas in SDL, breaking changes first. */
export async function schemaChanges(before: string, after: string): Promise<readonly SchemaChange[]> {
  const changes = await diff(buildSchema(before), buildSchema(after));
  return changes
    .map(({ criticality, message }) => ({
      isBreaking: criticality.level === CriticalityLevel.Breaking,
      message,
    }))
    .sort((one, other) => Number(other.isBreaking) - Number(one.isBreaking));
}
