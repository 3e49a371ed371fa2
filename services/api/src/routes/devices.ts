import {
  changeDevice,
  countDevices,
  desiredOf,
  getDevice,
  getDeviceMetrics,
  groupsOfDevice,
  isInReach,
  listCertificates,
  listDeviceEvents,
  listDevices,
  listExecutions,
  MOST_TIMES,
  queryCondition,
  queryFields,
  runningRolloutsOn,
  usualStep,
} from '@slipway/fleet';
import {
  ClassName,
  Device,
  DeviceCertificate,
  DeviceEvent,
  DeviceEventKind,
  DeviceChange,
  DeviceCounts,
  DeviceId,
  DeviceMetrics,
  DeviceSort,
  DeviceState,
  Desired,
  Execution,
  METRICS_STEP_S,
  QueryField,
  QueryText,
  SlipwayError,
} from '@slipway/protocol';
import { z } from 'zod';
import { actorOf, reachOfRequest } from '../auth.ts';
import { remembered } from '../remembered.ts';
import { Flag, PageQuery, wholeOrNone, type App, type Context } from './context.ts';

const tags = ['Devices'];
const ById = z.strictObject({ id: DeviceId });
const DAY_MS = 86_400_000;
const oneKind = `(?:${DeviceEventKind.options.join('|')})`;
const kindsIn = (text: string): DeviceEventKind[] =>
  text.split(',').map((kind) => DeviceEventKind.parse(kind));

export const deviceRoutes = (app: App, { db, events, wakePlanner }: Context): void => {
  const fields = remembered<QueryField[]>();
  app.get(
    '/v1/devices',
    {
      config: { access: 'read', groups: 'filter' },
      schema: {
        tags,
        summary: 'List devices',
        querystring: PageQuery.extend({
          query: QueryText.optional(),
          deviceClass: ClassName.optional(),
          online: Flag.optional(),
          state: DeviceState.optional().describe('Absent: pending, active and revoked.'),
          sort: DeviceSort.default('id').describe('What they are ordered by; alike ones by id.'),
          order: z.enum(['asc', 'desc']).default('asc'),
        }),
        response: { 200: z.array(Device) },
      },
    },
    async (request) => {
      const { query, ...filter } = request.query;
      const now = new Date();
      const condition = query === undefined ? undefined : await queryCondition(db, query, now);
      const near = await isInReach(db, reachOfRequest(request), now);
      return listDevices(db, { ...filter, condition, near });
    },
  );
  app.get(
    '/v1/devices/counts',
    {
      config: { access: 'read', groups: 'filter' },
      schema: {
        tags,
        operationId: 'devices.counts',
        summary: 'Count the devices that a query finds, by what they are',
        querystring: z.strictObject({ query: QueryText.default('') }),
        response: { 200: DeviceCounts },
      },
    },
    async (request) => {
      const now = new Date();
      const near = await isInReach(db, reachOfRequest(request), now);
      return countDevices(db, request.query.query, now, near);
    },
  );
  app.get(
    '/v1/devices/fields',
    {
      config: { access: 'read', groups: 'filter' },
      schema: {
        tags,
        operationId: 'devices.fields',
        summary: 'What a query can ask for, with the values that the fleet has',
        response: { 200: z.array(QueryField) },
      },
    },
    async (request) => {
      const reach = reachOfRequest(request);
      return fields(String(reach), async () =>
        queryFields(db, reach, await isInReach(db, reach, new Date())),
      );
    },
  );
  app.get(
    '/v1/devices/:id',
    {
      config: { access: 'read', groups: 'device' },
      schema: { tags, summary: 'Show a device', params: ById, response: { 200: Device } },
    },
    async ({ params }) => ({
      ...(await getDevice(db, params.id)),
      groups: await groupsOfDevice(db, params.id, new Date()),
    }),
  );
  app.patch(
    '/v1/devices/:id',
    {
      config: { access: 'operate', groups: 'device' },
      schema: {
        tags,
        summary: 'Set the name, tags and attributes of a device',
        params: ById,
        body: DeviceChange,
        response: { 200: Device },
      },
    },
    async (request) => {
      const device = await changeDevice(db, request.params.id, request.body, actorOf(request).name);
      events.publish({ kind: 'device', device });
      // A group or a query may find it now.
      for (const rollout of await runningRolloutsOn(db, device.id)) await wakePlanner(rollout);
      return device;
    },
  );
  app.get(
    '/v1/devices/:id/desired',
    {
      config: { access: 'read', groups: 'device' },
      schema: {
        tags,
        summary: 'Show what a device is asked, as it is told',
        params: ById,
        response: { 200: z.object({ desired: Desired.nullable().describe('null: nothing yet.') }) },
      },
    },
    async ({ params }) => {
      await getDevice(db, params.id);
      return { desired: (await desiredOf(db, params.id)) ?? null };
    },
  );
  app.get(
    '/v1/devices/:id/metrics',
    {
      config: { access: 'read', groups: 'device' },
      schema: {
        tags,
        operationId: 'devices.getMetrics',
        summary: 'Show how metrics of a device were over time, as means of intervals',
        params: ById,
        querystring: z.strictObject({
          since: z.iso.datetime().optional().describe('Absent: a day before `until`.'),
          until: z.iso.datetime().optional().describe('Absent: now.'),
          step: wholeOrNone(METRICS_STEP_S, 86_400).describe(
            'Seconds of an interval; absent: as suits a plot.',
          ),
        }),
        response: { 200: DeviceMetrics },
      },
    },
    async ({ params, query }) => {
      await getDevice(db, params.id);
      const until = query.until === undefined ? new Date() : new Date(query.until);
      const since = query.since === undefined ? new Date(until.getTime() - DAY_MS) : new Date(query.since);
      const step = query.step ?? usualStep(since, until);
      const times = (until.getTime() - since.getTime()) / 1000 / step;
      if (times < 0 || times > MOST_TIMES)
        throw new SlipwayError(
          'REQUEST_INVALID',
          `Expected since before until and at most ${MOST_TIMES} intervals between them, found ${Math.round(times)}. Ask for a larger step, or less time.`,
        );
      return getDeviceMetrics(db, params.id, since, until, step);
    },
  );
  app.get(
    '/v1/devices/:id/executions',
    {
      config: { access: 'read', groups: 'device' },
      schema: {
        tags,
        summary: 'List what a device took, or tried to',
        params: ById,
        querystring: PageQuery,
        response: { 200: z.array(Execution) },
      },
    },
    async ({ params, query }) => {
      await getDevice(db, params.id);
      return listExecutions(db, { device: params.id, ...query });
    },
  );
  app.get(
    '/v1/devices/:id/timeline',
    {
      config: { access: 'read', groups: 'device' },
      schema: {
        tags,
        operationId: 'devices.timeline',
        summary:
          'List what happened to a device, newest first: updates, commands, connections, certificates, changes',
        params: ById,
        querystring: PageQuery.extend({
          kind: z
            .string()
            .regex(
              new RegExp(`^${oneKind}(?:,${oneKind})*$`),
              `some of ${DeviceEventKind.options.join(', ')}, separated by commas`,
            )
            .optional()
            .describe('Only events of these kinds, separated by commas.'),
        }),
        response: { 200: z.array(DeviceEvent) },
      },
    },
    async ({ params, query: { kind, ...page } }) => {
      await getDevice(db, params.id);
      const kinds = kind === undefined ? undefined : kindsIn(kind);
      return listDeviceEvents(db, params.id, { ...page, kinds }, new Date());
    },
  );
  app.get(
    '/v1/devices/:id/certificates',
    {
      config: { access: 'read', groups: 'device' },
      schema: {
        tags,
        summary: 'List the certificates that a device was given and that have not ended, newest first',
        params: ById,
        querystring: PageQuery,
        response: { 200: z.array(DeviceCertificate) },
      },
    },
    async ({ params, query }) => {
      await getDevice(db, params.id);
      return listCertificates(db, params.id, query);
    },
  );
};
