type Schema = {
  readonly safeParse: (value: unknown) => {
    readonly error?: { readonly issues: readonly { readonly message: string }[] } | undefined;
  };
};

/** What is wrong with a value of a form, in the words of its schema; null: nothing. */
export const problemOf = (schema: Schema, value: unknown): string | null =>
  schema.safeParse(value).error?.issues[0]?.message ?? null;
