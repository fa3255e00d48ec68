import { codePoints, hasVisibleCharacter, isCleanLine } from './text.js';

/** Maximum length of a name, in Unicode code points as it is stored. */
const MAX_NAME = 100;

/** A name as it is stored: without blanks around it, and composed, so that one name has one spelling (Unicode NFC). */
export function normalName(text: string): string {
  return text.trim().normalize('NFC');
}

/** Whether a name in normal form is one: of a device, a customer or a device model. */
export function isName(name: string): boolean {
  return codePoints(name) <= MAX_NAME && isCleanLine(name) && hasVisibleCharacter(name);
}

/** What is wrong with a text that is no name, for people. */
export const NAME_RULE = `A name has 1 to ${MAX_NAME} characters, at least one that shows, and no control characters.`;
