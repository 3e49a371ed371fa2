import { randomBytes } from 'node:crypto';
import {
  BuildId,
  ClaimId,
  CommandId,
  ComponentId,
  DeliveryId,
  DeviceId,
  ExecutionId,
  GroupId,
  ImageId,
  MessageId,
  PackageId,
  ReleaseId,
  RolloutId,
  RunId,
  SourceId,
  TriggerId,
  ViewId,
  WebhookId,
  SessionId,
  TokenId,
  UserId,
} from '@slipway/protocol';

const ALPHABET = '0123456789abcdefghijklmnopqrstuvwxyz';

/** 16 characters of base 36, 82 random bits; bytes that would favour some digits are drawn again. */
const random = (): string => {
  let text = '';
  while (text.length < 16) {
    for (const byte of randomBytes(24)) {
      if (byte < 252 && text.length < 16) text += ALPHABET.charAt(byte % 36);
    }
  }
  return text;
};

export const newBuildId = (): BuildId => BuildId.parse(`bld_${random()}`);
export const newReleaseId = (): ReleaseId => ReleaseId.parse(`rel_${random()}`);
export const newRolloutId = (): RolloutId => RolloutId.parse(`rol_${random()}`);
export const newExecutionId = (): ExecutionId => ExecutionId.parse(`exe_${random()}`);
export const newClaimId = (): ClaimId => ClaimId.parse(`clm_${random()}`);
export const newCommandId = (): CommandId => CommandId.parse(`cmd_${random()}`);
export const newGroupId = (): GroupId => GroupId.parse(`grp_${random()}`);
export const newViewId = (): ViewId => ViewId.parse(`viw_${random()}`);
export const newSourceId = (): SourceId => SourceId.parse(`src_${random()}`);
export const newTriggerId = (): TriggerId => TriggerId.parse(`trg_${random()}`);
export const newDeliveryId = (): DeliveryId => DeliveryId.parse(`dlv_${random()}`);
export const newRunId = (): RunId => RunId.parse(`run_${random()}`);
export const newWebhookId = (): WebhookId => WebhookId.parse(`whk_${random()}`);
export const newMessageId = (): MessageId => MessageId.parse(`msg_${random()}`);
export const newComponentId = (): ComponentId => ComponentId.parse(`cmp_${random()}`);
export const newImageId = (): ImageId => ImageId.parse(`img_${random()}`);
export const newPackageId = (): PackageId => PackageId.parse(`pkg_${random()}`);
export const newUserId = (): UserId => UserId.parse(`usr_${random()}`);
export const newSessionId = (): SessionId => SessionId.parse(`ses_${random()}`);
export const newTokenId = (): TokenId => TokenId.parse(`tok_${random()}`);
export const newDeviceId = (): DeviceId => DeviceId.parse(`dev-${random()}`);
/** Of a hook: 256 random bits, which forges take as they are. */
export const newHookSecret = (): string => randomBytes(32).toString('base64url');
/** An API token, claim, session or setup token: 192 random bits. */
export const newToken = (prefix: 'swt' | 'swc' | 'sws' | 'swx'): string =>
  `${prefix}_${randomBytes(24).toString('base64url')}`;
