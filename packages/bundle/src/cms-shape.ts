/** The form a bundle's signature must have, for the agent, which stands on this package and not on `signing`. */
export { verifyCmsShape, type CmsShape, type Part } from '@slipway/signing/cms-shape';
