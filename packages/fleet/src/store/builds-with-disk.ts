import { and, desc, eq, sql } from 'drizzle-orm';
import { SlipwayError, type ArtifactName, type Build, type BuildId, type ClassName } from '@slipway/protocol';
import type { Database } from '../database.ts';
import { builds } from '../schema.ts';
import { getBuild } from './builds.ts';

const DISK: ArtifactName = 'disk.img';
const hasDisk = ({ artifacts }: Pick<Build, 'artifacts'>): boolean =>
  artifacts.some(({ name }) => name === DISK);

/**
 * A build that a device can be made of: the one that is named, or the newest of a class.
 *
 * @throws {SlipwayError} NOT_FOUND; CONFLICT for one without a disk image, or of another class
 */
export const buildWithDisk = async (
  db: Database,
  deviceClass: ClassName,
  id: BuildId | undefined,
): Promise<Build> => {
  if (id !== undefined) {
    const build = await getBuild(db, id);
    if (build.deviceClass === deviceClass && hasDisk(build)) return build;
    throw new SlipwayError(
      'CONFLICT',
      build.deviceClass === deviceClass
        ? `Build ${id} has no disk image (any more). Have the class file leave outputs out, or name a disk among them, and build again.`
        : `Build ${id} is of the class ${build.deviceClass}, not ${deviceClass}. Name a build of it.`,
    );
  }
  const [newest] = await db
    .select({ id: builds.id })
    .from(builds)
    .where(
      and(
        eq(builds.deviceClass, deviceClass),
        eq(builds.state, 'succeeded'),
        sql`${builds.artifacts} @> ${JSON.stringify([{ name: DISK }])}::jsonb`,
      ),
    )
    .orderBy(desc(builds.createdAt), desc(builds.counter))
    .limit(1);
  if (newest !== undefined) return getBuild(db, newest.id);
  throw new SlipwayError(
    'NOT_FOUND',
    `No build of ${deviceClass} has a disk image to make a device of. Build one: slipway builds create ${deviceClass}.`,
  );
};
