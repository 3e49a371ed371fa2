import { z } from 'zod';
import { AttributeName, AttributeValue, MAX_TAGS, Tag } from './groups.ts';
import { ClaimId, ClassName, DeviceId, Serial } from './ids.ts';

/** How devices come into the fleet and leave it: resources of the HTTP API. Times are ISO 8601 in UTC. */
const time = z.iso.datetime();

/**
 * - `pending`: has asked to be let in, and waits for an operator; it has no certificate
 * - `active`: of the fleet
 * - `rejected`: an operator said no
 * - `revoked`: gets nothing any more, until it is enrolled anew
 * - `decommissioned`: has left for good; its history stays
 */
export const DeviceState = z.enum(['pending', 'active', 'rejected', 'revoked', 'decommissioned']);
export type DeviceState = z.infer<typeof DeviceState>;

/** SHA-256 of the public key (SubjectPublicKeyInfo, DER). */
export const KeySha256 = z.string().regex(/^[0-9a-f]{64}$/, '64 lower-case hexadecimal digits');
export type KeySha256 = z.infer<typeof KeySha256>;

/**
 * A device id with placeholders: `{serial}` for the serial number that the device sends, `{n}` for its place in the
 * batch, `{n:4}` for the same with at least four digits.
 */
export const IdPattern = z
  .string()
  .max(96)
  .regex(
    /^(?=.*\{(?:serial|n)[:}])(?:[a-z0-9-]|\{serial\}|\{n(?::[1-9])?\})+$/,
    'lower-case letters, digits, hyphens and at least one of {serial}, {n}, {n:4}',
  );
export type IdPattern = z.infer<typeof IdPattern>;

/** @returns undefined where what comes out is no device id */
export const fillIdPattern = (
  pattern: IdPattern,
  by: { readonly serial?: string | undefined; readonly n: number },
): DeviceId | undefined => {
  const serial = by.serial
    ?.toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-+|-+$/g, '');
  const text = pattern.replace(/\{(serial|n)(?::(\d))?\}/g, (_whole, name: string, width?: string) =>
    name === 'serial' ? (serial ?? '{') : String(by.n).padStart(Number(width ?? 1), '0'),
  );
  const id = DeviceId.safeParse(text);
  return id.success ? id.data : undefined;
};

export const MAX_CLAIM_USES = 100_000;

export const ClaimCreate = z
  .strictObject({
    deviceClass: ClassName,
    /** id that the device gets, also one that was there before; absent: the server makes one. For one use only */
    deviceId: DeviceId.optional(),
    /** how many devices may enrol by it */
    uses: z.int().min(1).max(MAX_CLAIM_USES).default(1),
    /** what ids of a batch look like; absent: random ones */
    idPattern: IdPattern.optional(),
    /** required: a device waits until an operator accepts it */
    approval: z.enum(['none', 'required']).default('none'),
    /** only devices that were registered before, by serial number or key, may use it */
    registeredOnly: z.boolean().default(false),
    /** what it is for, for people */
    note: z.string().max(200).optional(),
    /** seconds */
    ttl: z.int().min(60).max(31_536_000).default(86_400),
  })
  .refine(
    ({ deviceId, uses, idPattern }) => deviceId === undefined || (uses === 1 && idPattern === undefined),
    {
      path: ['deviceId'],
      message: 'expected no deviceId with uses or idPattern: an id is for one device',
    },
  );
export type ClaimCreate = z.infer<typeof ClaimCreate>;

/** `token` is shown once, in the answer that creates it. */
export const ClaimToken = z.object({
  id: ClaimId,
  deviceClass: ClassName,
  /** null: one of several uses, each with an id of its own */
  deviceId: DeviceId.nullable(),
  uses: z.int(),
  /** by devices that are in, or wait to be let in */
  used: z.int(),
  idPattern: IdPattern.nullable(),
  approval: z.enum(['none', 'required']),
  registeredOnly: z.boolean(),
  note: z.string().nullable(),
  token: z.string().optional(),
  /** last */
  usedAt: time.nullable(),
  expiresAt: time,
  revokedAt: time.nullable(),
  createdAt: time,
});
export type ClaimToken = z.infer<typeof ClaimToken>;

/** One key that came with the token of a claim. */
export const ClaimUse = z.object({
  claim: ClaimId,
  device: DeviceId,
  state: z.enum(['pending', 'enrolled', 'rejected']),
  keySha256: z.string(),
  serial: z.string().nullable(),
  firstAt: time,
  /** the same key may come again, because a device may lose power before it has the answer */
  lastAt: time,
});
export type ClaimUse = z.infer<typeof ClaimUse>;

/** What operators say of a device that comes; it has it from the start. */
const Said = z.object({
  name: z.string().min(1).max(128).optional(),
  tags: z.array(Tag).max(MAX_TAGS).optional(),
  attributes: z.record(AttributeName, AttributeValue).optional(),
});

/** A device known before it comes: by its serial number, or by its key, which also does without a claim. */
export const RegistrationCreate = z
  .strictObject({
    /** of the file it comes from, for messages */
    line: z.int().min(1).optional(),
    serial: Serial.optional(),
    keySha256: KeySha256.optional(),
    /** absent: the server makes one */
    deviceId: DeviceId.optional(),
    deviceClass: ClassName,
    ...Said.shape,
  })
  .refine(({ serial, keySha256 }) => serial !== undefined || keySha256 !== undefined, {
    message: 'expected serial or keySha256',
  });
export type RegistrationCreate = z.infer<typeof RegistrationCreate>;

export const MAX_IMPORT_ROWS = 10_000;
export const RegistrationImport = z.strictObject({
  devices: z.array(RegistrationCreate).min(1).max(MAX_IMPORT_ROWS),
});
export type RegistrationImport = z.infer<typeof RegistrationImport>;

export const Registration = z.object({
  deviceId: DeviceId,
  deviceClass: ClassName,
  serial: z.string().nullable(),
  keySha256: z.string().nullable(),
  name: z.string().nullable(),
  tags: z.array(z.string()),
  attributes: z.record(z.string(), AttributeValue),
  createdAt: time,
  /** when the device came */
  usedAt: time.nullable(),
});
export type Registration = z.infer<typeof Registration>;

export const DeviceList = z.strictObject({ devices: z.array(DeviceId).min(1).max(1000) });
export type DeviceList = z.infer<typeof DeviceList>;

export const ClassChange = z.strictObject({ deviceClass: ClassName });
export type ClassChange = z.infer<typeof ClassChange>;
