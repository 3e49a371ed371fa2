import type { AttributeValue, Device, DeviceChange } from '@slipway/protocol';
import { attributeOf } from '../attribute-value.ts';

/** What somebody types. */
export type Draft = {
  readonly name: string;
  readonly tags: readonly string[];
  readonly attributes: readonly { readonly key: string; readonly text: string }[];
};

/**
 * What is different: others may change the rest of the device at the same time, and do not undo it by this.
 *
 * @param before as it was when somebody began to type
 */
export const changeOf = (
  before: Pick<Device, 'name' | 'tags' | 'attributes'>,
  draft: Draft,
): DeviceChange => {
  const name = draft.name.trim() === '' ? null : draft.name.trim();
  const wanted = new Map(
    draft.attributes
      .filter(({ key }) => key.trim() !== '')
      .map(({ key, text }) => [key.trim(), attributeOf(text)] as const),
  );
  const attributes: Record<string, AttributeValue | null> = {};
  for (const [key, value] of wanted) if (before.attributes[key] !== value) attributes[key] = value;
  for (const key of Object.keys(before.attributes)) if (!wanted.has(key)) attributes[key] = null;
  return {
    ...(name === before.name ? {} : { name }),
    addTags: draft.tags.filter((tag) => !before.tags.includes(tag)),
    removeTags: before.tags.filter((tag) => !draft.tags.includes(tag)),
    attributes,
  };
};
