import swagger from '@fastify/swagger';
import reference from '@scalar/fastify-api-reference';
import fastify, { LogController, type FastifyBaseLogger } from 'fastify';
import { serializerCompiler, validatorCompiler, type ZodTypeProvider } from 'fastify-type-provider-zod';
import type { Redis } from 'ioredis';
import { requireToken } from './auth.ts';
import { serveDashboard } from './dashboard.ts';
import { compareETags } from './etags.ts';
import { rememberAnswers } from './idempotency.ts';
import { documentOf } from './openapi/document.ts';
import { describeRoute, describeSchemas } from './openapi/transform.ts';
import { refuseWhatNobodyTakes } from './strict-input.ts';
import { tellPages } from './paging.ts';
import { answerWithProblems } from './problem.ts';
import { limitAddresses, limitConnection, limitRates, type RateLimits } from './rate-limits.ts';
import { auditRoutes } from './routes/audit.ts';
import { bulkRoutes } from './routes/bulk.ts';
import { buildEventRoutes } from './routes/build-events.ts';
import { buildInputRoutes } from './routes/build-inputs.ts';
import { buildInsightRoutes } from './routes/build-insight.ts';
import { buildRoutes } from './routes/builds.ts';
import { channelRoutes } from './routes/channels.ts';
import { claimRoutes } from './routes/claims.ts';
import { commandRoutes } from './routes/commands.ts';
import type { App, Context } from './routes/context.ts';
import { databaseExportRoutes } from './routes/database-exports.ts';
import { deviceClassRoutes } from './routes/device-classes.ts';
import { deviceRoutes } from './routes/devices.ts';
import { emergencyStopRoutes } from './routes/emergency-stop.ts';
import { enrolmentRoutes } from './routes/enrolment.ts';
import { eventRoutes } from './routes/events.ts';
import { firstRunRoutes } from './routes/first-run.ts';
import { groupRoutes } from './routes/groups.ts';
import { healthRoutes } from './routes/health.ts';
import { keyRoutes } from './routes/keys.ts';
import { overviewRoutes } from './routes/overview.ts';
import { packageRoutes } from './routes/packages.ts';
import { loginRoutes, selfRoutes, userRoutes } from './routes/people.ts';
import { qualificationRoutes } from './routes/qualifications.ts';
import { releaseFactRoutes } from './routes/release-facts.ts';
import { releaseRoutes } from './routes/releases.ts';
import { hookRoutes } from './routes/hooks.ts';
import { repositoryRoutes } from './routes/repository.ts';
import { retentionRoutes } from './routes/retention.ts';
import { rolloutProgressRoutes } from './routes/rollout-progress.ts';
import { rolloutStepRoutes } from './routes/rollout-steps.ts';
import { rolloutRoutes } from './routes/rollouts.ts';
import { statusRoutes } from './routes/status.ts';
import { sourceFileRoutes } from './routes/source-files.ts';
import { sourceRoutes } from './routes/sources.ts';
import { tenantRoutes } from './routes/tenant.ts';
import { classTriggerRoutes } from './routes/class-triggers.ts';
import { triggerRoutes } from './routes/triggers.ts';
import { viewRoutes } from './routes/views.ts';
import { virtualDeviceRoutes } from './routes/virtual-devices.ts';
import { webhookRoutes } from './routes/webhooks.ts';

// Whatever the script of the page would like to load, it gets nothing from elsewhere.
const DOCS_POLICY =
  "default-src 'self' 'unsafe-inline' 'unsafe-eval' data: blob:; base-uri 'none'; frame-ancestors 'none'";

/**
 * The HTTP API for operators, described by itself at `/openapi.json` and to read at `/docs`, and the dashboard at `/`.
 *
 * @param dashboardDir absent: there is none
 */
export const operatorApp = async (
  context: Context,
  redis: Redis,
  logger: FastifyBaseLogger,
  limits: RateLimits,
  dashboardDir?: string,
): Promise<App> => {
  const app = fastify({
    loggerInstance: logger,
    logController: new LogController({ disableRequestLogging: true }),
    bodyLimit: 256 * 1024,
    // Paths of files are one, with their slashes encoded.
    routerOptions: { maxParamLength: 2048 },
    forceCloseConnections: true,
    genReqId: () => crypto.randomUUID(),
  }).withTypeProvider<ZodTypeProvider>();
  app.setValidatorCompiler(validatorCompiler);
  app.setSerializerCompiler(serializerCompiler);
  answerWithProblems(app);
  // Bodies are JSON, nothing else: what a form or a plain text post of another site can send is refused.
  app.removeContentTypeParser('text/plain');
  app.addHook('onSend', async (request, reply) => {
    reply.header('x-request-id', request.id).header('x-content-type-options', 'nosniff');
    if (request.url.startsWith('/docs')) reply.header('content-security-policy', DOCS_POLICY);
  });

  tellPages(app);

  await app.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: {
        title: 'Slipway',
        version: '1',
        description:
          'Builds, releases, rollouts and devices. Errors are problem documents (RFC 9457) with a stable `code`.',
      },
      components: { securitySchemes: { token: { type: 'http', scheme: 'bearer' } } },
      security: [{ token: [] }],
    },
    transform: describeRoute,
    transformObject: describeSchemas,
  });
  // The page brings its own script; fonts from elsewhere are off, so it works without the internet.
  await app.register(reference, {
    routePrefix: '/docs',
    configuration: {
      url: '/openapi.json',
      withDefaultFonts: false,
      telemetry: false,
      pageTitle: 'Slipway API',
    },
  });
  app.get('/openapi.json', { schema: { hide: true } }, async () => documentOf(app));
  if (dashboardDir !== undefined) await serveDashboard(app, dashboardDir);
  const limit = limitConnection(redis);
  app.addHook('onClose', async () => limit.disconnect());
  await app.register(async (scope) => {
    await limitAddresses(scope, limit, 'hooks', limits.perMinute);
    hookRoutes(scope.withTypeProvider<ZodTypeProvider>(), context);
  });
  loginRoutes(app, context);
  healthRoutes(app, context.db, redis, context.store);

  await app.register(async (scope) => {
    requireToken(scope, context.db, await limitRates(scope, limit, limits));
    refuseWhatNobodyTakes(scope);
    compareETags(scope, redis);
    rememberAnswers(scope, redis);
    const inner = scope.withTypeProvider<ZodTypeProvider>();
    for (const routes of [
      deviceClassRoutes,
      sourceRoutes,
      sourceFileRoutes,
      triggerRoutes,
      classTriggerRoutes,
      buildRoutes,
      buildEventRoutes,
      buildInputRoutes,
      buildInsightRoutes,
      repositoryRoutes,
      packageRoutes,
      releaseRoutes,
      releaseFactRoutes,
      qualificationRoutes,
      channelRoutes,
      rolloutRoutes,
      rolloutProgressRoutes,
      rolloutStepRoutes,
      overviewRoutes,
      deviceRoutes,
      bulkRoutes,
      viewRoutes,
      groupRoutes,
      commandRoutes,
      claimRoutes,
      enrolmentRoutes,
      emergencyStopRoutes,
      databaseExportRoutes,
      webhookRoutes,
      retentionRoutes,
      statusRoutes,
      eventRoutes,
      auditRoutes,
      tenantRoutes,
      firstRunRoutes,
      virtualDeviceRoutes,
      keyRoutes,
      selfRoutes,
      userRoutes,
    ]) {
      routes(inner, context);
    }
  });
  return app;
};
