// Written by `npm run client -w packages/client` from what the routes of the API declare. Change a route, then run it.
import {
  ApiToken,
  ApiTokenCreate,
  Artifact,
  AuditEntry,
  AuditHead,
  Build,
  BuildContents,
  BuildCreate,
  BuildDifference,
  BuildEvent,
  BuildLogLines,
  BuildLogMatches,
  BuildQueueState,
  BuildState,
  BuildStep,
  BuildWorker,
  BuiltComponent,
  BuiltImage,
  BulkRequest,
  BulkResult,
  ChannelChange,
  ChannelFollow,
  ChannelHistory,
  ChannelPublish,
  ClaimCreate,
  ClaimToken,
  ClaimUse,
  ClassChange,
  CommandRequest,
  ComponentKind,
  ComponentPackage,
  ConsolePiece,
  DatabaseExport,
  DeliveryVerdict,
  Desired,
  Device,
  DeviceCertificate,
  DeviceChange,
  DeviceClass,
  DeviceClassDetail,
  DeviceCommand,
  DeviceCounts,
  DeviceEvent,
  DeviceList,
  DeviceLogPiece,
  DeviceMetrics,
  DeviceSort,
  DeviceState,
  EmergencyStop,
  ExampleImages,
  Execution,
  ExecutionState,
  FirstRun,
  FoundContents,
  Group,
  GroupChange,
  GroupCreate,
  GroupMembers,
  Key,
  KeyPurpose,
  KeyState,
  KnownPackage,
  LiveEvent,
  LoggedIn,
  Login,
  MaintenanceWindow,
  Me,
  Overview,
  PackageCoverage,
  PackageFinding,
  PackageType,
  PasswordChange,
  PasswordSet,
  PlaceTriggers,
  PlaceTriggersApproval,
  PlaceTriggersChange,
  Qualification,
  Qualifier,
  QueryField,
  Registration,
  RegistrationImport,
  Release,
  ReleaseChannel,
  ReleaseDifference,
  ReleaseDownloads,
  ReleaseEvent,
  ReleasePackage,
  ReleaseSignature,
  ReleaseState,
  ReleaseUse,
  RepositoryChange,
  RepositoryCheck,
  RepositoryEdit,
  RepositoryFile,
  RepositorySave,
  RepositoryText,
  RepositoryValidate,
  Retention,
  RetentionReport,
  RetentionRun,
  Rollout,
  RolloutApproval,
  RolloutChange,
  RolloutConsequences,
  RolloutCreate,
  RolloutFailures,
  RolloutPreview,
  RolloutProgress,
  RolloutReason,
  RolloutState,
  RolloutSummary,
  RotationProgress,
  ServerStatus,
  Session,
  Setup,
  SetupState,
  SigningProfileUse,
  Source,
  SourceChange,
  SourceCreate,
  SourceEdit,
  SourceEdited,
  SourceFiles,
  SourcePatch,
  StopRequest,
  Tenant,
  TenantChange,
  Trigger,
  TriggerChange,
  TriggerCreate,
  TriggerCreated,
  TriggerDelivery,
  TriggerRun,
  User,
  UserChange,
  UserCreate,
  VersionHistory,
  View,
  ViewChange,
  ViewCreate,
  VirtualDevice,
  VirtualDeviceCreate,
  Wave,
  Webhook,
  WebhookChange,
  WebhookCreate,
  WebhookDelivery,
  WebhookDeliveryDetails,
  WebhookDeliveryState,
  WebhookRotate,
  WebhookSecret,
} from '@slipway/protocol';
import { z } from 'zod';
import { download, json, list, nothing, stream, text } from './call.ts';
import { segment, type CallOptions, type Connection } from './request.ts';

/** Every route of the API as a function. */
export const generatedClient = (connection: Connection) => ({
  audit: {
    /** Show the end of the log, to be kept elsewhere. `GET /v1/audit/head` */
    getHead: (options: CallOptions = {}) => json(connection, AuditHead, '/v1/audit/head', options),
    /** List what was changed, and by whom. `GET /v1/audit` */
    list: (
      query: {
        readonly limit?: number | undefined;
        readonly offset?: number | undefined;
        readonly after?: string | undefined;
        readonly count?: boolean | undefined;
        readonly actor?: string | undefined;
        readonly action?: string | undefined;
        readonly subject?: string | undefined;
        readonly since?: string | undefined;
        readonly until?: string | undefined;
        readonly order?: 'newest' | 'oldest' | undefined;
      } = {},
      options: CallOptions = {},
    ) => list(connection, AuditEntry, '/v1/audit', { query, ...options }),
  },
  buildQueues: {
    /** List the queues of builds: what is built, and what comes next in which order. `GET /v1/build-queues` */
    list: (options: CallOptions = {}) =>
      json(connection, z.array(BuildQueueState), '/v1/build-queues', options),
  },
  builds: {
    /** Cancel a build that is queued or building. `POST /v1/builds/{id}/cancel` */
    cancel: (id: string, options: CallOptions = {}) =>
      json(connection, Build, `/v1/builds/${segment(id)}/cancel`, { method: 'POST', ...options }),
    /** Build an image for a device class; an equal build that is under way or has just succeeded is the answer (200). `POST /v1/builds` */
    create: (body: z.input<typeof BuildCreate>, options: CallOptions = {}) =>
      json(connection, Build, '/v1/builds', { method: 'POST', body, ...options }),
    /** Tell what a build changes: packages, components, files, configuration, sizes of artifacts. `GET /v1/builds/{id}/difference` */
    difference: (id: string, query: { readonly from?: string | undefined } = {}, options: CallOptions = {}) =>
      json(connection, BuildDifference, `/v1/builds/${segment(id)}/difference`, { query, ...options }),
    /** Find files in the image of a build by a part of their paths. `GET /v1/builds/{id}/contents/find` */
    findContents: (
      id: string,
      query: { readonly text: string; readonly most?: number | undefined },
      options: CallOptions = {},
    ) => json(connection, FoundContents, `/v1/builds/${segment(id)}/contents/find`, { query, ...options }),
    /** Find lines in the log of a build: their numbers. `GET /v1/builds/{id}/log/matches` */
    findLogLines: (id: string, query: { readonly text: string }, options: CallOptions = {}) =>
      json(connection, BuildLogMatches, `/v1/builds/${segment(id)}/log/matches`, { query, ...options }),
    /** Show a build. `GET /v1/builds/{id}` */
    get: (id: string, options: CallOptions = {}) =>
      json(connection, Build, `/v1/builds/${segment(id)}`, options),
    /** Download an artifact of a build, whole or a range of it. `GET /v1/builds/{id}/artifacts/{name}` */
    getArtifact: (id: string, name: string, options: CallOptions = {}) =>
      download(connection, `/v1/builds/${segment(id)}/artifacts/${segment(name)}`, {
        accept: 'application/octet-stream',
        ...options,
      }),
    /** Look into the image of a build: a folder, what is in it and which component put it there. `GET /v1/builds/{id}/contents` */
    getContents: (
      id: string,
      query: {
        readonly under?: string | undefined;
        readonly depth?: number | undefined;
        readonly most?: number | undefined;
      } = {},
      options: CallOptions = {},
    ) => json(connection, BuildContents, `/v1/builds/${segment(id)}/contents`, { query, ...options }),
    /** Read the log of a build, from a byte on. `GET /v1/builds/{id}/log` */
    getLog: (id: string, query: { readonly from?: number | undefined } = {}, options: CallOptions = {}) =>
      text(connection, `/v1/builds/${segment(id)}/log`, { query, accept: 'text/plain', ...options }),
    /** Read lines of the log of a build, by their numbers. `GET /v1/builds/{id}/log/lines` */
    getLogLines: (
      id: string,
      query: { readonly from?: number | undefined; readonly most?: number | undefined } = {},
      options: CallOptions = {},
    ) => json(connection, BuildLogLines, `/v1/builds/${segment(id)}/log/lines`, { query, ...options }),
    /** List builds. `GET /v1/builds` */
    list: (
      query: {
        readonly limit?: number | undefined;
        readonly offset?: number | undefined;
        readonly after?: string | undefined;
        readonly count?: boolean | undefined;
        readonly deviceClass?: string | undefined;
        readonly state?: z.input<typeof BuildState> | undefined;
      } = {},
      options: CallOptions = {},
    ) => list(connection, Build, '/v1/builds', { query, ...options }),
    /** List the artifacts of a build, with sizes and digests. `GET /v1/builds/{id}/artifacts` */
    listArtifacts: (id: string, options: CallOptions = {}) =>
      json(connection, z.array(Artifact), `/v1/builds/${segment(id)}/artifacts`, options),
    /** List the steps of a build with their times. `GET /v1/builds/{id}/steps` */
    listSteps: (id: string, options: CallOptions = {}) =>
      json(connection, z.array(BuildStep), `/v1/builds/${segment(id)}/steps`, options),
    /** Build once more what failed or was cancelled: the same files and version, as a build of its own. `POST /v1/builds/{id}/retry` */
    retry: (id: string, options: CallOptions = {}) =>
      json(connection, Build, `/v1/builds/${segment(id)}/retry`, { method: 'POST', ...options }),
    /** Log and steps of a build from its beginning, as server-sent events, until it ends; `data` is a BuildEvent, `event` its kind, `id` an offset in the log to go on from (Last-Event-ID). `GET /v1/builds/{id}/events` */
    streamEvents: (id: string, options: CallOptions = {}) =>
      stream(connection, BuildEvent, `/v1/builds/${segment(id)}/events`, options),
  },
  channels: {
    /** Publish a release to a channel, which makes it the current one. `POST /v1/channels/{deviceClass}/{name}/releases` */
    createRelease: (
      deviceClass: string,
      name: string,
      body: z.input<typeof ChannelPublish>,
      options: CallOptions = {},
    ) =>
      json(connection, ReleaseChannel, `/v1/channels/${segment(deviceClass)}/${segment(name)}/releases`, {
        method: 'POST',
        body,
        ...options,
      }),
    /** Show a channel. `GET /v1/channels/{deviceClass}/{name}` */
    get: (deviceClass: string, name: string, options: CallOptions = {}) =>
      json(connection, ReleaseChannel, `/v1/channels/${segment(deviceClass)}/${segment(name)}`, options),
    /** List channels of releases. `GET /v1/channels` */
    list: (
      query: {
        readonly limit?: number | undefined;
        readonly offset?: number | undefined;
        readonly after?: string | undefined;
        readonly count?: boolean | undefined;
        readonly deviceClass?: string | undefined;
      } = {},
      options: CallOptions = {},
    ) => list(connection, ReleaseChannel, '/v1/channels', { query, ...options }),
    /** What was published to a channel, newest first. `GET /v1/channels/{deviceClass}/{name}/history` */
    listHistory: (
      deviceClass: string,
      name: string,
      query: {
        readonly limit?: number | undefined;
        readonly offset?: number | undefined;
        readonly after?: string | undefined;
        readonly count?: boolean | undefined;
      } = {},
      options: CallOptions = {},
    ) =>
      list(connection, ChannelHistory, `/v1/channels/${segment(deviceClass)}/${segment(name)}/history`, {
        query,
        ...options,
      }),
    /** Make a channel, or set its floor and stepping stones. `PUT /v1/channels/{deviceClass}/{name}` */
    replace: (
      deviceClass: string,
      name: string,
      body: z.input<typeof ChannelChange>,
      options: CallOptions = {},
    ) =>
      json(connection, ReleaseChannel, `/v1/channels/${segment(deviceClass)}/${segment(name)}`, {
        method: 'PUT',
        body,
        ...options,
      }),
  },
  claims: {
    /** Create a claim token, with which one device or a batch enrols; the token is shown this once. `POST /v1/claims` */
    create: (body: z.input<typeof ClaimCreate>, options: CallOptions = {}) =>
      json(connection, ClaimToken, '/v1/claims', { method: 'POST', body, ...options }),
    /** Show a claim. `GET /v1/claims/{id}` */
    get: (id: string, options: CallOptions = {}) =>
      json(connection, ClaimToken, `/v1/claims/${segment(id)}`, options),
    /** List claims. `GET /v1/claims` */
    list: (
      query: {
        readonly limit?: number | undefined;
        readonly offset?: number | undefined;
        readonly after?: string | undefined;
        readonly count?: boolean | undefined;
      } = {},
      options: CallOptions = {},
    ) => list(connection, ClaimToken, '/v1/claims', { query, ...options }),
    /** List who came with a claim, in the order in which they came. `GET /v1/claims/{id}/uses` */
    listUses: (
      id: string,
      query: {
        readonly limit?: number | undefined;
        readonly offset?: number | undefined;
        readonly after?: string | undefined;
        readonly count?: boolean | undefined;
      } = {},
      options: CallOptions = {},
    ) => list(connection, ClaimUse, `/v1/claims/${segment(id)}/uses`, { query, ...options }),
    /** Let no further device in by a claim. `POST /v1/claims/{id}/revoke` */
    revoke: (id: string, options: CallOptions = {}) =>
      json(connection, ClaimToken, `/v1/claims/${segment(id)}/revoke`, { method: 'POST', ...options }),
  },
  classTriggers: {
    /** Approve of the triggers that class files name. `POST /v1/class-triggers/{place}/approve` */
    approve: (place: string, body: z.input<typeof PlaceTriggersApproval>, options: CallOptions = {}) =>
      json(connection, PlaceTriggers, `/v1/class-triggers/${segment(place)}/approve`, {
        method: 'POST',
        body,
        ...options,
      }),
    /** What class files say of triggers, and what became of it. `GET /v1/class-triggers` */
    list: (options: CallOptions = {}) =>
      json(connection, z.array(PlaceTriggers), '/v1/class-triggers', options),
    /** Say whether triggers that class files name are taken, need approval, or are off. `PATCH /v1/class-triggers/{place}` */
    update: (place: string, body: z.input<typeof PlaceTriggersChange>, options: CallOptions = {}) =>
      json(connection, PlaceTriggers, `/v1/class-triggers/${segment(place)}`, {
        method: 'PATCH',
        body,
        ...options,
      }),
  },
  components: {
    /** Show a component and the releases that hold it. `GET /v1/components/{id}` */
    get: (id: string, options: CallOptions = {}) =>
      json(connection, BuiltComponent, `/v1/components/${segment(id)}`, options),
    /** List components that builds were made of. `GET /v1/components` */
    list: (
      query: {
        readonly limit?: number | undefined;
        readonly offset?: number | undefined;
        readonly after?: string | undefined;
        readonly count?: boolean | undefined;
        readonly name?: string | undefined;
        readonly kind?: z.input<typeof ComponentKind> | undefined;
        readonly deviceClass?: string | undefined;
        readonly release?: string | undefined;
      } = {},
      options: CallOptions = {},
    ) => list(connection, BuiltComponent, '/v1/components', { query, ...options }),
    /** List the packages in a component, by the list of contents of the last build with it. `GET /v1/components/{id}/packages` */
    listPackages: (id: string, options: CallOptions = {}) =>
      json(connection, z.array(ComponentPackage), `/v1/components/${segment(id)}/packages`, options),
  },
  databaseExports: {
    /** Write the database into a file on the machine of the server, for a backup. `POST /v1/database-exports` */
    create: (options: CallOptions = {}) =>
      json(connection, DatabaseExport, '/v1/database-exports', { method: 'POST', ...options }),
  },
  deviceClasses: {
    /** Show a device class: board, partitions, and what its image is made of. `GET /v1/device-classes/{name}` */
    get: (name: string, options: CallOptions = {}) =>
      json(connection, DeviceClassDetail, `/v1/device-classes/${segment(name)}`, options),
    /** List device classes. `GET /v1/device-classes` */
    list: (options: CallOptions = {}) =>
      json(connection, z.array(DeviceClass), '/v1/device-classes', options),
  },
  devices: {
    /** Let a device in that waits for it; it gets its certificate when it asks the next time. `POST /v1/devices/{id}/accept` */
    accept: (id: string, options: CallOptions = {}) =>
      json(connection, Device, `/v1/devices/${segment(id)}/accept`, { method: 'POST', ...options }),
    /** Let devices in that wait for it: all of them, or none. `POST /v1/devices/accept` */
    acceptMany: (body: z.input<typeof DeviceList>, options: CallOptions = {}) =>
      json(connection, z.array(Device), '/v1/devices/accept', { method: 'POST', body, ...options }),
    /** Do something to many devices: one batch of them for each request, so go on with `after` until it is null. `POST /v1/devices/bulk` */
    bulk: (body: z.input<typeof BulkRequest>, options: CallOptions = {}) =>
      json(connection, BulkResult, '/v1/devices/bulk', { method: 'POST', body, ...options }),
    /** Count the devices that a query finds, by what they are. `GET /v1/devices/counts` */
    counts: (query: { readonly query?: string | undefined } = {}, options: CallOptions = {}) =>
      json(connection, DeviceCounts, '/v1/devices/counts', { query, ...options }),
    /** Ask a device that is online to do something. `POST /v1/devices/{id}/commands` */
    createCommand: (id: string, body: z.input<typeof CommandRequest>, options: CallOptions = {}) =>
      json(connection, DeviceCommand, `/v1/devices/${segment(id)}/commands`, {
        method: 'POST',
        body,
        ...options,
      }),
    /** Let a device out for good; its history stays. `POST /v1/devices/{id}/decommission` */
    decommission: (id: string, options: CallOptions = {}) =>
      json(connection, Device, `/v1/devices/${segment(id)}/decommission`, { method: 'POST', ...options }),
    /** What a query can ask for, with the values that the fleet has. `GET /v1/devices/fields` */
    fields: (options: CallOptions = {}) =>
      json(connection, z.array(QueryField), '/v1/devices/fields', options),
    /** Show a device. `GET /v1/devices/{id}` */
    get: (id: string, options: CallOptions = {}) =>
      json(connection, Device, `/v1/devices/${segment(id)}`, options),
    /** Show what came of a command. `GET /v1/devices/{id}/commands/{command}` */
    getCommand: (id: string, command: string, options: CallOptions = {}) =>
      json(connection, DeviceCommand, `/v1/devices/${segment(id)}/commands/${segment(command)}`, options),
    /** Show what a device is asked, as it is told. `GET /v1/devices/{id}/desired` */
    getDesired: (id: string, options: CallOptions = {}) =>
      json(
        connection,
        z.object({ desired: Desired.nullable() }),
        `/v1/devices/${segment(id)}/desired`,
        options,
      ),
    /** Show how metrics of a device were over time, as means of intervals. `GET /v1/devices/{id}/metrics` */
    getMetrics: (
      id: string,
      query: {
        readonly since?: string | undefined;
        readonly until?: string | undefined;
        readonly step?: number | undefined;
      } = {},
      options: CallOptions = {},
    ) => json(connection, DeviceMetrics, `/v1/devices/${segment(id)}/metrics`, { query, ...options }),
    /** List devices. `GET /v1/devices` */
    list: (
      query: {
        readonly limit?: number | undefined;
        readonly offset?: number | undefined;
        readonly after?: string | undefined;
        readonly count?: boolean | undefined;
        readonly query?: string | undefined;
        readonly deviceClass?: string | undefined;
        readonly online?: boolean | undefined;
        readonly state?: z.input<typeof DeviceState> | undefined;
        readonly sort?: z.input<typeof DeviceSort> | undefined;
        readonly order?: 'asc' | 'desc' | undefined;
      } = {},
      options: CallOptions = {},
    ) => list(connection, Device, '/v1/devices', { query, ...options }),
    /** List the certificates that a device was given and that have not ended, newest first. `GET /v1/devices/{id}/certificates` */
    listCertificates: (
      id: string,
      query: {
        readonly limit?: number | undefined;
        readonly offset?: number | undefined;
        readonly after?: string | undefined;
        readonly count?: boolean | undefined;
      } = {},
      options: CallOptions = {},
    ) =>
      list(connection, DeviceCertificate, `/v1/devices/${segment(id)}/certificates`, { query, ...options }),
    /** Read the logs that a device has sent for a command. `GET /v1/devices/{id}/commands/{command}/log` */
    listCommandLog: (
      id: string,
      command: string,
      query: { readonly after?: number | undefined } = {},
      options: CallOptions = {},
    ) =>
      json(
        connection,
        z.array(DeviceLogPiece),
        `/v1/devices/${segment(id)}/commands/${segment(command)}/log`,
        { query, ...options },
      ),
    /** List what was asked of a device lately, newest first. `GET /v1/devices/{id}/commands` */
    listCommands: (
      id: string,
      query: {
        readonly limit?: number | undefined;
        readonly offset?: number | undefined;
        readonly after?: string | undefined;
        readonly count?: boolean | undefined;
      } = {},
      options: CallOptions = {},
    ) => list(connection, DeviceCommand, `/v1/devices/${segment(id)}/commands`, { query, ...options }),
    /** List what a device took, or tried to. `GET /v1/devices/{id}/executions` */
    listExecutions: (
      id: string,
      query: {
        readonly limit?: number | undefined;
        readonly offset?: number | undefined;
        readonly after?: string | undefined;
        readonly count?: boolean | undefined;
      } = {},
      options: CallOptions = {},
    ) => list(connection, Execution, `/v1/devices/${segment(id)}/executions`, { query, ...options }),
    /** Refuse a device that waits; its claim has a use more again. `POST /v1/devices/{id}/reject` */
    reject: (id: string, options: CallOptions = {}) =>
      json(connection, Device, `/v1/devices/${segment(id)}/reject`, { method: 'POST', ...options }),
    /** Have a device follow a channel of its class, or none. `PUT /v1/devices/{id}/channel` */
    replaceChannel: (id: string, body: z.input<typeof ChannelFollow>, options: CallOptions = {}) =>
      json(connection, Device, `/v1/devices/${segment(id)}/channel`, { method: 'PUT', body, ...options }),
    /** Say that a device was given an image of another class. `PUT /v1/devices/{id}/class` */
    replaceClass: (id: string, body: z.input<typeof ClassChange>, options: CallOptions = {}) =>
      json(connection, Device, `/v1/devices/${segment(id)}/class`, { method: 'PUT', body, ...options }),
    /** Let a device out, until it is enrolled anew: its session ends, it gets nothing any more. `POST /v1/devices/{id}/revoke` */
    revoke: (id: string, options: CallOptions = {}) =>
      json(connection, Device, `/v1/devices/${segment(id)}/revoke`, { method: 'POST', ...options }),
    /** List what happened to a device, newest first: updates, commands, connections, certificates, changes. `GET /v1/devices/{id}/timeline` */
    timeline: (
      id: string,
      query: {
        readonly limit?: number | undefined;
        readonly offset?: number | undefined;
        readonly after?: string | undefined;
        readonly count?: boolean | undefined;
        readonly kind?: string | undefined;
      } = {},
      options: CallOptions = {},
    ) => list(connection, DeviceEvent, `/v1/devices/${segment(id)}/timeline`, { query, ...options }),
    /** Set the name, tags and attributes of a device. `PATCH /v1/devices/{id}` */
    update: (id: string, body: z.input<typeof DeviceChange>, options: CallOptions = {}) =>
      json(connection, Device, `/v1/devices/${segment(id)}`, { method: 'PATCH', body, ...options }),
  },
  emergencyStop: {
    /** Lift the emergency stop: rollouts go on where they were. `DELETE /v1/emergency-stop` */
    delete: (options: CallOptions = {}) =>
      json(connection, EmergencyStop, '/v1/emergency-stop', { method: 'DELETE', ...options }),
    /** Show whether an emergency stop is in force, and what is still under way. `GET /v1/emergency-stop` */
    get: (options: CallOptions = {}) => json(connection, EmergencyStop, '/v1/emergency-stop', options),
    /** Halt every offer: nothing new is given to devices, what is not yet on trial ends. `PUT /v1/emergency-stop` */
    replace: (body: z.input<typeof StopRequest>, options: CallOptions = {}) =>
      json(connection, EmergencyStop, '/v1/emergency-stop', { method: 'PUT', body, ...options }),
  },
  events: {
    /** Changes from now on, or from Last-Event-ID on, as server-sent events; `data` is a LiveEvent, `event` its kind; `reset` says that some are missing, so read the lists anew. `GET /v1/events` */
    stream: (
      query: {
        readonly kind?: string | undefined;
        readonly device?: string | undefined;
        readonly rollout?: string | undefined;
      } = {},
      options: CallOptions = {},
    ) => stream(connection, LiveEvent, '/v1/events', { query, ...options }),
  },
  exampleImages: {
    /** Put an example into an image repository without classes, and pack components; downloads some. `POST /v1/example-images` */
    put: (options: CallOptions = {}) =>
      json(connection, ExampleImages, '/v1/example-images', { method: 'POST', ...options }),
  },
  firstRun: {
    /** Show which steps to a first updated device are done. `GET /v1/first-run` */
    get: (options: CallOptions = {}) => json(connection, FirstRun, '/v1/first-run', options),
  },
  groups: {
    /** Add devices to a group whose members are listed. `POST /v1/groups/{id}/devices` */
    addDevices: (id: string, body: z.input<typeof GroupMembers>, options: CallOptions = {}) =>
      json(connection, Group, `/v1/groups/${segment(id)}/devices`, { method: 'POST', body, ...options }),
    /** Make a group of the devices that a query finds at any time, or of those that are added. `POST /v1/groups` */
    create: (body: z.input<typeof GroupCreate>, options: CallOptions = {}) =>
      json(connection, Group, '/v1/groups', { method: 'POST', body, ...options }),
    /** Delete a group that nothing asks for; its devices stay. `DELETE /v1/groups/{id}` */
    delete: (id: string, options: CallOptions = {}) =>
      nothing(connection, `/v1/groups/${segment(id)}`, { method: 'DELETE', ...options }),
    /** Show a group. `GET /v1/groups/{id}` */
    get: (id: string, options: CallOptions = {}) =>
      json(connection, Group, `/v1/groups/${segment(id)}`, options),
    /** List groups by name. `GET /v1/groups` */
    list: (
      query: {
        readonly limit?: number | undefined;
        readonly offset?: number | undefined;
        readonly after?: string | undefined;
        readonly count?: boolean | undefined;
      } = {},
      options: CallOptions = {},
    ) => list(connection, Group, '/v1/groups', { query, ...options }),
    /** List the devices of a group. `GET /v1/groups/{id}/devices` */
    listDevices: (
      id: string,
      query: {
        readonly limit?: number | undefined;
        readonly offset?: number | undefined;
        readonly after?: string | undefined;
        readonly count?: boolean | undefined;
      } = {},
      options: CallOptions = {},
    ) => list(connection, Device, `/v1/groups/${segment(id)}/devices`, { query, ...options }),
    /** Take devices out of a group whose members are listed. `POST /v1/groups/{id}/devices/remove` */
    removeDevices: (id: string, body: z.input<typeof GroupMembers>, options: CallOptions = {}) =>
      json(connection, Group, `/v1/groups/${segment(id)}/devices/remove`, {
        method: 'POST',
        body,
        ...options,
      }),
    /** Change the name, description or query of a group. `PATCH /v1/groups/{id}` */
    update: (id: string, body: z.input<typeof GroupChange>, options: CallOptions = {}) =>
      json(connection, Group, `/v1/groups/${segment(id)}`, { method: 'PATCH', body, ...options }),
  },
  health: {
    /** Whether the server and what it stands on work. `GET /v1/health` */
    get: (options: CallOptions = {}) =>
      json(
        connection,
        z.object({
          status: z.literal(['ok', 'degraded', 'failed']),
          database: z.literal(['ok', 'failed']),
          redis: z.literal(['ok', 'failed']),
          store: z.literal(['ok', 'low', 'failed']),
        }),
        '/v1/health',
        options,
      ),
  },
  images: {
    /** Show an image file and the releases that were built from it. `GET /v1/images/{id}` */
    get: (id: string, options: CallOptions = {}) =>
      json(connection, BuiltImage, `/v1/images/${segment(id)}`, options),
    /** List image files, text by text, that builds were made from. `GET /v1/images` */
    list: (
      query: {
        readonly limit?: number | undefined;
        readonly offset?: number | undefined;
        readonly after?: string | undefined;
        readonly count?: boolean | undefined;
        readonly path?: string | undefined;
        readonly deviceClass?: string | undefined;
        readonly release?: string | undefined;
      } = {},
      options: CallOptions = {},
    ) => list(connection, BuiltImage, '/v1/images', { query, ...options }),
  },
  keys: {
    /** Show a key, and how many releases it signed. `GET /v1/keys/{id}` */
    get: (id: string, options: CallOptions = {}) => json(connection, Key, `/v1/keys/${segment(id)}`, options),
    /** List what this instance signs with and is trusted by. `GET /v1/keys` */
    list: (
      query: {
        readonly limit?: number | undefined;
        readonly offset?: number | undefined;
        readonly after?: string | undefined;
        readonly count?: boolean | undefined;
        readonly purpose?: z.input<typeof KeyPurpose> | undefined;
        readonly profile?: string | undefined;
        readonly state?: z.input<typeof KeyState> | undefined;
      } = {},
      options: CallOptions = {},
    ) => list(connection, Key, '/v1/keys', { query, ...options }),
    /** List the signing profiles, and the classes that have releases by each. `GET /v1/keys/profiles` */
    listProfiles: (options: CallOptions = {}) =>
      json(connection, z.array(SigningProfileUse), '/v1/keys/profiles', options),
    /** Show how far each authority is in giving its place to the next. `GET /v1/keys/rotations` */
    listRotations: (options: CallOptions = {}) =>
      json(connection, z.array(RotationProgress), '/v1/keys/rotations', options),
  },
  login: {
    /** Begin a session by name and password. `POST /v1/login` */
    create: (body: z.input<typeof Login>, options: CallOptions = {}) =>
      json(connection, LoggedIn, '/v1/login', { method: 'POST', body, ...options }),
  },
  logout: {
    /** End the session that asks. `POST /v1/logout` */
    create: (options: CallOptions = {}) => nothing(connection, '/v1/logout', { method: 'POST', ...options }),
  },
  me: {
    /** Show who asks, and what they may do. `GET /v1/me` */
    get: (options: CallOptions = {}) => json(connection, Me, '/v1/me', options),
    /** Change the own password; every other session ends. `PUT /v1/me/password` */
    setPassword: (body: z.input<typeof PasswordChange>, options: CallOptions = {}) =>
      nothing(connection, '/v1/me/password', { method: 'PUT', body, ...options }),
  },
  overview: {
    /** The fleet at a glance: counts, what needs somebody, rollouts under way, what happened lately. `GET /v1/overview` */
    get: (options: CallOptions = {}) => json(connection, Overview, '/v1/overview', options),
    /** How many devices ran which version over time, up to now. `GET /v1/overview/versions` */
    versions: (query: { readonly days?: number | undefined } = {}, options: CallOptions = {}) =>
      json(connection, VersionHistory, '/v1/overview/versions', { query, ...options }),
  },
  packages: {
    /** Tell how many devices ran a package over the last days. `GET /v1/packages/coverage` */
    coverage: (
      query: {
        readonly query: string;
        readonly days?: number | undefined;
        readonly deviceClass?: string | undefined;
      },
      options: CallOptions = {},
    ) => json(connection, PackageCoverage, '/v1/packages/coverage', { query, ...options }),
    /** Find who runs a package: releases that hold it, and how many devices run them. `GET /v1/packages/find` */
    find: (query: { readonly query: string }, options: CallOptions = {}) =>
      json(connection, PackageFinding, '/v1/packages/find', { query, ...options }),
    /** List packages that releases hold, with their versions and how many devices run each. `GET /v1/packages` */
    list: (
      query: {
        readonly limit?: number | undefined;
        readonly offset?: number | undefined;
        readonly after?: string | undefined;
        readonly count?: boolean | undefined;
        readonly name?: string | undefined;
        readonly type?: z.input<typeof PackageType> | undefined;
        readonly running?: boolean | undefined;
      } = {},
      options: CallOptions = {},
    ) => list(connection, KnownPackage, '/v1/packages', { query, ...options }),
  },
  qualifiers: {
    /** List the qualifiers that live, what each can start, and which releases it tries. `GET /v1/qualifiers` */
    list: (options: CallOptions = {}) => json(connection, z.array(Qualifier), '/v1/qualifiers', options),
  },
  registrations: {
    /** Make devices known before they come, by serial number or key: the whole list, or nothing. `POST /v1/registrations` */
    create: (body: z.input<typeof RegistrationImport>, options: CallOptions = {}) =>
      json(connection, z.array(Registration), '/v1/registrations', { method: 'POST', body, ...options }),
    /** Forget that a device will come. `DELETE /v1/registrations/{id}` */
    delete: (id: string, options: CallOptions = {}) =>
      nothing(connection, `/v1/registrations/${segment(id)}`, { method: 'DELETE', ...options }),
    /** List devices that are known before they come. `GET /v1/registrations` */
    list: (
      query: {
        readonly limit?: number | undefined;
        readonly offset?: number | undefined;
        readonly after?: string | undefined;
        readonly count?: boolean | undefined;
      } = {},
      options: CallOptions = {},
    ) => list(connection, Registration, '/v1/registrations', { query, ...options }),
  },
  releases: {
    /** Deprecate a release: rollouts of it go on, new ones are refused unless they say force. `POST /v1/releases/{id}/deprecate` */
    deprecate: (id: string, options: CallOptions = {}) =>
      json(connection, Release, `/v1/releases/${segment(id)}/deprecate`, { method: 'POST', ...options }),
    /** Tell which packages a release changes. `GET /v1/releases/{id}/difference` */
    difference: (id: string, query: { readonly from?: string | undefined } = {}, options: CallOptions = {}) =>
      json(connection, ReleaseDifference, `/v1/releases/${segment(id)}/difference`, { query, ...options }),
    /** Tell how much devices would load of a release, by what they run now. `GET /v1/releases/{id}/downloads` */
    downloads: (id: string, options: CallOptions = {}) =>
      json(connection, ReleaseDownloads, `/v1/releases/${segment(id)}/downloads`, options),
    /** Show a release. `GET /v1/releases/{id}` */
    get: (id: string, options: CallOptions = {}) =>
      json(connection, Release, `/v1/releases/${segment(id)}`, options),
    /** Download the bundle of a release or one of its disks, whole or a range of it. `GET /v1/releases/{id}/artifacts/{name}` */
    getArtifact: (id: string, name: string, options: CallOptions = {}) =>
      download(connection, `/v1/releases/${segment(id)}/artifacts/${segment(name)}`, {
        accept: 'application/octet-stream',
        ...options,
      }),
    /** Download the bundle of a release. `GET /v1/releases/{id}/bundle` */
    getBundle: (id: string, options: CallOptions = {}) =>
      download(connection, `/v1/releases/${segment(id)}/bundle`, { accept: 'application/x-tar', ...options }),
    /** Download what the virtual device printed while a release was qualified. `GET /v1/releases/{id}/console` */
    getConsole: (id: string, options: CallOptions = {}) =>
      text(connection, `/v1/releases/${segment(id)}/console`, { accept: 'text/plain', ...options }),
    /** Show how a release did in a virtual device. `GET /v1/releases/{id}/qualification` */
    getQualification: (id: string, options: CallOptions = {}) =>
      json(connection, Qualification, `/v1/releases/${segment(id)}/qualification`, options),
    /** Verify the signature of a release, as devices do, and tell who signed what. `GET /v1/releases/{id}/signature` */
    getSignature: (id: string, options: CallOptions = {}) =>
      json(connection, ReleaseSignature, `/v1/releases/${segment(id)}/signature`, options),
    /** Tell who uses a release: devices, rollouts, channels. `GET /v1/releases/{id}/use` */
    getUse: (id: string, options: CallOptions = {}) =>
      json(connection, ReleaseUse, `/v1/releases/${segment(id)}/use`, options),
    /** List releases. `GET /v1/releases` */
    list: (
      query: {
        readonly limit?: number | undefined;
        readonly offset?: number | undefined;
        readonly after?: string | undefined;
        readonly count?: boolean | undefined;
        readonly deviceClass?: string | undefined;
        readonly state?: z.input<typeof ReleaseState> | undefined;
      } = {},
      options: CallOptions = {},
    ) => list(connection, Release, '/v1/releases', { query, ...options }),
    /** List the bundle of a release and its disks in each format that was made, with sizes and digests. `GET /v1/releases/{id}/artifacts` */
    listArtifacts: (id: string, options: CallOptions = {}) =>
      json(connection, z.array(Artifact), `/v1/releases/${segment(id)}/artifacts`, options),
    /** List what became of a release, and by whom. `GET /v1/releases/{id}/history` */
    listHistory: (id: string, options: CallOptions = {}) =>
      json(connection, z.array(ReleaseEvent), `/v1/releases/${segment(id)}/history`, options),
    /** List the packages in a release. `GET /v1/releases/{id}/packages` */
    listPackages: (
      id: string,
      query: {
        readonly limit?: number | undefined;
        readonly offset?: number | undefined;
        readonly after?: string | undefined;
        readonly count?: boolean | undefined;
        readonly name?: string | undefined;
        readonly type?: z.input<typeof PackageType> | undefined;
      } = {},
      options: CallOptions = {},
    ) => list(connection, ReleasePackage, `/v1/releases/${segment(id)}/packages`, { query, ...options }),
    /** Publish a draft, or a deprecated release again, so that it can be rolled out. `POST /v1/releases/{id}/publish` */
    publish: (id: string, query: { readonly force?: boolean | undefined } = {}, options: CallOptions = {}) =>
      json(connection, Release, `/v1/releases/${segment(id)}/publish`, { method: 'POST', query, ...options }),
    /** Try a release in a virtual device, once more or although its class does not ask for it. `POST /v1/releases/{id}/qualify` */
    qualify: (id: string, query: { readonly channel?: string | undefined } = {}, options: CallOptions = {}) =>
      json(connection, Qualification, `/v1/releases/${segment(id)}/qualify`, {
        method: 'POST',
        query,
        ...options,
      }),
    /** Withdraw a release, for good. `POST /v1/releases/{id}/withdraw` */
    withdraw: (id: string, options: CallOptions = {}) =>
      json(connection, Release, `/v1/releases/${segment(id)}/withdraw`, { method: 'POST', ...options }),
  },
  repository: {
    /** Save, add, rename and delete files of the image repository at once; class and image files must be without fault. `POST /v1/repository/edits` */
    edit: (body: z.input<typeof RepositoryEdit>, options: CallOptions = {}) =>
      nothing(connection, '/v1/repository/edits', { method: 'POST', body, ...options }),
    /** Read a file of the image repository; its ETag is what saving it is compared with. `GET /v1/repository/files/{path}` */
    getFile: (path: string, options: CallOptions = {}) =>
      json(connection, RepositoryText, `/v1/repository/files/${segment(path)}`, options),
    /** Read a file of the image repository as it was after a change. `GET /v1/repository/files/{path}/changes/{commit}` */
    getFileAt: (path: string, commit: string, options: CallOptions = {}) =>
      json(
        connection,
        RepositoryText,
        `/v1/repository/files/${segment(path)}/changes/${segment(commit)}`,
        options,
      ),
    /** Get the JSON Schema of image files or class files, for editors. `GET /v1/repository/schemas/{kind}` */
    getSchema: (kind: string, options: CallOptions = {}) =>
      json(connection, z.record(z.string(), z.unknown()), `/v1/repository/schemas/${segment(kind)}`, options),
    /** List what was saved of a file over the API, newest first. `GET /v1/repository/files/{path}/changes` */
    listChanges: (
      path: string,
      query: { readonly most?: number | undefined } = {},
      options: CallOptions = {},
    ) =>
      json(connection, z.array(RepositoryChange), `/v1/repository/files/${segment(path)}/changes`, {
        query,
        ...options,
      }),
    /** List the files of the image repository, and which classes are made of them. `GET /v1/repository/files` */
    listFiles: (options: CallOptions = {}) =>
      json(connection, z.array(RepositoryFile), '/v1/repository/files', options),
    /** Save a file of the image repository, new or not; class and image files must be without fault. If-Match keeps what another saved, If-None-Match: * any file that is there. `PUT /v1/repository/files/{path}` */
    replaceFile: (path: string, body: z.input<typeof RepositorySave>, options: CallOptions = {}) =>
      json(connection, RepositoryText, `/v1/repository/files/${segment(path)}`, {
        method: 'PUT',
        body,
        ...options,
      }),
    /** Check a text in the place of a file, by itself and with the other files of its classes; nothing is saved. `POST /v1/repository/validate` */
    validate: (body: z.input<typeof RepositoryValidate>, options: CallOptions = {}) =>
      json(connection, RepositoryCheck, '/v1/repository/validate', { method: 'POST', body, ...options }),
  },
  retention: {
    /** Show for how long things are kept that nothing needs any more, and what of them is there. `GET /v1/retention` */
    get: (options: CallOptions = {}) => json(connection, Retention, '/v1/retention', options),
    /** Remove what is past its time now, or only tell what would go. `POST /v1/retention/run` */
    run: (body: z.input<typeof RetentionRun>, options: CallOptions = {}) =>
      json(connection, RetentionReport, '/v1/retention/run', { method: 'POST', body, ...options }),
  },
  rollouts: {
    /** Abort a rollout. `POST /v1/rollouts/{id}/abort` */
    abort: (id: string, options: CallOptions = {}) =>
      json(connection, Rollout, `/v1/rollouts/${segment(id)}/abort`, { method: 'POST', ...options }),
    /** Approve what a rollout waits for: its start, or a wave; never by whoever created it. `POST /v1/rollouts/{id}/approve` */
    approve: (id: string, body: z.input<typeof RolloutApproval>, options: CallOptions = {}) =>
      json(connection, Rollout, `/v1/rollouts/${segment(id)}/approve`, { method: 'POST', body, ...options }),
    /** Tell what approving, pausing, resuming, aborting and rolling back would do to which devices. `GET /v1/rollouts/{id}/consequences` */
    consequences: (id: string, options: CallOptions = {}) =>
      json(connection, RolloutConsequences, `/v1/rollouts/${segment(id)}/consequences`, options),
    /** Roll a published release out. `POST /v1/rollouts` */
    create: (body: z.input<typeof RolloutCreate>, options: CallOptions = {}) =>
      json(connection, Rollout, '/v1/rollouts', { method: 'POST', body, ...options }),
    /** Show a rollout. `GET /v1/rollouts/{id}` */
    get: (id: string, options: CallOptions = {}) =>
      json(connection, Rollout, `/v1/rollouts/${segment(id)}`, options),
    /** Tell what came of a rollout so far: devices, time, bytes, failures. `GET /v1/rollouts/{id}/summary` */
    getSummary: (id: string, options: CallOptions = {}) =>
      json(connection, RolloutSummary, `/v1/rollouts/${segment(id)}/summary`, options),
    /** List rollouts. `GET /v1/rollouts` */
    list: (
      query: {
        readonly limit?: number | undefined;
        readonly offset?: number | undefined;
        readonly after?: string | undefined;
        readonly count?: boolean | undefined;
        readonly state?: z.input<typeof RolloutState> | undefined;
        readonly deviceClass?: string | undefined;
        readonly release?: string | undefined;
      } = {},
      options: CallOptions = {},
    ) => list(connection, Rollout, '/v1/rollouts', { query, ...options }),
    /** List the devices of a rollout and how far each is. `GET /v1/rollouts/{id}/executions` */
    listExecutions: (
      id: string,
      query: {
        readonly limit?: number | undefined;
        readonly offset?: number | undefined;
        readonly after?: string | undefined;
        readonly count?: boolean | undefined;
        readonly wave?: number | undefined;
        readonly state?: z.input<typeof ExecutionState> | undefined;
        readonly code?: string | undefined;
      } = {},
      options: CallOptions = {},
    ) => list(connection, Execution, `/v1/rollouts/${segment(id)}/executions`, { query, ...options }),
    /** List why devices of a rollout failed, with some of the devices. `GET /v1/rollouts/{id}/failures` */
    listFailures: (id: string, options: CallOptions = {}) =>
      json(connection, z.array(RolloutFailures), `/v1/rollouts/${segment(id)}/failures`, options),
    /** List the waves of a rollout and how far each is. `GET /v1/rollouts/{id}/waves` */
    listWaves: (id: string, options: CallOptions = {}) =>
      json(connection, z.array(Wave), `/v1/rollouts/${segment(id)}/waves`, options),
    /** Pause a rollout: nothing more is offered, what is under way goes on. `POST /v1/rollouts/{id}/pause` */
    pause: (id: string, body: z.input<typeof RolloutReason>, options: CallOptions = {}) =>
      json(connection, Rollout, `/v1/rollouts/${segment(id)}/pause`, { method: 'POST', body, ...options }),
    /** Show what a rollout would do: devices, routes, bytes and time, in all and of each wave. `POST /v1/rollouts/preview` */
    preview: (body: z.input<typeof RolloutCreate>, options: CallOptions = {}) =>
      json(connection, RolloutPreview, '/v1/rollouts/preview', { method: 'POST', body, ...options }),
    /** Tell how many devices were offered the release, committed and failed over time, by wave. `GET /v1/rollouts/{id}/progress` */
    progress: (id: string, options: CallOptions = {}) =>
      json(connection, RolloutProgress, `/v1/rollouts/${segment(id)}/progress`, options),
    /** Change when and how devices take the release, until they have armed their trial. `PUT /v1/rollouts/{id}/policy` */
    replacePolicy: (
      id: string,
      body: {
        readonly mode?: 'install' | 'soft' | 'download' | undefined;
        readonly windows?: readonly z.input<typeof MaintenanceWindow>[] | undefined;
        readonly deadline?: number | undefined;
        readonly retry?: number | undefined;
      },
      options: CallOptions = {},
    ) => json(connection, Rollout, `/v1/rollouts/${segment(id)}/policy`, { method: 'PUT', body, ...options }),
    /** Go on with a rollout that was paused; failures that paused it are forgiven. `POST /v1/rollouts/{id}/resume` */
    resume: (id: string, options: CallOptions = {}) =>
      json(connection, Rollout, `/v1/rollouts/${segment(id)}/resume`, { method: 'POST', ...options }),
    /** End a rollout, and bring devices that committed back to the release before it. `POST /v1/rollouts/{id}/rollback` */
    rollback: (id: string, body: z.input<typeof RolloutReason>, options: CallOptions = {}) =>
      json(connection, Rollout, `/v1/rollouts/${segment(id)}/rollback`, { method: 'POST', body, ...options }),
    /** Change how fast a rollout goes, what stops it, when its offers end, and its priority. `PATCH /v1/rollouts/{id}` */
    update: (id: string, body: z.input<typeof RolloutChange>, options: CallOptions = {}) =>
      json(connection, Rollout, `/v1/rollouts/${segment(id)}`, { method: 'PATCH', body, ...options }),
  },
  sessions: {
    /** End a session: an own one, or any as admin. `DELETE /v1/sessions/{id}` */
    delete: (id: string, options: CallOptions = {}) =>
      nothing(connection, `/v1/sessions/${segment(id)}`, { method: 'DELETE', ...options }),
    /** List sessions that have not ended. `GET /v1/sessions` */
    list: (query: { readonly all?: boolean | undefined } = {}, options: CallOptions = {}) =>
      json(connection, z.array(Session), '/v1/sessions', { query, ...options }),
  },
  setup: {
    /** Make the first user, who is admin, with the setup token of the data directory. `POST /v1/setup` */
    create: (body: z.input<typeof Setup>, options: CallOptions = {}) =>
      json(connection, User, '/v1/setup', { method: 'POST', body, ...options }),
    /** Tell whether the first user is still to be made. `GET /v1/setup` */
    get: (options: CallOptions = {}) => json(connection, SetupState, '/v1/setup', options),
  },
  sources: {
    /** Name a git repository to build from; its credentials are never shown again. `POST /v1/sources` */
    create: (body: z.input<typeof SourceCreate>, options: CallOptions = {}) =>
      json(connection, Source, '/v1/sources', { method: 'POST', body, ...options }),
    /** Forget a source that no trigger builds from; builds of it stay. `DELETE /v1/sources/{id}` */
    delete: (id: string, options: CallOptions = {}) =>
      nothing(connection, `/v1/sources/${segment(id)}`, { method: 'DELETE', ...options }),
    /** Commit changes of files to a branch of a source and push it, never by force; class and image files must be without fault. `POST /v1/sources/{id}/edits` */
    edit: (id: string, body: z.input<typeof SourceEdit>, options: CallOptions = {}) =>
      json(connection, SourceEdited, `/v1/sources/${segment(id)}/edits`, {
        method: 'POST',
        body,
        ...options,
      }),
    /** Fetch the branch of a source now, to see that it can be reached. `POST /v1/sources/{id}/fetch` */
    fetch: (id: string, options: CallOptions = {}) =>
      json(connection, Source, `/v1/sources/${segment(id)}/fetch`, { method: 'POST', ...options }),
    /** Show a source. `GET /v1/sources/{id}` */
    get: (id: string, options: CallOptions = {}) =>
      json(connection, Source, `/v1/sources/${segment(id)}`, options),
    /** Read a file on a branch of a source. `GET /v1/sources/{id}/files/{path}` */
    getFile: (
      id: string,
      path: string,
      query: { readonly branch?: string | undefined; readonly commit?: string | undefined } = {},
      options: CallOptions = {},
    ) =>
      json(connection, RepositoryText, `/v1/sources/${segment(id)}/files/${segment(path)}`, {
        query,
        ...options,
      }),
    /** List git repositories that builds are made from, by name. `GET /v1/sources` */
    list: (
      query: {
        readonly limit?: number | undefined;
        readonly offset?: number | undefined;
        readonly after?: string | undefined;
        readonly count?: boolean | undefined;
      } = {},
      options: CallOptions = {},
    ) => list(connection, Source, '/v1/sources', { query, ...options }),
    /** List the commits that changed a file of a source, newest first. `GET /v1/sources/{id}/files/{path}/changes` */
    listChanges: (
      id: string,
      path: string,
      query: {
        readonly branch?: string | undefined;
        readonly commit?: string | undefined;
        readonly most?: number | undefined;
      } = {},
      options: CallOptions = {},
    ) =>
      json(
        connection,
        z.array(RepositoryChange),
        `/v1/sources/${segment(id)}/files/${segment(path)}/changes`,
        { query, ...options },
      ),
    /** List the device classes on the branch of a source, which is fetched for that. `GET /v1/sources/{id}/device-classes` */
    listDeviceClasses: (id: string, options: CallOptions = {}) =>
      json(connection, z.array(DeviceClass), `/v1/sources/${segment(id)}/device-classes`, options),
    /** List the files on a branch of a source, and which classes are made of them. `GET /v1/sources/{id}/files` */
    listFiles: (
      id: string,
      query: { readonly branch?: string | undefined; readonly commit?: string | undefined } = {},
      options: CallOptions = {},
    ) => json(connection, SourceFiles, `/v1/sources/${segment(id)}/files`, { query, ...options }),
    /** Give the same changes as a patch for git am, where the server may not push; nothing is changed. `POST /v1/sources/{id}/patches` */
    patch: (id: string, body: z.input<typeof SourceEdit>, options: CallOptions = {}) =>
      json(connection, SourcePatch, `/v1/sources/${segment(id)}/patches`, {
        method: 'POST',
        body,
        ...options,
      }),
    /** Change a source; with another URL its credentials are gone unless they are given anew. `PATCH /v1/sources/{id}` */
    update: (id: string, body: z.input<typeof SourceChange>, options: CallOptions = {}) =>
      json(connection, Source, `/v1/sources/${segment(id)}`, { method: 'PATCH', body, ...options }),
    /** Check a text in the place of a file of a source, by itself and with the other files of its classes; nothing is saved. `POST /v1/sources/{id}/validate` */
    validate: (
      id: string,
      body: {
        readonly path: string;
        readonly text: string;
        readonly branch?: string | undefined;
        readonly commit?: string | undefined;
      },
      options: CallOptions = {},
    ) =>
      json(connection, RepositoryCheck, `/v1/sources/${segment(id)}/validate`, {
        method: 'POST',
        body,
        ...options,
      }),
  },
  status: {
    /** Show how the server is: emergency stop, database, disk, queues, what is under way. `GET /v1/status` */
    get: (options: CallOptions = {}) => json(connection, ServerStatus, '/v1/status', options),
  },
  tenant: {
    /** Show whose fleet this is. `GET /v1/tenant` */
    get: (options: CallOptions = {}) => json(connection, Tenant, '/v1/tenant', options),
    /** Rename the tenant; its id stays. `PATCH /v1/tenant` */
    update: (body: z.input<typeof TenantChange>, options: CallOptions = {}) =>
      json(connection, Tenant, '/v1/tenant', { method: 'PATCH', body, ...options }),
  },
  tokens: {
    /** Make an API token, told this once; it never does more than its user may. `POST /v1/tokens` */
    create: (body: z.input<typeof ApiTokenCreate>, options: CallOptions = {}) =>
      json(connection, ApiToken, '/v1/tokens', { method: 'POST', body, ...options }),
    /** Revoke an API token: an own one, or any as admin. `DELETE /v1/tokens/{id}` */
    delete: (id: string, options: CallOptions = {}) =>
      nothing(connection, `/v1/tokens/${segment(id)}`, { method: 'DELETE', ...options }),
    /** List API tokens, with when each was last used. `GET /v1/tokens` */
    list: (
      query: {
        readonly limit?: number | undefined;
        readonly offset?: number | undefined;
        readonly after?: string | undefined;
        readonly count?: boolean | undefined;
        readonly all?: boolean | undefined;
      } = {},
      options: CallOptions = {},
    ) => list(connection, ApiToken, '/v1/tokens', { query, ...options }),
  },
  triggers: {
    /** Make a trigger; the answer has the secret of its hook, which is never shown again. `POST /v1/triggers` */
    create: (body: z.input<typeof TriggerCreate>, options: CallOptions = {}) =>
      json(connection, TriggerCreated, '/v1/triggers', { method: 'POST', body, ...options }),
    /** Delete a trigger and its deliveries; its builds stay. `DELETE /v1/triggers/{id}` */
    delete: (id: string, options: CallOptions = {}) =>
      nothing(connection, `/v1/triggers/${segment(id)}`, { method: 'DELETE', ...options }),
    /** Show a trigger. `GET /v1/triggers/{id}` */
    get: (id: string, options: CallOptions = {}) =>
      json(connection, Trigger, `/v1/triggers/${segment(id)}`, options),
    /** List what makes builds by itself, by name. `GET /v1/triggers` */
    list: (
      query: {
        readonly limit?: number | undefined;
        readonly offset?: number | undefined;
        readonly after?: string | undefined;
        readonly count?: boolean | undefined;
      } = {},
      options: CallOptions = {},
    ) => list(connection, Trigger, '/v1/triggers', { query, ...options }),
    /** What set a trigger off or tried to, newest first, and what came of it. `GET /v1/triggers/{id}/deliveries` */
    listDeliveries: (
      id: string,
      query: {
        readonly limit?: number | undefined;
        readonly offset?: number | undefined;
        readonly after?: string | undefined;
        readonly count?: boolean | undefined;
        readonly verdict?: z.input<typeof DeliveryVerdict> | undefined;
      } = {},
      options: CallOptions = {},
    ) => list(connection, TriggerDelivery, `/v1/triggers/${segment(id)}/deliveries`, { query, ...options }),
    /** Set a trigger off by hand, for all its classes or some, whatever changed. `POST /v1/triggers/{id}/run` */
    run: (id: string, body: z.input<typeof TriggerRun>, options: CallOptions = {}) =>
      json(connection, TriggerDelivery, `/v1/triggers/${segment(id)}/run`, {
        method: 'POST',
        body,
        ...options,
      }),
    /** Change a trigger: what is left out stays as it is. `PATCH /v1/triggers/{id}` */
    update: (id: string, body: z.input<typeof TriggerChange>, options: CallOptions = {}) =>
      json(connection, Trigger, `/v1/triggers/${segment(id)}`, { method: 'PATCH', body, ...options }),
  },
  users: {
    /** Make a user. `POST /v1/users` */
    create: (body: z.input<typeof UserCreate>, options: CallOptions = {}) =>
      json(connection, User, '/v1/users', { method: 'POST', body, ...options }),
    /** Delete a user with their sessions and tokens; the audit log keeps the name. `DELETE /v1/users/{id}` */
    delete: (id: string, options: CallOptions = {}) =>
      nothing(connection, `/v1/users/${segment(id)}`, { method: 'DELETE', ...options }),
    /** Show a user. `GET /v1/users/{id}` */
    get: (id: string, options: CallOptions = {}) =>
      json(connection, User, `/v1/users/${segment(id)}`, options),
    /** List users by name. `GET /v1/users` */
    list: (
      query: {
        readonly limit?: number | undefined;
        readonly offset?: number | undefined;
        readonly after?: string | undefined;
        readonly count?: boolean | undefined;
      } = {},
      options: CallOptions = {},
    ) => list(connection, User, '/v1/users', { query, ...options }),
    /** Give a user another password; all their sessions end. `PUT /v1/users/{id}/password` */
    setPassword: (id: string, body: z.input<typeof PasswordSet>, options: CallOptions = {}) =>
      nothing(connection, `/v1/users/${segment(id)}/password`, { method: 'PUT', body, ...options }),
    /** Change the roles of a user, disable or enable them; it counts at once. `PATCH /v1/users/{id}` */
    update: (id: string, body: z.input<typeof UserChange>, options: CallOptions = {}) =>
      json(connection, User, `/v1/users/${segment(id)}`, { method: 'PATCH', body, ...options }),
  },
  views: {
    /** Save a query with its columns and order under a name. `POST /v1/views` */
    create: (body: z.input<typeof ViewCreate>, options: CallOptions = {}) =>
      json(connection, View, '/v1/views', { method: 'POST', body, ...options }),
    /** Delete a saved list. `DELETE /v1/views/{id}` */
    delete: (id: string, options: CallOptions = {}) =>
      nothing(connection, `/v1/views/${segment(id)}`, { method: 'DELETE', ...options }),
    /** List saved lists of devices: the own, and those that are shared. `GET /v1/views` */
    list: (options: CallOptions = {}) => json(connection, z.array(View), '/v1/views', options),
    /** Change a saved list: the own, or as admin one that is shared. `PATCH /v1/views/{id}` */
    update: (id: string, body: z.input<typeof ViewChange>, options: CallOptions = {}) =>
      json(connection, View, `/v1/views/${segment(id)}`, { method: 'PATCH', body, ...options }),
  },
  virtualDevices: {
    /** Make a virtual device of a build, with a claim of its own, and switch it on. `POST /v1/virtual-devices` */
    create: (body: z.input<typeof VirtualDeviceCreate>, options: CallOptions = {}) =>
      json(connection, VirtualDevice, '/v1/virtual-devices', { method: 'POST', body, ...options }),
    /** Remove a virtual device with its disk; in the fleet it stays, not connected. `DELETE /v1/virtual-devices/{id}` */
    delete: (id: string, options: CallOptions = {}) =>
      nothing(connection, `/v1/virtual-devices/${segment(id)}`, { method: 'DELETE', ...options }),
    /** Show a virtual device. `GET /v1/virtual-devices/{id}` */
    get: (id: string, options: CallOptions = {}) =>
      json(connection, VirtualDevice, `/v1/virtual-devices/${segment(id)}`, options),
    /** List the devices in QEMU that this server starts; none where it starts none. `GET /v1/virtual-devices` */
    list: (options: CallOptions = {}) =>
      json(connection, z.array(VirtualDevice), '/v1/virtual-devices', options),
    /** Switch a virtual device on, with its disk as it was left. `POST /v1/virtual-devices/{id}/start` */
    start: (id: string, options: CallOptions = {}) =>
      json(connection, VirtualDevice, `/v1/virtual-devices/${segment(id)}/start`, {
        method: 'POST',
        ...options,
      }),
    /** Pull the plug of a virtual device. `POST /v1/virtual-devices/{id}/stop` */
    stop: (id: string, options: CallOptions = {}) =>
      json(connection, VirtualDevice, `/v1/virtual-devices/${segment(id)}/stop`, {
        method: 'POST',
        ...options,
      }),
    /** Console of a virtual device from its beginning, as server-sent events, until the reader goes; `data` is a ConsolePiece, `id` an offset to go on from (Last-Event-ID). `GET /v1/virtual-devices/{id}/console` */
    streamConsole: (id: string, options: CallOptions = {}) =>
      stream(connection, ConsolePiece, `/v1/virtual-devices/${segment(id)}/console`, options),
  },
  webhooks: {
    /** Have events posted to a URL; the secret that signs them is shown this once. `POST /v1/webhooks` */
    create: (body: z.input<typeof WebhookCreate>, options: CallOptions = {}) =>
      json(connection, WebhookSecret, '/v1/webhooks', { method: 'POST', body, ...options }),
    /** Delete a webhook and its deliveries. `DELETE /v1/webhooks/{id}` */
    delete: (id: string, options: CallOptions = {}) =>
      nothing(connection, `/v1/webhooks/${segment(id)}`, { method: 'DELETE', ...options }),
    /** Show a webhook. `GET /v1/webhooks/{id}` */
    get: (id: string, options: CallOptions = {}) =>
      json(connection, Webhook, `/v1/webhooks/${segment(id)}`, options),
    /** Show a delivery: what is posted, and how each try went. `GET /v1/webhooks/{id}/deliveries/{delivery}` */
    getDelivery: (id: string, delivery: string, options: CallOptions = {}) =>
      json(
        connection,
        WebhookDeliveryDetails,
        `/v1/webhooks/${segment(id)}/deliveries/${segment(delivery)}`,
        options,
      ),
    /** List webhooks. `GET /v1/webhooks` */
    list: (
      query: {
        readonly limit?: number | undefined;
        readonly offset?: number | undefined;
        readonly after?: string | undefined;
        readonly count?: boolean | undefined;
      } = {},
      options: CallOptions = {},
    ) => list(connection, Webhook, '/v1/webhooks', { query, ...options }),
    /** List deliveries of a webhook, newest first. `GET /v1/webhooks/{id}/deliveries` */
    listDeliveries: (
      id: string,
      query: {
        readonly limit?: number | undefined;
        readonly offset?: number | undefined;
        readonly after?: string | undefined;
        readonly count?: boolean | undefined;
        readonly state?: z.input<typeof WebhookDeliveryState> | undefined;
      } = {},
      options: CallOptions = {},
    ) => list(connection, WebhookDelivery, `/v1/webhooks/${segment(id)}/deliveries`, { query, ...options }),
    /** Post a ping now and tell how that went; it is tried once. `POST /v1/webhooks/{id}/ping` */
    ping: (id: string, options: CallOptions = {}) =>
      json(connection, WebhookDeliveryDetails, `/v1/webhooks/${segment(id)}/ping`, {
        method: 'POST',
        ...options,
      }),
    /** Try a delivery anew, under the same id. `POST /v1/webhooks/{id}/deliveries/{delivery}/redeliver` */
    redeliverDelivery: (id: string, delivery: string, options: CallOptions = {}) =>
      json(
        connection,
        WebhookDelivery,
        `/v1/webhooks/${segment(id)}/deliveries/${segment(delivery)}/redeliver`,
        { method: 'POST', ...options },
      ),
    /** Give a webhook a new secret, shown this once; for a while the one before signs, too. `POST /v1/webhooks/{id}/rotate` */
    rotate: (id: string, body: z.input<typeof WebhookRotate>, options: CallOptions = {}) =>
      json(connection, WebhookSecret, `/v1/webhooks/${segment(id)}/rotate`, {
        method: 'POST',
        body,
        ...options,
      }),
    /** Change the URL or events of a webhook, or switch it on or off. `PATCH /v1/webhooks/{id}` */
    update: (id: string, body: z.input<typeof WebhookChange>, options: CallOptions = {}) =>
      json(connection, Webhook, `/v1/webhooks/${segment(id)}`, { method: 'PATCH', body, ...options }),
  },
  workers: {
    /** List the build workers that live, and what each does. `GET /v1/workers` */
    list: (options: CallOptions = {}) => json(connection, z.array(BuildWorker), '/v1/workers', options),
  },
});
