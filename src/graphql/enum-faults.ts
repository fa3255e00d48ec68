import { type DocumentNode, Kind, visit } from 'graphql';
import { CATALOGUE } from '../errors/catalogue.js';
import type { Violation } from '../errors/gateway-error.js';

/** The violation for a value outside a fixed set (the page: 409 "Value is not one of the permitted values"). */
export function notPermitted(path: string): Violation {
  return { path, code: 'VALUE_NOT_PERMITTED', message: CATALOGUE.VALUE_NOT_PERMITTED.message };
}

/** The arguments or fields that the variables of a document are given to: clients may call the variables anything. */
export function placesOfVariables(document: DocumentNode): ReadonlyMap<string, string> {
  const places = new Map<string, string>();
  const named: string[] = [];
  const enclosing = {
    enter: (node: { readonly name: { readonly value: string } }) => void named.push(node.name.value),
    leave: () => void named.pop(),
  };
  visit(document, {
    VariableDefinition: () => false,
    Argument: enclosing,
    ObjectField: enclosing,
    [Kind.VARIABLE]: (node) => void places.set(node.name.value, named.join('.')),
  });
  return places;
}
