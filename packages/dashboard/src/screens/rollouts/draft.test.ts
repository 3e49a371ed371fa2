import { RolloutCreate } from '@slipway/protocol';
import { describe, expect, test } from 'vitest';
import { check, EMPTY, encodeDraft, idsIn, PRESETS, readDraft, WAVE, type Draft } from './draft.ts';

const draft = (over: Partial<Draft> = {}): Draft => ({ ...EMPTY, release: 'rel_0123456789abcdef', ...over });
const bodyOf = (over: Partial<Draft>) => {
  const { body, problems } = check(draft(over));
  if (problems !== undefined) throw new Error(JSON.stringify(problems));
  return body;
};
const stepsOf = (over: Partial<Draft>) => check(draft(over)).problems?.map(({ step }) => step);

describe('what a draft asks of the API', () => {
  test.each(PRESETS.map(({ name, waves }) => [name, waves] as const))('%s is a rollout', (_name, waves) => {
    expect(RolloutCreate.safeParse(bodyOf({ waves })).success).toBe(true);
  });

  test('is a rollout of one wave where there is nothing to say of waves', () => {
    expect(bodyOf({ waves: PRESETS[0]?.waves ?? [] })).toEqual({
      release: 'rel_0123456789abcdef',
      failureThreshold: 1,
      maxInFlight: 100,
    });
  });

  test('holds all that was typed', () => {
    expect(
      bodyOf({
        target: 'query',
        query: ' tag = canary ',
        channel: 'stable',
        waves: [
          { ...WAVE, number: 5, soakMinutes: 1.5, successPercent: 95, failureCount: 2, approval: true },
        ],
        failureThreshold: '',
        failurePercent: 2,
        onFailure: 'rollback',
        retries: 2,
        penaltyHours: 24,
        maxPerMinute: 60,
        offlineHours: 48,
        mode: 'soft',
        windows: [{ from: '02:00', to: '04:00' }],
      }),
    ).toEqual({
      release: 'rel_0123456789abcdef',
      query: 'tag = canary',
      waves: [
        { percent: 5, soakSeconds: 90, success: { percent: 95 }, failure: { count: 2 }, approval: true },
      ],
      failureThreshold: 1_000_000,
      failurePercent: 2,
      onFailure: 'rollback',
      retries: { max: 2, backoffSeconds: 600 },
      penaltySeconds: 86_400,
      maxInFlight: 100,
      maxPerMinute: 60,
      offlinePatienceSeconds: 172_800,
      policy: { mode: 'soft', windows: [{ from: '02:00', to: '04:00' }] },
    });
  });

  test('takes times in the zone of the browser', () => {
    const at = new Date('2026-12-24T18:00');
    expect(bodyOf({ startAt: '2026-12-24T18:00' }).startAt).toBe(at.toISOString());
  });
});

describe('what a draft lacks is said where it is mended', () => {
  test.each<[Partial<Draft>, string[]]>([
    [{ release: '' }, ['release']],
    [{ target: 'query' }, ['devices']],
    [{ target: 'group' }, ['devices']],
    [{ target: 'devices', devices: ' , ' }, ['devices']],
    [{ target: 'devices', devices: 'Not-An-Id' }, ['devices']],
    [{ waves: [{ ...WAVE, who: 'rest' }, WAVE] }, ['waves']],
    [{ waves: [{ ...WAVE, number: '' }] }, ['waves']],
    [{ waves: [{ ...WAVE, who: 'query' }] }, ['waves']],
    [{ failurePercent: 101 }, ['safety']],
    [{ maxInFlight: 0 }, ['pace']],
  ])('%j: %j', (over, steps) => expect(stepsOf(over)).toEqual(steps));
});

describe('a draft in an address', () => {
  test('comes back as it was', () => {
    const one = draft({
      target: 'query',
      query: 'a = "b&c"',
      waves: PRESETS[2]?.waves ?? [],
      maxInFlight: '',
    });
    expect(readDraft(new URLSearchParams({ plan: encodeDraft(one) }))).toEqual(one);
  });

  test('may be only what somebody came with', () => {
    const search = new URLSearchParams({ release: 'rel_x', query: 'package.openssl < 3.5.8' });
    expect(readDraft(search)).toMatchObject({ release: 'rel_x', target: 'query', waves: EMPTY.waves });
  });

  test.each(['{', '[]', 'null', '{"waves":"all","maxInFlight":{}}', '{"unknown":1}'])(
    '%s is none, and does no harm',
    (plan) => expect(readDraft(new URLSearchParams({ plan }))).toEqual(EMPTY),
  );
});

test('waves in an address are whole ones', () => {
  const plan = JSON.stringify({ waves: [{ who: 'rest', number: {} }, {}] });
  expect(readDraft(new URLSearchParams({ plan })).waves).toEqual([{ ...WAVE, who: 'rest' }, WAVE]);
});

test('ids are told apart by commas, blanks and lines', () => {
  expect(idsIn('gate-1, gate-2\n gate-3;gate-4 ')).toEqual(['gate-1', 'gate-2', 'gate-3', 'gate-4']);
});
