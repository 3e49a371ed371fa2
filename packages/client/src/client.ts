import {
  Build,
  ChannelHistory,
  ClaimToken,
  Device,
  DeviceClass,
  DeviceCommand,
  DeviceLogPiece,
  Execution,
  type LiveEvent,
  Release,
  ReleaseChannel,
  Rollout,
  type AssignmentPolicy,
  type BuildCreate,
  type ChannelChange,
  type ClaimCreate,
  type CommandRequest,
  type RolloutCreate,
} from '@slipway/protocol';
import { z } from 'zod';
import { liveEvents } from './live.ts';
import { type Connection, send, sendJson } from './request.ts';

/** What callers may leave out is filled in by the server. */
export type RolloutRequest = Pick<RolloutCreate, 'release'> & Partial<RolloutCreate>;
export type ClaimRequest = Pick<ClaimCreate, 'deviceClass'> & Partial<ClaimCreate>;

/** The HTTP API as functions; each throws a `SlipwayError` with the code that the server gave. */
export const createClient = (connection: Connection) => {
  const list =
    <S extends z.ZodType>(schema: S, path: string) =>
    () =>
      sendJson(connection, z.array(schema), path);
  const one =
    <S extends z.ZodType>(schema: S, path: string) =>
    (id: string) =>
      sendJson(connection, schema, `${path}/${encodeURIComponent(id)}`);
  const act =
    <S extends z.ZodType>(schema: S, path: string, action: string) =>
    (id: string) =>
      sendJson(connection, schema, `${path}/${encodeURIComponent(id)}/${action}`, { method: 'POST' });
  const post = <S extends z.ZodType>(schema: S, path: string, body: unknown) =>
    sendJson(connection, schema, path, { method: 'POST', body });

  const commandsOf = (device: string): string => `/v1/devices/${encodeURIComponent(device)}/commands`;

  const channelPath = (deviceClass: string, name: string): string =>
    `/v1/channels/${encodeURIComponent(deviceClass)}/${encodeURIComponent(name)}`;

  return {
    connection,
    classes: { list: list(DeviceClass, '/v1/device-classes') },
    builds: {
      list: list(Build, '/v1/builds'),
      get: one(Build, '/v1/builds'),
      create: (body: BuildCreate) => post(Build, '/v1/builds', body),
      /** the log so far, as text */
      log: async (id: string) =>
        (await send(connection, `/v1/builds/${encodeURIComponent(id)}/log`, { accept: 'text/plain' })).text(),
      artifact: (id: string, name: string) =>
        send(connection, `/v1/builds/${encodeURIComponent(id)}/artifacts/${encodeURIComponent(name)}`, {
          accept: 'application/octet-stream',
        }),
    },
    releases: {
      list: list(Release, '/v1/releases'),
      get: one(Release, '/v1/releases'),
      publish: act(Release, '/v1/releases', 'publish'),
      deprecate: act(Release, '/v1/releases', 'deprecate'),
      withdraw: act(Release, '/v1/releases', 'withdraw'),
      bundle: (id: string) =>
        send(connection, `/v1/releases/${encodeURIComponent(id)}/bundle`, {
          accept: 'application/octet-stream',
        }),
    },
    rollouts: {
      list: list(Rollout, '/v1/rollouts'),
      get: one(Rollout, '/v1/rollouts'),
      create: (body: RolloutRequest) => post(Rollout, '/v1/rollouts', body),
      abort: act(Rollout, '/v1/rollouts', 'abort'),
      setPolicy: (id: string, policy: AssignmentPolicy) =>
        sendJson(connection, Rollout, `/v1/rollouts/${encodeURIComponent(id)}/policy`, {
          method: 'PUT',
          body: policy,
        }),
      executions: (id: string) =>
        sendJson(connection, z.array(Execution), `/v1/rollouts/${encodeURIComponent(id)}/executions`),
    },
    channels: {
      list: list(ReleaseChannel, '/v1/channels'),
      get: (deviceClass: string, name: string) =>
        sendJson(connection, ReleaseChannel, channelPath(deviceClass, name)),
      history: (deviceClass: string, name: string) =>
        sendJson(connection, z.array(ChannelHistory), `${channelPath(deviceClass, name)}/history`),
      change: (deviceClass: string, name: string, body: ChannelChange) =>
        sendJson(connection, ReleaseChannel, channelPath(deviceClass, name), { method: 'PUT', body }),
      publish: (deviceClass: string, name: string, release: string) =>
        post(ReleaseChannel, `${channelPath(deviceClass, name)}/releases`, { release }),
      follow: (device: string, channel: string | null) =>
        sendJson(connection, Device, `/v1/devices/${encodeURIComponent(device)}/channel`, {
          method: 'PUT',
          body: { channel },
        }),
    },
    devices: {
      list: list(Device, '/v1/devices'),
      get: one(Device, '/v1/devices'),
      revoke: act(Device, '/v1/devices', 'revoke'),
      ask: (id: string, body: CommandRequest) => post(DeviceCommand, commandsOf(id), body),
      commands: (id: string) => sendJson(connection, z.array(DeviceCommand), commandsOf(id)),
      command: (id: string, command: string) =>
        sendJson(connection, DeviceCommand, `${commandsOf(id)}/${encodeURIComponent(command)}`),
      /** @param after number of the last piece known; -1: none */
      log: (id: string, command: string, after: number) =>
        sendJson(
          connection,
          z.array(DeviceLogPiece),
          `${commandsOf(id)}/${encodeURIComponent(command)}/log?after=${after}`,
        ),
    },
    claims: {
      list: list(ClaimToken, '/v1/claims'),
      create: (body: ClaimRequest) => post(ClaimToken, '/v1/claims', body),
    },
    /** what changes from now on */
    events: (signal: AbortSignal): AsyncGenerator<LiveEvent> => liveEvents(connection, signal),
  };
};

export type Client = ReturnType<typeof createClient>;
