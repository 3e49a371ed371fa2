import { messageOf, type BootLoader, type SlotName } from '@slipway/protocol';
import { bootControlFailed, ensureReturn, type BootControl } from './boot-control.ts';
import { fault, ok, warning, type Finding } from './finding.ts';
import type { SlotVariables, SlotVariableStore } from './slot-variables.ts';

const NOTHING: SlotVariables = { default: null, armed: null, tried: null };

/**
 * Boot control by variables that a boot script of ours reads: U-Boot and GRUB. The script clears the arming, saves that,
 * and goes on to the trial only if the save succeeded; so no failure of storage makes a trial boot twice.
 */
export const environmentBoot = (loader: BootLoader, store: SlotVariableStore): BootControl => {
  const read = async (): Promise<SlotVariables> => (await store.read()) ?? NOTHING;

  const disarm = async (): Promise<void> => {
    try {
      const found = await read();
      if (found.armed !== null || found.tried !== null) {
        await store.write({ ...found, armed: null, tried: null }, 'all');
      }
    } catch (error) {
      throw bootControlFailed('disarming', error);
    }
  };

  const commit = async (slot: SlotName): Promise<void> => {
    try {
      await store.write({ default: slot, armed: null, tried: null }, 'all');
    } catch (error) {
      throw bootControlFailed(`making slot ${slot} the default`, error);
    }
  };

  const readDefault = async (): Promise<SlotName | null> => (await read()).default;
  const setDefault: BootControl['setDefault'] = async (slot) => {
    const damaged = (await store.copies()).some(({ isReadable }) => !isReadable);
    const found = await read();
    if (!damaged && found.default === slot && found.armed === null && found.tried === null) return undefined;
    try {
      await commit(slot);
    } catch (error) {
      // What the environment says now is what the loader will do, whatever the write said.
      if ((await read().catch(() => NOTHING)).default !== slot) throw error;
      return messageOf(error);
    }
    return undefined;
  };

  return {
    loader,
    readDefault,
    arm: async (slot) => {
      try {
        await ensureReturn({ readDefault, setDefault }, slot);
        // A trace of an older trial in a copy that is fallen back to would be one of a trial that never was.
        const found = await read();
        if (found.armed !== null || found.tried !== null) await disarm();
        await store.write({ default: found.default, armed: slot, tried: null }, 'one');
      } catch (error) {
        await disarm().catch(() => undefined);
        throw bootControlFailed(`arming slot ${slot}`, error);
      }
    },
    disarm,
    setDefault,
    describe: async () => ({ loader, ...(await read()), keepsArming: true }),
    rebootArgument: async () => undefined,
    prepare: async () => [],
    inspect: async () => {
      const copies = await store.copies();
      const good = copies.filter(({ isReadable }) => isReadable);
      const { default: current } = await read();
      // Writing the default again makes every copy anew.
      const mend = async (): Promise<string> => {
        if (current !== null) await commit(current);
        return 'both copies written again';
      };
      return copies.map(({ name, isReadable }): Finding => {
        const check = 'boot-environment';
        if (isReadable) return ok(check, `${name} is readable`);
        const text = `${name} is damaged or missing`;
        if (good.length === 0) return fault(check, text, 'let the agent commit the running slot: restart it');
        return warning(check, text, 'slipway-agent doctor --fix', current === null ? undefined : mend);
      });
    },
  };
};
