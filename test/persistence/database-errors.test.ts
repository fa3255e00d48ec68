import { describe, expect, it } from 'vitest';
import { statementError } from '../../src/persistence/database/database-errors.js';

describe('a connection that breaks is never mistaken for an answer of PostgreSQL', () => {
  it.each(['EPIPE', 'ECONNRESET', 'ETIMEDOUT', undefined])(
    '%s during a write is OUTCOME_UNKNOWN, during a read not',
    (code) => {
      const error = Object.assign(new Error('gone'), code === undefined ? {} : { code });
      expect(statementError(error, 'unknown')).toMatchObject({ code: 'OUTCOME_UNKNOWN' });
      expect(statementError(error, 'nothing-written')).toMatchObject({ code: 'DATABASE_UNAVAILABLE' });
    },
  );
});
