/** Version of Slipway, as documents about an image name it. */
export const TOOL_VERSION = '0.1.0';
