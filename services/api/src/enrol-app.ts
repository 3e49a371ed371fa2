import { createHash, X509Certificate } from 'node:crypto';
import rateLimit from '@fastify/rate-limit';
import fastify, { LogController, type FastifyBaseLogger } from 'fastify';
import { serializerCompiler, validatorCompiler, type ZodTypeProvider } from 'fastify-type-provider-zod';
import { redeemClaim, type Database, type FleetEvents, type Issued } from '@slipway/fleet';
import { EnrolRequest, EnrolResponse, SlipwayError, TenantId } from '@slipway/protocol';
import { signDeviceCsr, type Identity } from '@slipway/signing';
import { answerWithProblems } from './problem.ts';

type Needs = {
  readonly db: Database;
  readonly events: FleetEvents;
  readonly logger: FastifyBaseLogger;
  readonly tls: { readonly cert: string; readonly key: string };
  readonly deviceCa: Identity;
  readonly mqttUrl: string;
  readonly perMinute: number;
};

/** The one thing a stranger may ask of us, on a listener of its own: a certificate for a claim token. */
export const enrolApp = async (needs: Needs) => {
  const app = fastify({
    https: { ...needs.tls, minVersion: 'TLSv1.2' },
    loggerInstance: needs.logger,
    logController: new LogController({ disableRequestLogging: true }),
    bodyLimit: 16 * 1024,
    forceCloseConnections: true,
    requestTimeout: 30_000,
  });
  app.setValidatorCompiler(validatorCompiler);
  app.setSerializerCompiler(serializerCompiler);
  const typed = app.withTypeProvider<ZodTypeProvider>();
  answerWithProblems(app);
  app.removeContentTypeParser('text/plain');
  await app.register(rateLimit, {
    max: needs.perMinute,
    timeWindow: 60_000,
    errorResponseBuilder: (_request, { after }) =>
      new SlipwayError(
        'RATE_LIMITED',
        `Too many enrolment requests from this address. Try again in ${after}.`,
      ),
  });

  typed.post(
    '/v1/enrol',
    { schema: { body: EnrolRequest, response: { 200: EnrolResponse } } },
    async ({ body }) => {
      const { device, issued } = await redeemClaim(
        needs.db,
        body,
        async (deviceId): Promise<Issued> => {
          const signed = await signDeviceCsr({ csrPem: body.csr, deviceId, ca: needs.deviceCa });
          return { ...signed, keySha256: keySha256Of(signed.certificatePem) };
        },
        new Date(),
      );
      needs.logger.info({ device: device.id, deviceClass: device.deviceClass }, 'device enrolled');
      needs.events.publish({ kind: 'device', device });
      return {
        v: 1 as const,
        deviceId: device.id,
        tenant: TenantId.parse('default'),
        certificate: issued.certificatePem,
        mqttUrl: needs.mqttUrl,
      };
    },
  );
  return app;
};

const keySha256Of = (certificatePem: string): string =>
  createHash('sha256')
    .update(new X509Certificate(certificatePem).publicKey.export({ type: 'spki', format: 'der' }))
    .digest('hex');
