import { SlipwayError } from '@slipway/protocol';
import { chromium, type Browser } from 'playwright-core';

/** Debian's. It asks nobody but the server under test for anything. */
const PROGRAM = '/usr/bin/chromium';
const FLAGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

/**
 * Chromium without a window, with a profile of its own.
 *
 * @throws {SlipwayError} TOOL_MISSING
 */
export const launchChromium = async (): Promise<Browser> => {
  try {
    return await chromium.launch({ executablePath: PROGRAM, args: FLAGS });
  } catch (cause) {
    throw new SlipwayError(
      'TOOL_MISSING',
      `expected Chromium at ${PROGRAM}; install the Debian package chromium`,
      { cause },
    );
  }
};
