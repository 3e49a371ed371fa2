/** Version of the agent; a manifest's `minimumAgent` is held against it. */
export const AGENT_VERSION = '0.1.0';
