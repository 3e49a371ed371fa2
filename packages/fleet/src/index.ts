/**
 * The fleet's memory: database schema and migrations, store functions over it, the rollout planner, live events.
 * Called by the API and the gateway. It trusts its callers to have parsed what came from outside, and nothing about
 * the order or number of times in which they call.
 */
export {
  MIGRATIONS_FOLDER,
  openDatabase,
  pingDatabase,
  serverVersion,
  type Database,
  type OpenDatabase,
  type OpenOptions,
} from './database.ts';
export { announceQueue, knownQueues, liveWorkers, markCancelled, wakeWorkers } from './build-workers.ts';
export { diskSpace, MIN_FREE_BYTES, requireRoom } from './disk-space.ts';
export {
  buildsWithOldArtifacts,
  buildsWithOldLogs,
  countDrafts,
  forgetArtifacts,
  neededSources,
  oldDrafts,
  sourcesUntil,
  withdrawDraft,
  type OldBuild,
} from './store/retention.ts';
export { countRows, removeOldRows, RETENTION_BATCH, ROW_KINDS, type RowKind } from './store/retained-rows.ts';
export { DEADLINES_MS, type Deadlines } from './deadlines.ts';
export { createFleetEvents, type FleetEvents } from './events.ts';
export { lockDirectory, type DirectoryLock } from './lock.ts';
export { newHookSecret, newToken } from './new-id.ts';
export { plan, type PlanAction, type PlanInput } from './plan.ts';
export { RELEASE_NEXT } from './release-states.ts';
export { liveQualifiers } from './qualifiers.ts';
export { assertRedisDurable, redisOptions, type RedisTarget } from './redis.ts';
export { relayEvents } from './relay-events.ts';
export { ALARM_LIMITS, ALARMS } from './query/alarms.ts';
export { METRICS } from './query/metrics.ts';
export { parseQuery } from './query/parse.ts';
export { planOnce, planRollout, type Applied } from './store/apply-plan.ts';
export { buildWithDisk } from './store/builds-with-disk.ts';
export { firstRunSteps, toFirstRunSteps } from './store/first-run.ts';
export { getAuditHead, listAudit, recordAudit, type NewAuditEntry } from './store/audit.ts';
export { digestSourceTree, sourcePath, storeSource, verifySource } from './source-tree.ts';
export {
  askForBuild,
  buildBefore,
  buildsBefore,
  cancelBuild,
  cancelledBuildsSince,
  createBuild,
  failBuild,
  getBuild,
  getBuildRequest,
  listBuilds,
  moveBuild,
  progressOfBuild,
  unfinishedBuilds,
  waitingBuild,
  type BuildIdentity,
  type EqualBuilds,
  type NewBuild,
} from './store/builds.ts';
export { getComponent, getImage, listComponents, listedBuildWith, listImages } from './store/build-inputs.ts';
export { findRunning } from './store/find-running.ts';
export { packageCoverage } from './store/package-coverage.ts';
export { listPackages } from './store/packages.ts';
export { indexRelease, releasesToIndex } from './store/record-packages.ts';
export { differenceOf, listReleasePackages } from './store/release-difference.ts';
export { listCertificates, renewCertificate, type Issued } from './store/certificates.ts';
export {
  changeChannel,
  clearFromChannels,
  followChannel,
  getChannel,
  listChannelHistory,
  listChannels,
  publishToChannel,
  type ChannelKey,
} from './store/channels.ts';
export {
  createClaim,
  getClaim,
  listClaims,
  listClaimUses,
  revokeClaim,
  type NewClaim,
} from './store/claims.ts';
export {
  createCommand,
  getCommand,
  listCommands,
  listLogPieces,
  recordLogPiece,
  recordResult,
  takeCommand,
} from './store/commands.ts';
export {
  devicesReleasedSince,
  announceGateway,
  claimGateway,
  forgetGateway,
  getEmergencyStop,
  goneGateways,
  haltOffers,
  liftStop,
  removeGateway,
  stopInForce,
  stopOffers,
  type GoneGateway,
  type Halted,
} from './store/emergency-stop.ts';
export {
  acceptDevices,
  changeDeviceClass,
  decommissionDevice,
  rejectDevice,
  revokeDevice,
} from './store/device-lifecycle.ts';
export {
  desiredOf,
  desiredOfAll,
  devicesAsked,
  devicesAskedSince,
  devicesById,
  getDevice,
  listDevices,
} from './store/devices.ts';
export {
  recordBirth,
  recordDeath,
  recordPresence,
  recordTelemetry,
  type PresenceOutcome,
  type Said,
} from './store/record-presence.ts';
export { listDeviceEvents } from './store/device-timeline.ts';
export { bundleFor, getExecution, getExecutions, listExecutions, liveExecution } from './store/executions.ts';
export { changeDevice } from './store/change-device.ts';
export { countDevices } from './store/count-devices.ts';
export { changeMany } from './store/bulk/change-many.ts';
export { getDeviceMetrics, MOST_TIMES, usualStep } from './store/device-metrics.ts';
export { getOverview } from './store/overview/overview.ts';
export type { ServerFacts } from './store/overview/attention.ts';
export { recordMetrics, type MetricsPoint } from './store/record-metrics.ts';
export { takeSnapshot, versionHistory } from './store/snapshots.ts';
export { foldDeltas } from './store/device-tallies.ts';
export { versionTimeline } from './store/version-timeline.ts';
export { queryFields } from './store/query-fields.ts';
export { changeView, createView, deleteView, listViews, type Viewer } from './store/views.ts';
export { queryCondition } from './store/find-groups.ts';
export {
  addMembers,
  changeGroup,
  createGroup,
  deleteGroup,
  deviceIsInGroups,
  getGroup,
  groupsOfDevice,
  isInGroup,
  listGroups,
  removeMembers,
} from './store/groups.ts';
export { listFailures } from './store/rollout-failures.ts';
export { rolloutProgress } from './store/rollout-progress.ts';
export { rolloutSummary } from './store/rollout-summary.ts';
export { previewRollout } from './store/preview.ts';
export { paged, type Page, type Paged } from './store/page.ts';
export { recordProgress, type ProgressReport } from './store/record-progress.ts';
export {
  recordStatus,
  recordStatuses,
  type StatusOutcome,
  type StatusReport,
} from './store/record-status.ts';
export { sqlStateOf } from './store/deadlock.ts';
export { redeemClaim, type Enrolment, type EnrolmentAsked } from './store/redeem-claim.ts';
export { importRegistrations, listRegistrations, removeRegistration } from './store/registrations.ts';
export {
  getQualification,
  moveQualification,
  openQualifications,
  predecessorOf,
  qualifyAgain,
  type OpenQualification,
  type QualificationChange,
  type QualificationWish,
} from './store/qualifications.ts';
export { releaseHistory } from './store/release-history.ts';
export { releaseUse } from './store/release-use.ts';
export { releasesInField, type InField } from './store/releases-in-field.ts';
export {
  changeRelease,
  createRelease,
  getRelease,
  listReleases,
  recordSignedDisks,
  signedDisks,
} from './store/releases.ts';
export {
  devicesOut,
  devicesToDrop,
  dropAgain,
  recordDrop,
  refreshRevocationList,
  revocationList,
  revocationListNumber,
  type RevocationList,
  type RevokedCertificate,
  type ToDrop,
} from './store/revocations.ts';
export {
  createRollout,
  getRollout,
  listRollouts,
  rolloutsDue,
  rolloutsToPlan,
  runningRolloutsByQuery,
  runningRolloutsOf,
  runningRolloutsOn,
} from './store/rollouts.ts';
export { runningRolloutsOnAny } from './store/rollouts-on-any.ts';
export {
  abortRollout,
  approveRollout,
  pauseRollout,
  resumeRollout,
  rollBackRollout,
  setRolloutLimits,
  setRolloutPolicy,
} from './store/steer-rollout.ts';
export {
  changeSource,
  createSource,
  deleteSource,
  getSource,
  listSources,
  recordFetch,
  sealedCredentials,
  type Seal,
} from './store/sources.ts';
export { listDeliveries, recordDelivery, type NewDelivery } from './store/deliveries.ts';
export {
  endRun,
  joinRun,
  leaseRun,
  openRuns,
  takeRun,
  type NewRun,
  type RunEnd,
  type TriggerRunRow,
} from './store/trigger-runs.ts';
export {
  attachBuild,
  failTriggered,
  NotNow,
  publishTriggered,
  rollOutTriggered,
  triggeredToFollow,
  waitingTriggered,
  type Followed,
  type TriggeredRow,
} from './store/triggered-builds.ts';
export {
  changeTrigger,
  createTrigger,
  deleteTrigger,
  getTrigger,
  listTriggers,
  locksOfSource,
  memoryOf,
  sealedSecret,
  takeDueTriggers,
  takesHook,
} from './store/triggers.ts';
export { listClassTriggers } from './store/class-triggers/describe.ts';
export {
  approvePlaceTriggers,
  changePlaceTriggers,
  classTriggerPlace,
  recordClassFiles,
  recordUnread,
  takeLook,
  type ParsedClassFile,
} from './store/class-triggers/places.ts';
export { settleClassTriggers } from './store/class-triggers/settle.ts';
export type { TriggerLocks } from './store/triggers.ts';
export type { TriggeredPlan, TriggerMemory } from './schema.ts';
export { tellAlarms } from './store/tell-alarms.ts';
export {
  DEAD_AFTER_MS,
  getWebhookDelivery,
  listWebhookDeliveries,
  MAX_TRIES,
  pingWebhook,
  recordAttempt,
  redeliverWebhook,
  takeDueDeliveries,
  type AttemptOutcome,
  type DueDelivery,
} from './store/webhook-deliveries.ts';
export {
  changeWebhook,
  createWebhook,
  deleteWebhook,
  getWebhook,
  listWebhooks,
  openWebhookSecret,
  rotateWebhook,
  sealWebhooks,
} from './store/webhooks.ts';
export { accessOf, reachOf, type Actor, type Reach } from './actor.ts';
export { actorOfToken } from './store/actors.ts';
export {
  endingKeys,
  getKey,
  listKeys,
  recordKeys,
  recordSigner,
  recordTrust,
  releasesWithoutSigner,
  type SeenKey,
} from './store/keys.ts';
export { keyRotations } from './store/key-rotations.ts';
export { classesByProfile, devicesBehindProfile, hasOtherProfile } from './store/signing-profiles.ts';
export {
  devicesInReach,
  isDeviceInReach,
  isGroupInReach,
  isInReach,
  isRolloutInReach,
  isRolloutReached,
  limitTargets,
  refuseDevicesBeyond,
  rolloutsInReach,
} from './store/reach.ts';
export { recordRefusal, tellRefusals } from './store/login-refusals.ts';
export { endSession, listSessions, logIn, SESSION_LIFE_MS } from './store/sessions.ts';
export { getTenant, renameTenant } from './store/tenants.ts';
export { admitToken, createToken, listTokens, revokeToken, sha256Hex } from './store/tokens.ts';
export {
  changePassword,
  changeUser,
  createFirstUser,
  createUser,
  deleteUser,
  getUser,
  hasUsers,
  listUsers,
  setPassword,
} from './store/users.ts';
