import { and, eq } from 'drizzle-orm';
import {
  SlipwayError,
  type Arch,
  type ClaimCreate,
  type ClaimId,
  type ClaimToken,
  type ClaimUse,
} from '@slipway/protocol';
import type { Database } from '../database.ts';
import { newClaimId, newDeviceId, newToken } from '../new-id.ts';
import { claims, claimUses, devices } from '../schema.ts';
import { recordAudit } from './audit.ts';
import { found } from './not-found.ts';
import { keyset, type Page, type Paged } from './page.ts';
import { sha256Hex } from './tokens.ts';

const toClaim = (row: typeof claims.$inferSelect): ClaimToken => ({
  id: row.id,
  deviceClass: row.deviceClass,
  deviceId: row.deviceId,
  uses: row.uses,
  used: row.used,
  idPattern: row.idPattern,
  approval: row.approval ? 'required' : 'none',
  registeredOnly: row.registeredOnly,
  note: row.note,
  usedAt: row.usedAt?.toISOString() ?? null,
  expiresAt: row.expiresAt.toISOString(),
  revokedAt: row.revokedAt?.toISOString() ?? null,
  createdAt: row.createdAt.toISOString(),
});

/** What `ClaimCreate` fills in may be left out. */
export type NewClaim = Pick<ClaimCreate, 'deviceClass' | 'ttl'> &
  Partial<ClaimCreate> & { readonly arch: Arch };

/**
 * @returns with the token, which is nowhere else from then on
 * @throws {SlipwayError} CONFLICT for an approval of a device that is in already
 */
export const createClaim = (
  db: Database,
  asked: NewClaim,
  now: Date,
  actor = 'system',
): Promise<ClaimToken> =>
  db.transaction(async (tx) => {
    const { deviceId, uses = 1, idPattern, approval = 'none', registeredOnly = false, note } = asked;
    if (deviceId !== undefined && approval === 'required') await refuseActive(tx, deviceId);
    const token = newToken('swc');
    const isSingle = uses === 1 && idPattern === undefined && !registeredOnly;
    const rows = await tx
      .insert(claims)
      .values({
        id: newClaimId(),
        tokenSha256: sha256Hex(token),
        deviceClass: asked.deviceClass,
        arch: asked.arch,
        deviceId: deviceId ?? (isSingle ? newDeviceId() : null),
        uses,
        idPattern: idPattern ?? null,
        approval: approval === 'required',
        registeredOnly,
        note: note ?? null,
        createdAt: now,
        expiresAt: new Date(now.getTime() + asked.ttl * 1000),
      })
      .returning();
    const claim = toClaim(found(rows, 'claim', ''));
    await recordAudit(tx, {
      actor,
      action: 'claim.create',
      subject: claim.id,
      details: {
        deviceClass: claim.deviceClass,
        deviceId: claim.deviceId,
        uses,
        approval,
        ...(idPattern === undefined ? {} : { idPattern }),
        ...(registeredOnly ? { registeredOnly } : {}),
        ...(note === undefined ? {} : { note }),
      },
    });
    return { ...claim, token };
  });

const refuseActive = async (db: Database, id: NonNullable<NewClaim['deviceId']>): Promise<void> => {
  const [device] = await db.select({ state: devices.state }).from(devices).where(eq(devices.id, id));
  if (device?.state !== 'active') return;
  throw new SlipwayError(
    'CONFLICT',
    `Device ${id} is active, and would go on with its present key while a new one waits. Revoke it first, or ask for no approval.`,
    { details: { device: id } },
  );
};

export const getClaim = async (db: Database, id: ClaimId): Promise<ClaimToken> =>
  toClaim(found(await db.select().from(claims).where(eq(claims.id, id)), 'claim', id));

export const listClaims = async (db: Database, page: Page): Promise<Paged<ClaimToken>> => {
  const keys = keyset(page, { by: [claims.createdAt, claims.id], direction: 'desc' });
  const rows = await db
    .select({ row: claims, key: keys.key })
    .from(claims)
    .where(keys.where)
    .orderBy(...keys.orderBy)
    .limit(keys.limit)
    .offset(page.offset);
  return keys.page(
    rows,
    async (found) => found.map(toClaim),
    () => db.$count(claims),
  );
};

/** Who came with a claim, in the order in which they came. */
export const listClaimUses = async (db: Database, id: ClaimId, page: Page): Promise<Paged<ClaimUse>> => {
  await getClaim(db, id);
  const filter = eq(claimUses.claim, id);
  const keys = keyset(page, { by: [claimUses.firstAt, claimUses.keySha256], direction: 'asc' });
  const rows = await db
    .select({ row: claimUses, key: keys.key })
    .from(claimUses)
    .where(and(filter, keys.where))
    .orderBy(...keys.orderBy)
    .limit(keys.limit)
    .offset(page.offset);
  return keys.page(
    rows,
    async (found) =>
      found.map(({ claim, device, state, keySha256, serial, firstAt, lastAt }) => ({
        claim,
        device,
        state,
        keySha256,
        serial,
        firstAt: firstAt.toISOString(),
        lastAt: lastAt.toISOString(),
      })),
    () => db.$count(claimUses, filter),
  );
};

/** Lets no further device in by it; who is in stays, who waits goes on waiting. Nothing happens where it was revoked before. */
export const revokeClaim = (db: Database, id: ClaimId, actor: string, now: Date): Promise<ClaimToken> =>
  db.transaction(async (tx) => {
    const row = found(await tx.select().from(claims).where(eq(claims.id, id)).for('update'), 'claim', id);
    if (row.revokedAt !== null) return toClaim(row);
    const after = await tx.update(claims).set({ revokedAt: now }).where(eq(claims.id, id)).returning();
    await recordAudit(tx, { actor, action: 'claim.revoke', subject: id, details: { used: row.used } });
    return toClaim(found(after, 'claim', id));
  });
