import { EventEmitter } from 'node:events';
import { IncomingMessage, ServerResponse } from 'node:http';
import { Socket } from 'node:net';
import { expect, it } from 'vitest';
import { UnreadAnswers } from '../../src/http/core/unread-answers.js';

/** A response whose client reads nothing. */
function unread(): ServerResponse {
  const response = new ServerResponse(new IncomingMessage(new Socket()));
  response.end('x');
  return response;
}

const read = (response: ServerResponse): boolean => EventEmitter.prototype.emit.call(response, 'close');

it('the answers that have waited for longest make room for newer ones', () => {
  const answers = new UnreadAnswers(100);
  const [first, second, third, fourth] = [unread(), unread(), unread(), unread()];
  answers.add(first, 40);
  answers.add(second, 40);
  expect(first.destroyed).toBe(false);
  answers.add(third, 60);
  expect([first, second, third].map(({ destroyed }) => destroyed)).toEqual([true, false, false]);
  read(second);
  answers.add(fourth, 40);
  // The second one is read: it has no room to give.
  expect([second, third, fourth].map(({ destroyed }) => destroyed)).toEqual([false, false, false]);
});

it('one that is larger than all of them together is sent all the same, and its end is counted once', () => {
  const answers = new UnreadAnswers(100);
  const [small, large, next] = [unread(), unread(), unread()];
  answers.add(small, 10);
  answers.add(large, 500);
  expect([small, large].map(({ destroyed }) => destroyed)).toEqual([true, false]);
  read(small);
  read(large);
  read(large);
  answers.add(next, 100);
  const another = unread();
  answers.add(another, 1);
  expect([next, another].map(({ destroyed }) => destroyed)).toEqual([true, false]);
});
