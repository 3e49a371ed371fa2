import { z } from 'zod';

const list = z
  .array(z.string())
  .nullish()
  .transform((value) => value ?? undefined)
  .optional();
const record = z
  .record(z.string(), z.string())
  .nullish()
  .transform((value) => value ?? undefined)
  .optional();

/** How a container of an image starts: the `config` of an OCI image configuration. Other keys are dropped. */
export const OciConfig = z.object({
  Entrypoint: list,
  Cmd: list,
  Env: list,
  WorkingDir: z.string().optional(),
  User: z.string().optional(),
  Labels: record,
  StopSignal: z.string().optional(),
});
export type OciConfig = z.infer<typeof OciConfig>;
