import { z } from 'zod';

/** `sha256:` and 64 lower-case hexadecimal digits. */
export const Digest = z
  .string()
  .regex(/^sha256:[0-9a-f]{64}$/)
  .brand<'Digest'>();
export type Digest = z.infer<typeof Digest>;

/** dm-verity root hash: 64 lower-case hexadecimal digits of SHA-256. */
export const RootHash = z
  .string()
  .regex(/^[0-9a-f]{64}$/)
  .brand<'RootHash'>();
export type RootHash = z.infer<typeof RootHash>;

const name = z
  .string()
  .regex(/^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/, 'lower-case letters, digits and hyphens, at most 63');

/** Also the MQTT client id and the common name of the device certificate. */
export const DeviceId = name.brand<'DeviceId'>();
export type DeviceId = z.infer<typeof DeviceId>;

export const TenantId = name.brand<'TenantId'>();
export type TenantId = z.infer<typeof TenantId>;
/** The one that an instance serves. */
export const DEFAULT_TENANT = TenantId.parse('default');

export const ClassName = name.brand<'ClassName'>();
export type ClassName = z.infer<typeof ClassName>;

/** Keys of its own that releases are signed by and trusted by, as a class file names them. */
export const SigningProfile = name.brand<'SigningProfile'>();
export type SigningProfile = z.infer<typeof SigningProfile>;
/** The one that every instance has, and that classes have which name none. */
export const DEFAULT_PROFILE = SigningProfile.parse('default');

/** Identifiers that the server gives: a prefix that tells the kind, and 16 characters of base 36. */
const given = (prefix: string) =>
  z
    .string()
    .regex(new RegExp(`^${prefix}_[a-z0-9]{16}$`), `expected ${prefix}_ and 16 small letters and digits`);

export const BuildId = given('bld').brand<'BuildId'>();
export type BuildId = z.infer<typeof BuildId>;
export const ReleaseId = given('rel').brand<'ReleaseId'>();
export type ReleaseId = z.infer<typeof ReleaseId>;
export const RolloutId = given('rol').brand<'RolloutId'>();
export type RolloutId = z.infer<typeof RolloutId>;
export const ExecutionId = given('exe').brand<'ExecutionId'>();
export type ExecutionId = z.infer<typeof ExecutionId>;
export const ClaimId = given('clm').brand<'ClaimId'>();
export type ClaimId = z.infer<typeof ClaimId>;
export const CommandId = given('cmd').brand<'CommandId'>();
export type CommandId = z.infer<typeof CommandId>;
export const GroupId = given('grp').brand<'GroupId'>();
export type GroupId = z.infer<typeof GroupId>;
export const ViewId = given('viw').brand<'ViewId'>();
export type ViewId = z.infer<typeof ViewId>;
export const SourceId = given('src').brand<'SourceId'>();
export type SourceId = z.infer<typeof SourceId>;
export const TriggerId = given('trg').brand<'TriggerId'>();
export type TriggerId = z.infer<typeof TriggerId>;
export const DeliveryId = given('dlv').brand<'DeliveryId'>();
export type DeliveryId = z.infer<typeof DeliveryId>;
export const RunId = given('run').brand<'RunId'>();
export type RunId = z.infer<typeof RunId>;
export const WebhookId = given('whk').brand<'WebhookId'>();
export type WebhookId = z.infer<typeof WebhookId>;
export const MessageId = given('msg').brand<'MessageId'>();
export type MessageId = z.infer<typeof MessageId>;
export const ComponentId = given('cmp').brand<'ComponentId'>();
export type ComponentId = z.infer<typeof ComponentId>;
export const ImageId = given('img').brand<'ImageId'>();
export type ImageId = z.infer<typeof ImageId>;
export const PackageId = given('pkg').brand<'PackageId'>();
export type PackageId = z.infer<typeof PackageId>;
export const UserId = given('usr').brand<'UserId'>();
export type UserId = z.infer<typeof UserId>;
export const SessionId = given('ses').brand<'SessionId'>();
export type SessionId = z.infer<typeof SessionId>;
export const TokenId = given('tok').brand<'TokenId'>();
export type TokenId = z.infer<typeof TokenId>;

/** Version of a release, semantic versioning 2.0.0. */
export const Version = z
  .string()
  .max(64)
  .regex(/^\d+\.\d+\.\d+(?:-[0-9A-Za-z.-]+)?(?:\+[0-9A-Za-z.-]+)?$/, 'a semantic version such as 1.2.3');

/** As platforms of images call it, without `linux/`; what is known of each is in `ARCHITECTURES`. */
export const Arch = z.enum(['amd64', 'arm64', 'arm/v7', 'riscv64', 's390x']);
export type Arch = z.infer<typeof Arch>;

export const SlotName = z.enum(['a', 'b']);
export type SlotName = z.infer<typeof SlotName>;

export const otherSlot = (slot: SlotName): SlotName => (slot === 'a' ? 'b' : 'a');

/** Serial number as it is printed on the device, or as its firmware tells. */
export const Serial = z.string().regex(/^[\x21-\x7e]{1,64}$/, '1 to 64 printable characters without spaces');
export type Serial = z.infer<typeof Serial>;
