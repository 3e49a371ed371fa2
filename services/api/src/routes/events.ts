import { DeviceId, LiveEvent, RolloutId, type TenantId } from '@slipway/protocol';
import { z } from 'zod';
import { actorOf } from '../auth.ts';
import { openEventJournal } from '../event-journal.ts';
import { openEventStream } from '../event-stream.ts';
import type { App, Context } from './context.ts';

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
const passes = ({ kind, device, rollout }: Filter, event: LiveEvent): boolean =>
  event.kind === 'reset' ||
  ((kind === undefined || kind.split(',').includes(event.kind)) &&
    (device === undefined || isOfDevice(event, device)) &&
    (rollout === undefined || isOfRollout(event, rollout)));

export const eventRoutes = (app: App, { events }: Context): void => {
  let journal: ReturnType<typeof openEventJournal> | undefined;
  app.addHook('onClose', async () => journal?.close());
  app.get(
    '/v1/events',
    {
      config: { access: 'read' },
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
      const last = headers['last-event-id'];
      const stream = openEventStream(reply);
      const { follow, last: newest } = (journal ??= openEventJournal(events));
      const end = follow(typeof last === 'string' ? last : undefined, ({ id, event }) => {
        if (isFor(tenant, event) && passes(query, event)) stream.send({ id, kind: event.kind, data: event });
      });
      // Who has seen nothing yet, or was passed over for long, can go on from here, too.
      stream.mark(newest);
      stream.gone.addEventListener('abort', () => {
        end();
        request.log.debug('reader of live events gone');
      });
    },
  );
};
