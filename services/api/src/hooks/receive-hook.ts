import { createHash } from 'node:crypto';
import {
  getSource,
  getTrigger,
  recordDelivery,
  sealedSecret,
  takesHook,
  type Database,
  type NewDelivery,
} from '@slipway/fleet';
import {
  codeOf,
  messageOf,
  SlipwayError,
  TriggerId,
  type BuildTrigger,
  type HookAnswer,
  type HookOn,
  type Trigger,
} from '@slipway/protocol';
import { branchRule } from '../triggers/class-inputs.ts';
import { readHook, type HookEvent } from './read-hook.ts';
import { verifyHook, type Hook, type Verified } from './verify-hook.ts';

type Decision = Pick<NewDelivery, 'verdict' | 'reason' | 'facts' | 'run'>;

const ignored = (reason: string, facts: Record<string, unknown> = {}): Decision => ({
  verdict: 'ignored',
  reason,
  facts,
});

const accepted = (
  trigger: Trigger,
  key: string,
  kind: BuildTrigger['kind'],
  reason: string,
  facts: Record<string, unknown>,
): Decision => ({
  verdict: 'accepted',
  reason,
  facts,
  run: {
    asked: { trigger: trigger.id, key, cause: { kind, id: trigger.id, cause: facts } },
    windowMs: trigger.windowSeconds * 1000,
  },
});

const decide = async (db: Database, trigger: Trigger, event: HookEvent): Promise<Decision> => {
  if (event.kind === 'ignored') return ignored(event.reason);
  const { kind: _kind, ...facts } = event;
  if (!trigger.enabled) return ignored('the trigger is disabled', facts);
  const { on, rule, perClass, source } = trigger;
  if (event.kind === 'image') {
    const { image, digest, by } = event;
    const shown = { image, ...(digest === null ? {} : { digest }), ...(by === null ? {} : { by }) };
    return accepted(trigger, `image:${image}`, 'registry', `${image} was pushed`, shown);
  }
  const { repository, branch } = event;
  if (on.kind === 'push' && on.repository !== undefined && on.repository !== repository)
    return ignored(`it is about ${repository}, the trigger about ${on.repository}`, facts);
  const usual = source === null ? '' : (await getSource(db, source)).branch;
  if (![rule, ...Object.values(perClass)].some((one) => branchRule(one, branch, usual) !== undefined))
    return ignored(`branch ${branch} is not built`, facts);
  return accepted(
    trigger,
    `push:${branch}`,
    'webhook',
    `${branch} of ${repository} was pushed by ${event.by}`,
    facts,
  );
};

const noHook = (id: string): SlipwayError =>
  new SlipwayError(
    'NOT_FOUND',
    `There is no hook ${id.slice(0, 64)}. slipway trigger show has the right address.`,
  );

/** @throws {SlipwayError} NOT_FOUND */
const hookOf = async (db: Database, id: string): Promise<Trigger & { readonly on: HookOn }> => {
  const known = TriggerId.safeParse(id);
  if (!known.success) throw noHook(id);
  const trigger = await getTrigger(db, known.data).catch((error: unknown) => {
    throw codeOf(error) === 'NOT_FOUND' ? noHook(id) : error;
  });
  const { on } = trigger;
  if (!takesHook(on)) throw noHook(id);
  return { ...trigger, on };
};

/**
 * Takes a notice of a forge or registry: who sends it, what it is about, what becomes of it. All that is said of it is in
 * the deliveries of the trigger.
 *
 * @param open of the sealed secret of a trigger
 * @throws {SlipwayError} NOT_FOUND; HOOK_SIGNATURE_INVALID; HOOK_PAYLOAD_INVALID
 */
export const receiveHook = async (
  db: Database,
  id: string,
  hook: Hook,
  open: (sealed: string, trigger: string) => string,
  now: Date,
): Promise<HookAnswer> => {
  const trigger = await hookOf(db, id);
  const { on } = trigger;
  const sealed = await sealedSecret(db, trigger.id);
  const keep = (delivery: Omit<NewDelivery, 'trigger'>) =>
    recordDelivery(db, { trigger: trigger.id, ...delivery }, now);
  let verified: Verified;
  try {
    if (sealed === null) throw noHook(id);
    verified = verifyHook(on, open(sealed, trigger.id), hook, now);
  } catch (error) {
    const code = codeOf(error);
    if (code === 'HOOK_SIGNATURE_INVALID')
      await keep({ event: 'unverified', verdict: 'refused', code, reason: messageOf(error) });
    throw error;
  }
  const event = verified.event === '' ? 'unnamed' : verified.event.slice(0, 100);
  const bodySha256 = createHash('sha256').update(hook.body).digest('hex');
  let found: HookEvent[];
  try {
    found = readHook(on, verified, hook.body);
  } catch (error) {
    await keep({ event, verdict: 'ignored', code: codeOf(error), reason: messageOf(error) });
    throw error;
  }
  let answer: HookAnswer = { delivery: null, verdict: 'ignored', reason: '', replayed: false };
  for (const one of found) {
    const decision = await decide(db, trigger, one);
    if (one.kind === 'ignored' && one.quiet === true) {
      answer = { ...answer, reason: one.reason };
      continue;
    }
    const eventId = one.kind === 'image' && one.eventId !== null ? one.eventId : verified.eventId;
    const single = found.length === 1;
    const { delivery, replayed } = await keep({
      event,
      // Of several in one body each has to be told apart from the others.
      eventId:
        single || one.kind !== 'image' || one.eventId !== null ? eventId : `${bodySha256}:${one.image}`,
      // Pings, and what is ignored beside, may be the same any number of times.
      bodySha256: single && decision.verdict === 'accepted' ? bodySha256 : null,
      ...decision,
    });
    answer = {
      delivery: delivery?.id ?? null,
      verdict: delivery?.verdict ?? decision.verdict,
      reason: replayed ? `it had come before: ${delivery?.reason ?? ''}` : decision.reason,
      replayed,
    };
  }
  return answer;
};
