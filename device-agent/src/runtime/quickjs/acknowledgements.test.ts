import { expect, test } from 'vitest';
import { acknowledgements } from './acknowledgements.ts';

const nothing = async (): Promise<void> => undefined;

test('an answer belongs to its number; a failure is told', async () => {
  const answers = acknowledgements();
  const ids: number[] = [];
  const send = async (id: number): Promise<void> => {
    ids.push(id);
  };
  const [first, second] = [answers.ask(send), answers.ask(send)];
  answers.settle(ids[1], 'refused');
  answers.settle(999);
  answers.settle(undefined);
  answers.settle(ids[0]);
  await first;
  await expect(second).rejects.toThrow('refused');
});

test('no more than the broker takes are under way', async () => {
  const answers = acknowledgements();
  answers.limit(2);
  const sent: number[] = [];
  const asked = Array.from({ length: 5 }, async () =>
    answers.ask(async (id) => {
      sent.push(id);
    }),
  );
  expect(sent).toHaveLength(2);
  for (let round = 0; round < 5; round++) {
    answers.settle(sent[round]);
    await asked[round];
    await nothing();
    expect(sent.length - round - 1).toBeLessThanOrEqual(2);
  }
  await Promise.all(asked);
  expect(new Set(sent).size).toBe(5);
});

test('numbers go round without one that is under way', async () => {
  const answers = acknowledgements();
  const slow = answers.ask(nothing);
  for (let round = 0; round < 70_000; round++) {
    let mine = 0;
    const asked = answers.ask(async (id) => {
      mine = id;
    });
    if (mine === 1 || mine < 1 || mine > 0xffff) throw new Error(`number ${mine}`);
    answers.settle(mine);
    await asked;
  }
  answers.settle(1);
  await expect(slow).resolves.toBeUndefined();
});

test('with the connection everything fails, also what was held back and what could not be sent', async () => {
  const answers = acknowledgements();
  answers.limit(1);
  const [sent, held] = [answers.ask(nothing), answers.ask(nothing)];
  const outcomes = Promise.allSettled([sent, held]);
  answers.rejectAll(new Error('gone'));
  expect((await outcomes).map(({ status }) => status)).toEqual(['rejected', 'rejected']);
  await expect(
    acknowledgements().ask(async () => {
      throw new Error('no pipe');
    }),
  ).rejects.toThrow('no pipe');
});
