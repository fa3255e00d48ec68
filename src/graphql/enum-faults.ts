import { type DocumentNode, Kind, visit } from 'graphql';
import { CATALOGUE } from '../errors/catalogue.js';
import type { Violation } from '../errors/gateway-error.js';

/** The violation for a value outside a fixed set (the page: 409 "Value is not one of the permitted values"). */
export function notPermitted(path: string): Violation {
  return { path, code: 'VALUE_NOT_PERMITTED', message: CATALOGUE.VALUE_NOT_PERMITTED.message };
}

/** The argument or field that a variable is given to: clients may call the variable itself anything. */
export function placeOf(document: DocumentNode, variable: string): string {
  let place = variable;
  const named: string[] = [];
  const enclosing = {
    enter: (node: { readonly name: { readonly value: string } }) => void named.push(node.name.value),
    leave: () => void named.pop(),
  };
  visit(document, {
    VariableDefinition: () => false,
    Argument: enclosing,
    ObjectField: enclosing,
    [Kind.VARIABLE]: (node) => {
      if (node.name.value === variable) place = named.join('.');
    },
  });
  return place;
}
