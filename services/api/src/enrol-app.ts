import rateLimit from '@fastify/rate-limit';
import fastify, { LogController, type FastifyBaseLogger } from 'fastify';
import { serializerCompiler, validatorCompiler, type ZodTypeProvider } from 'fastify-type-provider-zod';
import { redeemClaim, renewCertificate, type Database, type FleetEvents, type Issued } from '@slipway/fleet';
import {
  DEFAULT_TENANT,
  DeviceId,
  EnrolRequest,
  EnrolResponse,
  RenewRequest,
  RenewResponse,
  SlipwayError,
} from '@slipway/protocol';
import { keySha256OfCsr, signDeviceCsr, verifyRenewal, type Identity } from '@slipway/signing';
import { z } from 'zod';
import { answerWithProblems } from './problem.ts';
import type { Revocations } from './revocations.ts';

type Needs = {
  readonly db: Database;
  readonly events: FleetEvents;
  readonly logger: FastifyBaseLogger;
  readonly tls: { readonly cert: string; readonly key: string };
  /** the first one certifies; the certificates of those after it may still be renewed */
  readonly deviceAuthorities: readonly [Identity, ...Identity[]];
  readonly revocations: Revocations;
  readonly mqttUrl: string;
  readonly perMinute: number;
};

const tenant = DEFAULT_TENANT;
/** A device that waits asks again by itself; this says how long it need not. */
const PENDING_RETRY_S = 60;

/**
 * What may be asked of us without an operator's token, on a listener of its own: a certificate for a claim token, and
 * the next certificate for the holder of the present one.
 */
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

  const answer = (deviceId: DeviceId, issued: Issued, now: Date): EnrolResponse => ({
    v: 1,
    deviceId,
    tenant,
    certificate: issued.certificatePem,
    mqttUrl: needs.mqttUrl,
    issuedAt: Math.floor(now.getTime() / 1000),
  });

  typed.post(
    '/v1/enrol',
    { schema: { body: EnrolRequest, response: { 200: EnrolResponse } } },
    async ({ body }, reply) => {
      const now = new Date();
      const enrolment = await redeemClaim(
        needs.db,
        { ...body, keySha256: await keySha256OfCsr(body.csr) },
        async (deviceId) =>
          signDeviceCsr({ csrPem: body.csr, deviceId, ca: needs.deviceAuthorities[0], now }),
        now,
      );
      const { device } = enrolment;
      if (enrolment.kind === 'pending') {
        if (enrolment.isNew) {
          needs.logger.info(
            { device: device.id, deviceClass: device.deviceClass },
            'device waits for approval',
          );
          needs.events.publish({ kind: 'device', device });
        }
        reply.header('retry-after', String(PENDING_RETRY_S));
        throw new SlipwayError(
          'ENROL_PENDING',
          `The device waits as ${device.id} until an operator accepts it. Ask again with the same key.`,
          { details: { device: device.id } },
        );
      }
      needs.logger.info({ device: device.id, deviceClass: device.deviceClass }, 'device enrolled');
      needs.events.publish({ kind: 'device', device });
      // Where it is there anew, what it had before is of no use to whoever has it.
      await needs.revocations.refresh();
      return answer(device.id, enrolment.issued, now);
    },
  );

  typed.post(
    '/v1/devices/:id/renew',
    {
      schema: {
        params: z.strictObject({ id: DeviceId }),
        body: RenewRequest,
        response: { 200: RenewResponse },
      },
    },
    async ({ params, body }) => {
      const now = new Date();
      const deviceId = params.id;
      const { keySha256: provenKeySha256, expiredAt } = verifyRenewal({
        certificatePem: body.certificate,
        csrPem: body.csr,
        proof: body.proof,
        deviceId,
        caPem: needs.deviceAuthorities.map(({ certificatePem }) => certificatePem).join(''),
        now,
      });
      const { device, issued } = await renewCertificate(
        needs.db,
        { device: deviceId, provenKeySha256, expiredAt },
        async () => signDeviceCsr({ csrPem: body.csr, deviceId, ca: needs.deviceAuthorities[0], now }),
        now,
      );
      needs.logger.info({ device: deviceId, expiredAt }, 'device certificate renewed');
      needs.events.publish({ kind: 'device', device });
      return answer(deviceId, issued, now);
    },
  );
  return app;
};
