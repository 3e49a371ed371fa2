import { createHash } from 'node:crypto';
import { eq } from 'drizzle-orm';
import { Digest, type BuildRequest, type BuildResult, type TenantId } from '@slipway/protocol';
import type { Database } from '../database.ts';
import { newComponentId, newImageId } from '../new-id.ts';
import { buildComponents, buildImages, builds, components, images } from '../schema.ts';

const digestOf = (text: string): Digest =>
  Digest.parse(`sha256:${createHash('sha256').update(text).digest('hex')}`);

/** Two that record the same at once must lock it in the same order. */
const inOrder = <T>(items: readonly T[], keyOf: (item: T) => string): T[] =>
  [...items].sort((a, b) => (keyOf(a) < keyOf(b) ? -1 : 1));

/**
 * Keeps what went into a build. Give it the transaction in which the build succeeds. A worker of before says nothing of
 * components.
 */
export const recordInputs = async (
  tx: Database,
  { build, resolved = [] }: Pick<BuildResult, 'build' | 'resolved'>,
  now: Date,
): Promise<void> => {
  const [row] = await tx
    .select({ tenant: builds.tenant, request: builds.request })
    .from(builds)
    .where(eq(builds.id, build));
  if (row === undefined) return;
  await recordComponents(tx, row.tenant, build, resolved, now);
  await recordImages(tx, row.tenant, build, row.request?.imageFiles ?? [], now);
};

const recordComponents = async (
  tx: Database,
  tenant: TenantId,
  build: BuildResult['build'],
  resolved: NonNullable<BuildResult['resolved']>,
  now: Date,
): Promise<void> => {
  for (const { reference, kind, name, version, digest } of inOrder(
    resolved,
    (one) => one.name + one.digest,
  )) {
    const [known] = await tx
      .insert(components)
      .values({ id: newComponentId(), tenant, kind, name, version, digest, firstBuiltAt: now })
      // What is there is given back only if it is written.
      .onConflictDoUpdate({
        target: [components.tenant, components.name, components.kind, components.digest],
        set: { name },
      })
      .returning({ id: components.id });
    if (known !== undefined)
      await tx
        .insert(buildComponents)
        .values({ build, component: known.id, reference })
        .onConflictDoNothing();
  }
};

const recordImages = async (
  tx: Database,
  tenant: TenantId,
  build: BuildResult['build'],
  files: BuildRequest['imageFiles'],
  now: Date,
): Promise<void> => {
  const found = files.map(({ name, text }, place) => ({ path: name, digest: digestOf(text), place }));
  for (const { path, digest, place } of inOrder(found, (one) => one.path + one.digest)) {
    const [known] = await tx
      .insert(images)
      .values({ id: newImageId(), tenant, path, digest, firstBuiltAt: now })
      .onConflictDoUpdate({ target: [images.tenant, images.path, images.digest], set: { path } })
      .returning({ id: images.id });
    if (known !== undefined)
      await tx.insert(buildImages).values({ build, image: known.id, place }).onConflictDoNothing();
  }
};
