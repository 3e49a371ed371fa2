import { z } from 'zod';
import { isLintCode, LINT_RULES } from './rules.ts';

/** Findings that are let pass: those of a code, or one of them, and why. */
export const Allowance = z
  .strictObject({
    code: z
      .string()
      .refine(isLintCode, `one of ${Object.keys(LINT_RULES).join(', ')}`)
      .describe('The code of the findings.'),
    subject: z
      .string()
      .min(1)
      .optional()
      .describe('What they are about, such as services.web or CONFIG_DEVMEM; by default anything.'),
    reason: z
      .string()
      .trim()
      .min(1, 'a reason')
      .describe('Why they are let pass, for whoever reads the class file next.'),
  })
  .meta({ id: 'allowance', description: 'Findings of slipway lint that are let pass.' });
export type Allowance = z.infer<typeof Allowance>;

/** `lint` of a class file. */
export const LintSettings = z.strictObject({
  allow: z.array(Allowance).default([]).describe('Findings that are let pass, each with its reason.'),
});

/** What was there when somebody began to check: `slipway lint --write-baseline` writes it. */
export const Baseline = z.strictObject({
  v: z.literal(1),
  findings: z.array(z.strictObject({ code: z.string(), subject: z.string() })),
});
export type Baseline = z.infer<typeof Baseline>;
