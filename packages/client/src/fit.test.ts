import { codeOf, messageOf } from '@slipway/protocol';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { fit } from './fit.ts';
import { isPassing } from './request.ts';

const schema = z.array(z.object({ id: z.string() }));

test('an answer of another version is told as such, with its place, and is not asked for again', () => {
  expect(fit(schema, 'http://a', [{ id: 'x', more: 1 }])).toEqual([{ id: 'x' }]);
  let thrown: unknown;
  try {
    fit(schema, 'http://a', [{ id: 'x' }, {}]);
  } catch (error) {
    thrown = error;
  }
  expect([codeOf(thrown), isPassing(thrown)]).toEqual(['ANSWER_UNEXPECTED', false]);
  expect(messageOf(thrown)).toMatch(/^http:\/\/a gave an answer that does not fit: 1\.id: .*another version/);
});
