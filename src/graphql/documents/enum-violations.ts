import { CATALOGUE } from '../../errors/catalogue.js';
import type { Violation } from '../../errors/gateway-error.js';

/** The violation for a value outside a fixed set (the page: 409 "Value is not one of the permitted values"). */
export function notPermitted(path: string): Violation {
  return { path, code: 'VALUE_NOT_PERMITTED', message: CATALOGUE.VALUE_NOT_PERMITTED.message };
}
