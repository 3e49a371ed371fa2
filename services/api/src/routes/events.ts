import { reachOf } from '@slipway/fleet';
import { DeviceId, LiveEvent, RolloutId, type TenantId } from '@slipway/protocol';
import { z } from 'zod';
import { actorOf, reachNow, reachOfRequest } from '../auth.ts';
import { openEventJournal, type Entry } from '../event-journal.ts';
import { openEventStream } from '../event-stream.ts';
import { passNearEvents } from '../near-events.ts';
import type { App, Context } from './context.ts';

const LOOK_MS = 15_000;

const KINDS = LiveEvent.options.map(({ shape }) => shape.kind.value);
const oneKind = `(?:${KINDS.join('|')})`;

const Filter = z.strictObject({
  kind: z
    .string()
    .max(200)
    .regex(new RegExp(`^${oneKind}(?:,${oneKind})*$`), `some of ${KINDS.join(', ')}, separated by commas`)
    .optional()
    .describe('Only events of these kinds, separated by commas; a reset always comes.'),
  device: DeviceId.optional().describe('Only events of this device: itself, its executions and commands.'),
  rollout: RolloutId.optional().describe('Only events of this rollout: itself and its executions.'),
});
type Filter = z.infer<typeof Filter>;

const isOfDevice = (event: LiveEvent, device: DeviceId): boolean =>
  (event.kind === 'device' && event.device.id === device) ||
  (event.kind === 'execution' && event.execution.device === device) ||
  (event.kind === 'command' && event.command.device === device);
const isOfRollout = (event: LiveEvent, rollout: RolloutId): boolean =>
  (event.kind === 'rollout' && event.rollout.id === rollout) ||
  (event.kind === 'execution' && event.execution.rollout === rollout);

/** What does not say whose it is is told to nobody. */
const isFor = (tenant: TenantId, event: LiveEvent): boolean =>
  event.kind === 'reset' || event.tenant === tenant;
const isForAdmins = ({ kind }: LiveEvent): boolean => kind === 'audit' || kind === 'delivery';
const passes = ({ kind, device, rollout }: Filter, event: LiveEvent): boolean =>
  event.kind === 'reset' ||
  ((kind === undefined || kind.split(',').includes(event.kind)) &&
    (device === undefined || isOfDevice(event, device)) &&
    (rollout === undefined || isOfRollout(event, rollout)));

export const eventRoutes = (app: App, { db, events }: Context): void => {
  let journal: ReturnType<typeof openEventJournal> | undefined;
  app.addHook('onClose', async () => journal?.close());
  app.get(
    '/v1/events',
    {
      config: { access: 'read', groups: 'filter' },
      schema: {
        tags: ['Events'],
        summary:
          'Changes from now on, or from Last-Event-ID on, as server-sent events; `data` is a LiveEvent, `event` its kind; `reset` says that some are missing, so read the lists anew',
        querystring: Filter,
        response: { 200: { content: { 'text/event-stream': { schema: LiveEvent } } } },
      },
    },
    async (request, reply) => {
      const { query, headers } = request;
      const { tenant } = actorOf(request);
      let isAdmin = reachOf(actorOf(request), 'admin') === 'fleet';
      const last = headers['last-event-id'];
      let reach = reachOfRequest(request);
      const stream = openEventStream(reply);
      const { follow, last: newest } = (journal ??= openEventJournal(events));
      const send = ({ id, event }: Entry): void => stream.send({ id, kind: event.kind, data: event });
      const after = typeof last === 'string' ? last : undefined;
      const near = passNearEvents(
        {
          db,
          reach: () => (reach === 'fleet' ? [] : reach),
          send,
          cutOff: (error) => {
            request.log.warn({ err: error }, 'reader of live events cut off');
            stream.end();
          },
        },
        after ?? newest(),
      );
      const end = follow(after, (entry) => {
        if (!isFor(tenant, entry.event) || !passes(query, entry.event)) return;
        if (isForAdmins(entry.event) && !isAdmin) return;
        if (reach === 'fleet') send(entry);
        else near.add(entry);
      });
      // Who has seen nothing yet, or was passed over for long, can go on from here, too.
      stream.mark(() => near.position() ?? newest());
      // What was taken away counts for what is open, too.
      const looking = setInterval(() => {
        Promise.all([reachNow(db, request, 'read'), reachNow(db, request, 'admin')]).then(
          ([now, admin]) => {
            isAdmin = admin === 'fleet';
            if (now === undefined || (now === 'fleet') !== (reach === 'fleet')) stream.end();
            else reach = now;
          },
          (error: unknown) =>
            request.log.error({ err: error }, 'looking after a reader of live events failed'),
        );
      }, LOOK_MS);
      stream.gone.addEventListener('abort', () => {
        end();
        clearInterval(looking);
        request.log.debug('reader of live events gone');
      });
    },
  );
};
