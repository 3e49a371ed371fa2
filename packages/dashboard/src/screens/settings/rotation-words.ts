import type { Authority, KeyPurpose, RotationProgress } from '@slipway/protocol';

type Rotated = readonly (readonly [title: string, purposes: readonly [KeyPurpose, ...KeyPurpose[]]])[];

/** What each signing profile has, by itself. */
export const ROTATED_BY_PROFILE: Rotated = [
  ['Release signer', ['release-signer']],
  ['Release intermediate', ['release-intermediate']],
  ['Release root', ['release-root']],
];

/** What is rotated by one command, in the order in which it is needed. */
export const ROTATED: Rotated = [
  ...ROTATED_BY_PROFILE,
  ['Server, broker, gateway', ['enrolment-server', 'broker-server', 'gateway-client']],
  ['Server authority', ['server-authority']],
  ['Device authority', ['device-authority']],
];

export type RotationStage = {
  /** 1 and on; 0: nothing is under way */
  readonly step: number;
  readonly steps: number;
  /** what the command does next */
  readonly due: string;
  /** whether devices have to follow before it may */
  readonly waits: boolean;
};

const STEPS_OF_IMAGES = 3;
const STEPS_OF_CERTIFICATES = 2;

/** Where a rotation is, and what comes next. */
export const stageOf = ({ purpose, step, devices, following }: RotationProgress): RotationStage => {
  const isBehind = following < devices;
  if (purpose === 'device-authority')
    return step === 'steady'
      ? { step: 0, steps: STEPS_OF_CERTIFICATES, due: 'certify devices by the next one', waits: false }
      : { step: 1, steps: STEPS_OF_CERTIFICATES, due: 'end the trust in the one before', waits: isBehind };
  if (step === 'steady')
    return { step: 0, steps: STEPS_OF_IMAGES, due: 'put the next one into images', waits: false };
  return step === 'begun'
    ? { step: 1, steps: STEPS_OF_IMAGES, due: 'work with the next one', waits: isBehind }
    : { step: 2, steps: STEPS_OF_IMAGES, due: 'take the one before out of images', waits: isBehind };
};

/** `187 of 214 devices run an image that trusts it` */
export const followersOf = (purpose: Authority, isNext: boolean): string =>
  purpose === 'device-authority'
    ? 'have certificates by it alone'
    : `run an image that trusts ${isNext ? 'the next one' : 'it'}`;
