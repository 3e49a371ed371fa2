import { getBuild } from '@slipway/fleet';
import {
  BuildContents,
  BuildDifference,
  BuildId,
  BuildLogLines,
  BuildLogMatches,
  BuildQueueState,
  BuildStep,
  FoundContents,
  isBuildOver,
  MAX_CONTENTS,
  MAX_LOG_LINES,
  SlipwayError,
} from '@slipway/protocol';
import { findInContents, lookInto, nodeAt } from '@slipway/sbom/contents';
import { z } from 'zod';
import { openContentsReader } from '../insight/build-contents.ts';
import { differenceOfBuilds } from '../insight/build-difference.ts';
import { openLogIndexes } from '../insight/log-index.ts';
import { whole, type App, type Context } from './context.ts';

const tags = ['Builds'];
const ById = z.strictObject({ id: BuildId });

/** What is to know of a build beside itself: what is in it, what it changes, how it went on, what goes before it. */
export const buildInsightRoutes = (app: App, { db, builds, store }: Context): void => {
  const contents = openContentsReader(store);
  const logs = openLogIndexes();
  const logPath = async (id: BuildId): Promise<string> => {
    await getBuild(db, id);
    return store.artifactPath(id, 'build.log');
  };

  app.get(
    '/v1/builds/:id/contents',
    {
      config: { access: 'read' },
      schema: {
        tags,
        operationId: 'builds.getContents',
        summary: 'Look into the image of a build: a folder, what is in it and which component put it there',
        params: ById,
        querystring: z.strictObject({
          under: z.string().max(4096).default('').describe('Path of the folder; absent: the root.'),
          depth: whole(1, 8, 1).describe('How many levels below it.'),
          most: whole(1, MAX_CONTENTS, 1000).describe('How many entries at most; the largest are given.'),
        }),
        response: { 200: BuildContents },
      },
    },
    async ({ params, query }) => {
      const root = await contents.read(await getBuild(db, params.id));
      const node = nodeAt(root, query.under);
      if (node === undefined)
        throw new SlipwayError('NOT_FOUND', `There is no /${query.under.replace(/^\/+/, '')} in the image.`);
      return lookInto(node, query.depth, query.most);
    },
  );
  app.get(
    '/v1/builds/:id/contents/find',
    {
      config: { access: 'read' },
      schema: {
        tags,
        operationId: 'builds.findContents',
        summary: 'Find files in the image of a build by a part of their paths',
        params: ById,
        querystring: z.strictObject({
          text: z.string().min(1).max(256),
          most: whole(1, 1000, 200).describe('How many at most.'),
        }),
        response: { 200: FoundContents },
      },
    },
    async ({ params, query }) =>
      findInContents(await contents.read(await getBuild(db, params.id)), query.text, query.most),
  );
  app.get(
    '/v1/builds/:id/difference',
    {
      config: { access: 'read' },
      schema: {
        tags,
        operationId: 'builds.difference',
        summary: 'Tell what a build changes: packages, components, files, configuration, sizes of artifacts',
        params: ById,
        querystring: z.strictObject({
          from: BuildId.optional().describe('Absent: the last build of the class before it that succeeded.'),
        }),
        response: { 200: BuildDifference },
      },
    },
    async ({ params, query }) => differenceOfBuilds({ db, store, contents }, params.id, query.from),
  );
  app.get(
    '/v1/builds/:id/steps',
    {
      config: { access: 'read' },
      schema: {
        tags,
        summary: 'List the steps of a build with their times',
        params: ById,
        response: { 200: z.array(BuildStep) },
      },
    },
    async ({ params }) => {
      const build = await getBuild(db, params.id);
      const endedAt = isBuildOver(build) ? build.finishedAt : null;
      return logs.steps(store.artifactPath(params.id, 'build.log'), endedAt);
    },
  );
  app.get(
    '/v1/builds/:id/log/lines',
    {
      config: { access: 'read' },
      schema: {
        tags,
        operationId: 'builds.getLogLines',
        summary: 'Read lines of the log of a build, by their numbers',
        params: ById,
        querystring: z.strictObject({
          from: whole(-MAX_LOG_LINES, Number.MAX_SAFE_INTEGER, 0).describe(
            'Number of the first, from 0; negative: counted from the end.',
          ),
          most: whole(1, MAX_LOG_LINES, 500).describe('How many at most.'),
        }),
        response: { 200: BuildLogLines },
      },
    },
    async ({ params, query }) => logs.lines(await logPath(params.id), query.from, query.most),
  );
  app.get(
    '/v1/builds/:id/log/matches',
    {
      config: { access: 'read' },
      schema: {
        tags,
        operationId: 'builds.findLogLines',
        summary: 'Find lines in the log of a build: their numbers',
        params: ById,
        querystring: z.strictObject({ text: z.string().min(1).max(256) }),
        response: { 200: BuildLogMatches },
      },
    },
    async ({ params, query }) => logs.matches(await logPath(params.id), query.text),
  );
  app.get(
    '/v1/build-queues',
    {
      config: { access: 'read' },
      schema: {
        tags,
        summary: 'List the queues of builds: what is built, and what comes next in which order',
        response: { 200: z.array(BuildQueueState) },
      },
    },
    async () => builds.queues(),
  );
};
