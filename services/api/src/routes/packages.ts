import {
  differenceOf,
  findRunning,
  isInReach,
  listPackages,
  listReleasePackages,
  packageCoverage,
} from '@slipway/fleet';
import {
  ClassName,
  COVERAGE_DAYS,
  KnownPackage,
  PackageCoverage,
  PackageFilter,
  PackageFinding,
  QueryText,
  ReleaseDifference,
  ReleaseId,
  ReleasePackage,
} from '@slipway/protocol';
import { z } from 'zod';
import { actorOf, reachOfRequest } from '../auth.ts';
import { Flag, PageQuery, whole, type App, type Context } from './context.ts';

const tags = ['Packages'];
const Asked = QueryText.min(1).describe('Such as openssl, deb:openssl < 3.5.8, npm:@scope/name ~ 4.*');
const ById = z.strictObject({ id: ReleaseId });

/** What releases hold, and who runs it. */
export const packageRoutes = (app: App, { db }: Context): void => {
  app.get(
    '/v1/packages',
    {
      config: { access: 'read', groups: 'filter' },
      schema: {
        tags,
        summary: 'List packages that releases hold, with their versions and how many devices run each',
        querystring: PageQuery.extend(PackageFilter.shape).extend({
          running: Flag.optional().describe('Only what a device runs.'),
        }),
        response: { 200: z.array(KnownPackage) },
      },
    },
    async (request) => {
      const near = await isInReach(db, reachOfRequest(request), new Date());
      return listPackages(db, actorOf(request).tenant, request.query, near);
    },
  );
  app.get(
    '/v1/packages/find',
    {
      config: { access: 'read', groups: 'filter' },
      schema: {
        tags,
        operationId: 'packages.find',
        summary: 'Find who runs a package: releases that hold it, and how many devices run them',
        querystring: z.strictObject({ query: Asked }),
        response: { 200: PackageFinding },
      },
    },
    async (request) =>
      findRunning(db, request.query.query, await isInReach(db, reachOfRequest(request), new Date())),
  );
  app.get(
    '/v1/packages/coverage',
    {
      config: { access: 'read', groups: 'filter' },
      schema: {
        tags,
        operationId: 'packages.coverage',
        summary: 'Tell how many devices ran a package over the last days',
        querystring: z.strictObject({
          query: Asked,
          days: whole(1, COVERAGE_DAYS.most, COVERAGE_DAYS.usual),
          deviceClass: ClassName.optional(),
        }),
        response: { 200: PackageCoverage },
      },
    },
    async (request) => {
      const now = new Date();
      const near = await isInReach(db, reachOfRequest(request), now);
      return packageCoverage(db, { ...request.query, near }, now);
    },
  );
  app.get(
    '/v1/releases/:id/packages',
    {
      config: { access: 'read', groups: 'any' },
      schema: {
        tags,
        summary: 'List the packages in a release',
        params: ById,
        querystring: PageQuery.extend(PackageFilter.shape),
        response: { 200: z.array(ReleasePackage) },
      },
    },
    async ({ params, query }) => listReleasePackages(db, params.id, query),
  );
  app.get(
    '/v1/releases/:id/difference',
    {
      config: { access: 'read', groups: 'any' },
      schema: {
        tags,
        operationId: 'releases.difference',
        summary: 'Tell which packages a release changes',
        params: ById,
        querystring: z.strictObject({
          from: ReleaseId.optional().describe(
            'Absent: the release before it on its channel, else of its class.',
          ),
        }),
        response: { 200: ReleaseDifference },
      },
    },
    async ({ params, query }) => differenceOf(db, params.id, query.from),
  );
};
