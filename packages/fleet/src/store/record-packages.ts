import { and, eq, isNull, sql } from 'drizzle-orm';
import type { Artifact, BuildId, ReleaseId, ReleasePackage, TenantId } from '@slipway/protocol';
import { SBOM_NAME } from '@slipway/protocol';
import type { Database } from '../database.ts';
import { newPackageId } from '../new-id.ts';
import { builds, packages, releasePackages, releases } from '../schema.ts';

/**
 * Keeps what is in a release. Give it the transaction in which the release is made; for one that was there before there
 * is `indexRelease`.
 */
export const recordPackages = async (
  tx: Database,
  release: { readonly id: ReleaseId; readonly tenant: TenantId },
  found: readonly ReleasePackage[],
): Promise<void> => {
  const byContent = new Map(
    found.map(({ type, name, version, source }) => [
      JSON.stringify([name, type, version, source.name, source.version]),
      { type, name, version, source_name: source.name, source_version: source.version },
    ]),
  );
  // Two that record the same at once must lock it in the same order.
  const keys = [...byContent.keys()].sort();
  const rows = JSON.stringify(keys.map((key) => ({ id: newPackageId(), ...byContent.get(key) })));
  await tx.execute(sql`
    insert into ${packages} (id, tenant, type, name, version, source_name, source_version)
    select id, ${release.tenant}::text, type, name, version, source_name, source_version
    from jsonb_to_recordset(${rows}::text::jsonb)
      as given(id text, type text, name text, version text, source_name text, source_version text)
    on conflict do nothing`);
  await tx.execute(sql`
    insert into ${releasePackages} (release, package)
    select ${release.id}::text, known.id
    from jsonb_to_recordset(${rows}::text::jsonb)
      as given(type text, name text, version text, source_name text, source_version text)
    join ${packages} known using (type, name, version, source_name, source_version)
    where known.tenant = ${release.tenant}::text
    on conflict do nothing`);
  await tx.update(releases).set({ packages: keys.length }).where(eq(releases.id, release.id));
};

/** The same for a release that is there. @returns whether nobody had done it before */
export const indexRelease = (
  db: Database,
  id: ReleaseId,
  found: readonly ReleasePackage[],
): Promise<boolean> =>
  db.transaction(async (tx) => {
    const [row] = await tx
      .select({ id: releases.id, tenant: releases.tenant })
      .from(releases)
      .where(and(eq(releases.id, id), isNull(releases.packages)))
      .for('update');
    if (row === undefined) return false;
    await recordPackages(tx, row, found);
    return true;
  });

/** Newest first. Those whose artifacts are gone are not among them: nobody could say any more what is in them. */
export const releasesToIndex = (
  db: Database,
): Promise<{ release: ReleaseId; build: BuildId; artifacts: Omit<Artifact, 'format'>[] }[]> =>
  db
    .select({ release: releases.id, build: builds.id, artifacts: builds.artifacts })
    .from(releases)
    .innerJoin(builds, eq(builds.id, releases.build))
    .where(
      and(
        isNull(releases.packages),
        sql`${builds.artifacts} @> ${JSON.stringify([{ name: SBOM_NAME }])}::text::jsonb`,
      ),
    )
    .orderBy(sql`${releases.createdAt} desc`);
